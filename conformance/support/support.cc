#include "conformance/support/support.h"

#include <fmt/core.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>

#include "harness/message.h"
#include "harness/trace/trace.h"

namespace cpgcert::conformance {

namespace {

using harness::CallbackRecord;
using harness::Client;
using harness::ErrorName;

// A membership reply of the service holds no more.
constexpr size_t kMembersMax = 384;

std::string Names(std::initializer_list<cs_error_t> errors) {
  std::string names;
  for (const cs_error_t error : errors) {
    names += (names.empty() ? "" : " or ") + ErrorName(error);
  }
  return names;
}

}  // namespace

std::string Report(std::string_view call, std::string_view owed,
                   std::string_view came) {
  return fmt::format("call: {}\nowed: {}\ncame: {}", call, owed, came);
}

bool ExpectOneOf(CaseContext& context, std::string_view requirement,
                 std::string_view call, cs_error_t came,
                 std::initializer_list<cs_error_t> owed) {
  const bool is_owed = std::ranges::find(owed, came) != owed.end();
  if (!is_owed) {
    context.Fail(requirement, Report(call, Names(owed), ErrorName(came)));
  }
  return is_owed;
}

bool ExpectOk(CaseContext& context, std::string_view requirement,
              std::string_view call, cs_error_t came) {
  return ExpectOneOf(context, requirement, call, came, {CS_OK});
}

bool ExpectError(CaseContext& context, std::string_view requirement,
                 std::string_view call, cs_error_t came) {
  if (came == CS_OK) {
    context.Fail(requirement, Report(call, "an error", "CS_OK"));
  }
  return came != CS_OK;
}

void NeedOk(std::string_view call, cs_error_t came) {
  if (came != CS_OK) {
    CaseContext::Untested(fmt::format("{} answered {}, and the case needs it",
                                      call, ErrorName(came)));
  }
}

void Need(const std::string& error) {
  if (!error.empty()) {
    CaseContext::Untested(error);
  }
}

std::string UniqueGroup(std::string_view tag) {
  return fmt::format("{}{}", tag, harness::trace::ProcessId());
}

std::unique_ptr<harness::Peer> StartPeer(CaseContext& context) {
  std::string error;
  auto peer = harness::Peer::Start(context.library(), &error);
  Need(error);
  return peer;
}

std::unique_ptr<Client> Connect(CaseContext& context,
                                harness::CallbackSet callbacks) {
  const auto& api = context.Api(
      {"cpg_initialize", "cpg_model_initialize", "cpg_finalize", "cpg_fd_get",
       "cpg_join", "cpg_leave", "cpg_mcast_joined", "cpg_dispatch",
       "cpg_local_get", "cpg_membership_get", "cpg_context_get"});
  auto client = std::make_unique<Client>(api, callbacks);
  NeedOk("cpg_initialize", client->Initialize());
  return client;
}

void JoinAndSettle(Client& client, std::string_view group) {
  const size_t seen = client.RecordCount();
  NeedOk("cpg_join", client.Join(group));
  if (!DispatchUntil(client, seen, [](const CallbackRecord& record) {
        return record.kind == CallbackRecord::Kind::kConfiguration &&
               std::ranges::any_of(record.joined, [](const auto& address) {
                 return address.pid ==
                        static_cast<uint32_t>(harness::trace::ProcessId());
               });
      })) {
    CaseContext::Untested(
        "the configuration change of the own cpg_join did not come");
  }
}

bool DispatchUntil(Client& client, size_t seen, const RecordTest& wanted) {
  harness::trace::Deadline end(kWaitDeadline);
  while (!end.Passed()) {
    const std::vector<CallbackRecord> records = client.Records();
    for (; seen < records.size(); ++seen) {
      if (wanted(records[seen])) {
        return true;
      }
    }
    client.WaitReadable(std::chrono::milliseconds(100));
    const cs_error_t result = client.Dispatch(CS_DISPATCH_ALL);
    if (result != CS_OK && result != CS_ERR_TRY_AGAIN) {
      return false;
    }
  }
  return false;
}

void DispatchThroughBarrier(Client& client) {
  static int count = 0;
  const std::string name = fmt::format("barrier{}", ++count);
  const size_t seen = client.RecordCount();
  NeedOk("cpg_mcast_joined", client.Multicast(harness::MakeMessage(name)));
  if (!DispatchUntil(client, seen, [&name](const CallbackRecord& record) {
        return record.message == name;
      })) {
    CaseContext::Untested("a message to itself did not come back");
  }
}

void DispatchWaiting(Client& client) {
  NeedOk("cpg_local_get", client.Settle());
  while (client.WaitReadable(std::chrono::milliseconds(0)) &&
         client.Dispatch(CS_DISPATCH_ALL) == CS_OK) {
  }
}

std::vector<std::string> Texts(Client& client, size_t seen) {
  const std::vector<CallbackRecord> records = client.Records();
  std::vector<std::string> texts;
  for (; seen < records.size(); ++seen) {
    texts.push_back(harness::DescribeRecord(records[seen]));
  }
  return texts;
}

std::string Join(const std::vector<std::string>& texts) {
  return texts.empty() ? "nothing" : fmt::format("{}", fmt::join(texts, ", "));
}

ErrorOracle::ErrorOracle(CaseContext& context, Client& subject,
                         std::string_view group, harness::Peer* observer)
    : context_(context), subject_(subject), group_(group), observer_(observer) {
  if (observer_ != nullptr) {
    std::vector<std::string> seen;
    Need(observer_->Seen(&seen));
  }
  before_ = Look();
}

ErrorOracle::State ErrorOracle::Look() const {
  State state;
  const harness::CpgApi& api = subject_.api();
  NeedOk("cpg_context_get", api.context_get(subject_.handle(), &state.context));
  NeedOk("cpg_fd_get", api.fd_get(subject_.handle(), &state.descriptor));
  std::array<cpg_address, kMembersMax> members{};
  int count = kMembersMax;
  cpg_name name = harness::MakeGroupName(group_);
  NeedOk("cpg_membership_get",
         harness::MembersAnswered(api.membership_get(subject_.handle(), &name,
                                                     members.data(), &count),
                                  &count));
  for (int i = 0; i < std::min<int>(count, kMembersMax); ++i) {
    state.members.push_back(
        fmt::format("{}:{}", members.at(i).nodeid, members.at(i).pid));
  }
  std::ranges::sort(state.members);
  return state;
}

void ErrorOracle::Differs(std::string_view call, std::string_view what,
                          std::string_view came) {
  context_.Fail("ERR-06",
                Report(fmt::format("{}, which answered an error", call),
                       fmt::format("no effect on {}", what), came));
}

void ErrorOracle::NothingHappened(std::string_view call) {
  std::vector<std::string> seen;
  if (observer_ != nullptr) {
    Need(observer_->Seen(&seen));
    if (!seen.empty()) {
      Differs(call, "the other members", "another member saw " + Join(seen));
    }
  }
  const cs_error_t works = subject_.RoundTrip();
  if (works != CS_OK) {
    Differs(call, "the handle", "cpg_local_get answers " + ErrorName(works));
    return;
  }
  const State now = Look();
  if (now.context != before_.context) {
    Differs(call, "the context", "cpg_context_get gives another pointer");
  }
  if (now.descriptor != before_.descriptor) {
    Differs(call, "the descriptor",
            fmt::format("cpg_fd_get gives {} instead of {}", now.descriptor,
                        before_.descriptor));
  }
  if (now.members != before_.members) {
    Differs(call, "the members of the group",
            fmt::format("before: {}; after: {}", Join(before_.members),
                        Join(now.members)));
  }
}

void ErrorOracle::HappenedOnce(std::string_view call, std::string_view effect) {
  std::vector<std::string> seen;
  Need(observer_->Seen(&seen));
  const auto times = std::ranges::count_if(seen, [effect](const auto& text) {
    return text.find(effect) != std::string::npos;
  });
  if (times != 1) {
    context_.Fail(
        "ERR-06",
        Report(
            fmt::format("{}, which succeeded after errors", call),
            fmt::format("its effect (\"{}\") once at the others", effect),
            fmt::format("{} times; another member saw {}", times, Join(seen))));
  }
}

}  // namespace cpgcert::conformance
