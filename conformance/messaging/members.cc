#include "conformance/messaging/members.h"

#include <fmt/core.h>

#include <algorithm>

#include "conformance/support/support.h"
#include "harness/message.h"
#include "harness/trace/trace.h"

namespace cpgcert::conformance::messaging {

namespace {

using harness::CallbackRecord;
using harness::Client;

// What support.h and harness/peer.h send so that all before it has arrived.
bool IsBarrier(std::string_view message) {
  return message.starts_with("barrier") || message.starts_with("seen");
}

std::string AtPlace(const std::vector<std::string>& messages, size_t place) {
  return fmt::format(
      "{} messages, number {}: {}", messages.size(), place + 1,
      place < messages.size() ? messages[place] : "there is none");
}

}  // namespace

std::string MessageOf(std::string_view name, size_t size) {
  std::string bytes = harness::MakeMessage(name, size);
  bytes.resize(size);
  return bytes;
}

cs_error_t Multicast(Client& client, const std::vector<iovec>& pieces,
                     cpg_guarantee_t guarantee) {
  return harness::RetryWhileTryAgain(
      [&] {
        return client.api().mcast_joined(
            client.handle(), guarantee, pieces.data(),
            static_cast<unsigned int>(pieces.size()));
      },
      kWaitDeadline);
}

iovec PieceOf(std::string_view bytes) {
  return {const_cast<char*>(bytes.data()), bytes.size()};  // NOLINT
}

std::vector<iovec> Cut(std::string_view bytes,
                       const std::vector<size_t>& sizes) {
  std::vector<iovec> pieces;
  for (const size_t size : sizes) {
    pieces.push_back(PieceOf(bytes.substr(0, size)));
    bytes.remove_prefix(size);
  }
  pieces.push_back(PieceOf(bytes));
  return pieces;
}

size_t OnePieceSize(Client& client) {
  uint32_t size = 0;
  NeedOk("cpg_max_atomic_msgsize_get",
         client.api().max_atomic_msgsize_get(client.handle(), &size));
  return size;
}

Members::Members(CaseContext& context, std::string_view tag)
    : context_(context), group_(UniqueGroup(tag)) {
  witness_ = StartPeer(context);
  (void)context.Api({"cpg_max_atomic_msgsize_get"});
  client_ = Connect(context);
  Need(witness_->Join(group_));
  JoinAndSettle(*client_, group_);
  NeedOk("cpg_local_get",
         client_->api().local_get(client_->handle(), &node_id_));
  std::vector<std::string> before;
  Need(witness_->Seen(&before));
  seen_ = client_->RecordCount();
}

void Members::Owe(std::string_view bytes) {
  owed_.push_back({fmt::format("message {} from {}:{} in {}",
                               harness::DescribeMessage(bytes), node_id_,
                               harness::trace::ProcessId(), group_),
                   std::string(bytes.substr(0, CallbackRecord::kHeadMax)),
                   bytes.size()});
}

void Members::OweIfOk(cs_error_t result, std::string_view bytes) {
  if (result == CS_OK) {
    Owe(bytes);
  }
}

void Members::Send(std::string_view requirement, std::string_view bytes,
                   cpg_guarantee_t guarantee) {
  const std::string call =
      fmt::format("cpg_mcast_joined of {} bytes, guarantee {}", bytes.size(),
                  static_cast<int>(guarantee));
  const cs_error_t result = Multicast(*client_, {PieceOf(bytes)}, guarantee);
  ExpectOk(context_, requirement, call, result);
  OweIfOk(result, bytes);
}

void Members::Send(std::string_view requirement, std::string_view bytes,
                   const std::vector<iovec>& pieces, std::string_view call) {
  const cs_error_t result = Multicast(*client_, pieces);
  ExpectOk(context_, requirement, call, result);
  OweIfOk(result, bytes);
}

void Members::Check(std::string_view requirement, std::string_view call) {
  CheckOwn(requirement, call);
  CheckWitness(requirement, call);
  owed_.clear();
}

void Members::CheckOwn(std::string_view requirement, std::string_view call) {
  DispatchThroughBarrier(*client_);
  std::vector<CallbackRecord> came = client_->Records();
  came.erase(came.begin(), came.begin() + static_cast<std::ptrdiff_t>(seen_));
  seen_ += came.size();
  std::erase_if(came, [](const CallbackRecord& record) {
    return record.kind != CallbackRecord::Kind::kDeliver ||
           IsBarrier(record.message);
  });
  std::vector<std::string> owed_texts;
  for (const Owed& owed : owed_) {
    owed_texts.push_back(owed.text);
  }
  std::vector<std::string> came_texts;
  for (size_t i = 0; i < came.size(); ++i) {
    came_texts.push_back(harness::DescribeRecord(came[i]));
    // The text of a message that cannot name itself does not say its bytes.
    if (i < owed_.size() && came_texts.back() == owed_texts[i] &&
        (came[i].size != owed_[i].size || came[i].head != owed_[i].head)) {
      came_texts.back() += ", with other bytes";
    }
  }
  const Difference difference = Compare(owed_texts, came_texts);
  if (!difference.empty()) {
    context_.Fail(requirement, Report(call, "to the sender: " + difference.owed,
                                      difference.came));
  }
}

void Members::CheckWitness(std::string_view requirement,
                           std::string_view call) {
  std::vector<std::string> seen;
  Need(witness_->Seen(&seen));
  std::vector<std::string> owed;
  for (const Owed& one : owed_) {
    owed.push_back(one.text);
  }
  const Difference difference = Compare(owed, MessagesIn(seen));
  if (!difference.empty()) {
    context_.Fail(
        requirement,
        Report(call, "to another member: " + difference.owed, difference.came));
  }
}

Difference Compare(const std::vector<std::string>& owed,
                   const std::vector<std::string>& came) {
  const auto [owed_end, came_end] = std::ranges::mismatch(owed, came);
  if (owed_end == owed.end() && came_end == came.end()) {
    return {};
  }
  const auto place = static_cast<size_t>(owed_end - owed.begin());
  return {AtPlace(owed, place), AtPlace(came, place)};
}

std::vector<std::string> MessagesIn(const std::vector<std::string>& seen) {
  constexpr std::string_view kMessage = "message ";
  std::vector<std::string> messages;
  for (const std::string& line : seen) {
    if (line.starts_with(kMessage) &&
        !IsBarrier(std::string_view(line).substr(kMessage.size()))) {
      messages.push_back(line);
    }
  }
  return messages;
}

}  // namespace cpgcert::conformance::messaging
