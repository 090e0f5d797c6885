#include "conformance/groups/words.h"

#include <fmt/core.h>
#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "harness/message.h"
#include "harness/trace/trace.h"

namespace cpgcert::conformance::groups {

namespace {

using harness::CallbackRecord;
using harness::Client;
using harness::CpgApi;

// A reply of the service holds no more members.
constexpr int kMembersMax = 384;
// An iteration that goes on for longer has no end.
constexpr int kStepsMax = 10000;
// Rounds after which what did not happen does not happen.
constexpr int kRoundsMax = 20;
// What QueueMessages sends.
constexpr int kQueuedMax = 20;
constexpr size_t kQueuedSize = 100000;

bool IsListed(const std::vector<cpg_address>& list, uint32_t process) {
  return std::ranges::any_of(list, [process](const cpg_address& address) {
    return address.pid == process;
  });
}

void Order(std::vector<cpg_address>* list) {
  std::ranges::sort(*list, [](const auto& left, const auto& right) {
    return std::pair(left.nodeid, left.pid) <
           std::pair(right.nodeid, right.pid);
  });
}

std::string OrderedText(CallbackRecord record) {
  Order(&record.joined);
  Order(&record.left);
  Order(&record.members);
  return harness::DescribeRecord(record);
}

}  // namespace

std::unique_ptr<Client> ConnectForQueries(CaseContext& context) {
  context.Api({"cpg_iteration_initialize", "cpg_iteration_next",
               "cpg_iteration_finalize"});
  return Connect(context);
}

cpg_name RawName(std::string_view bytes, char behind) {
  cpg_name name{};
  std::memset(name.value, behind, sizeof(name.value));
  name.length =
      static_cast<uint32_t>(std::min<size_t>(bytes.size(), sizeof(name.value)));
  std::memcpy(name.value, bytes.data(), name.length);
  return name;
}

cpg_name NameOfLength(uint32_t length) {
  cpg_name name{};
  name.length = length;
  std::memset(name.value, 'x', sizeof(name.value));
  return name;
}

cs_error_t JoinRaw(Client& client, const cpg_name& name) {
  return harness::RetryWhileTryAgain(
      [&] { return client.api().join(client.handle(), &name); }, kWaitDeadline);
}

cs_error_t LeaveRaw(Client& client, const cpg_name& name) {
  return harness::RetryWhileTryAgain(
      [&] { return client.api().leave(client.handle(), &name); },
      kWaitDeadline);
}

uint32_t LocalNode(Client& client) {
  unsigned int node = 0;
  NeedOk("cpg_local_get", client.api().local_get(client.handle(), &node));
  return node;
}

uint32_t SelfProcess() {
  return static_cast<uint32_t>(harness::trace::ProcessId());
}

uint32_t ProcessOf(const harness::Peer& peer) {
  return static_cast<uint32_t>(peer.process());
}

std::string Address(uint32_t node, uint32_t process) {
  return fmt::format("{}:{}", node, process);
}

std::string SelfAddress(Client& client) {
  return Address(LocalNode(client), SelfProcess());
}

std::vector<std::string> MembersOf(Client& asker, const cpg_name& group) {
  std::array<cpg_address, kMembersMax> members{};
  int count = kMembersMax;
  cpg_name name = group;
  NeedOk("cpg_membership_get",
         harness::MembersAnswered(
             asker.api().membership_get(asker.handle(), &name, members.data(),
                                        &count),
             &count));
  std::vector<std::string> addresses;
  for (int i = 0; i < std::min(count, kMembersMax); ++i) {
    addresses.push_back(Address(members.at(i).nodeid, members.at(i).pid));
  }
  std::ranges::sort(addresses);
  return addresses;
}

std::vector<std::string> MembersOf(Client& asker, std::string_view group) {
  return MembersOf(asker, RawName(group));
}

std::vector<Iterated> Iterate(Client& asker, cpg_iteration_type_t type,
                              const cpg_name* group) {
  const CpgApi& api = asker.api();
  cpg_iteration_handle_t iteration = 0;
  NeedOk("cpg_iteration_initialize",
         api.iteration_initialize(asker.handle(), type, group, &iteration));
  std::vector<Iterated> all;
  cpg_iteration_description_t step{};
  while (all.size() < kStepsMax &&
         api.iteration_next(iteration, &step) == CS_OK) {
    const size_t length =
        std::min<size_t>(step.group.length, CPG_MAX_NAME_LENGTH);
    all.push_back({{step.group.value, length}, Address(step.nodeid, step.pid)});
  }
  NeedOk("cpg_iteration_finalize", api.iteration_finalize(iteration));
  return all;
}

bool IsChange(const CallbackRecord& record) {
  return record.kind == CallbackRecord::Kind::kConfiguration;
}

RecordTest JoinOf(uint32_t process) {
  return [process](const CallbackRecord& record) {
    return IsChange(record) && IsListed(record.joined, process);
  };
}

RecordTest LeaveOf(uint32_t process) {
  return [process](const CallbackRecord& record) {
    return IsChange(record) && IsListed(record.left, process);
  };
}

std::string ChangeText(uint32_t node, std::string_view group,
                       const std::vector<Moved>& joined,
                       const std::vector<Moved>& left,
                       std::vector<uint32_t> members) {
  CallbackRecord record;
  record.kind = CallbackRecord::Kind::kConfiguration;
  record.group = group;
  for (const Moved& moved : joined) {
    record.joined.push_back({node, moved.process, moved.reason});
  }
  for (const Moved& moved : left) {
    record.left.push_back({node, moved.process, moved.reason});
  }
  for (const uint32_t member : members) {
    record.members.push_back({node, member, CPG_REASON_UNDEFINED});
  }
  return OrderedText(std::move(record));
}

std::vector<std::string> OrderedTexts(Client& client, size_t seen) {
  const std::vector<CallbackRecord> records = client.Records();
  std::vector<std::string> texts;
  for (; seen < records.size(); ++seen) {
    texts.push_back(OrderedText(records[seen]));
  }
  return texts;
}

std::vector<std::string> ChangesIn(const std::vector<std::string>& texts) {
  std::vector<std::string> changes;
  std::ranges::copy_if(
      texts, std::back_inserter(changes),
      [](const std::string& text) { return text.starts_with("change of "); });
  return changes;
}

void ExpectTexts(CaseContext& context, std::string_view requirement,
                 std::string_view call, const std::vector<std::string>& owed,
                 const std::vector<std::string>& came) {
  if (owed != came) {
    context.Fail(requirement, Report(call, conformance::Join(owed),
                                     conformance::Join(came)));
  }
}

bool HoldsAfterRounds(const std::function<bool()>& holds,
                      const std::function<void()>& round) {
  for (int i = 0; i < kRoundsMax; ++i) {
    if (holds()) {
      return true;
    }
    round();
  }
  return holds();
}

void DepartureRound(harness::Peer& helper, Client& witness,
                    std::string_view group) {
  Need(helper.Join(group));
  const size_t seen = witness.RecordCount();
  Need(helper.Finalize());
  if (!DispatchUntil(witness, seen,
                     LeaveOf(static_cast<uint32_t>(helper.process())))) {
    CaseContext::Untested("the end of another process was not announced");
  }
}

void QueueMessages(Client& writer) {
  std::string message = harness::MakeMessage("queued", kQueuedSize);
  const iovec part{message.data(), message.size()};
  for (int i = 0; i < kQueuedMax; ++i) {
    if (writer.api().mcast_joined(writer.handle(), CPG_TYPE_AGREED, &part, 1) !=
        CS_OK) {
      return;
    }
  }
}

void EndServiceWithGhosts(CaseContext& context) {
  if (context.service().allowed()) {
    Need(context.service().Kill());
  }
}

}  // namespace cpgcert::conformance::groups
