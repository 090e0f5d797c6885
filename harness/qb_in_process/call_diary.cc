#include "harness/qb_in_process/call_diary.h"

#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <string_view>
#include <vector>

#include "harness/message.h"

namespace cpgcert::harness {

namespace {

// Far more than a busy machine needs; nothing waits for it to pass.
constexpr std::chrono::milliseconds kDeadline{15'000};

}  // namespace

std::string CallDiary::Write() {
  Connect();
  Join();
  Messages();
  Queries();
  Departures();
  return text_;
}

void CallDiary::Note(const char* call, cs_error_t result) {
  Note(fmt::format("{}: {}", call, ErrorName(result)));
}

// Dispatches until there are `count` more callbacks, and notes these and what
// a round trip later has come besides.
void CallDiary::Callbacks(const char* who, Client& client, size_t count) {
  const size_t seen = client.RecordCount();
  while (client.RecordCount() < seen + count &&
         client.WaitReadable(kDeadline) &&
         client.Dispatch(CS_DISPATCH_ONE) == CS_OK) {
  }
  client.RoundTrip();
  client.Dispatch(CS_DISPATCH_ALL);
  const std::vector<CallbackRecord> records = client.Records();
  for (size_t i = seen; i < records.size(); ++i) {
    Note(fmt::format("{} is given {}", who, Anonymous(records[i])));
  }
  Note("nothing more", client.Dispatch(CS_DISPATCH_ONE_NONBLOCKING));
}

std::string CallDiary::Anonymous(const CallbackRecord& record) const {
  const auto own = static_cast<uint32_t>(getpid());
  std::string text = fmt::format("'{}' of {} bytes in '{}' from {} {},",
                                 record.message, record.size, record.group,
                                 record.node_id == node_ ? "own" : "other",
                                 record.process == own ? "own" : "other");
  const auto add = [&](const char* name, const auto& list) {
    text += fmt::format(" {}", name);
    for (const cpg_address& address : list) {
      text += fmt::format(" {}:{}:{}", address.nodeid == node_ ? "own" : "?",
                          address.pid == own ? "own" : "?",
                          ReasonName(address.reason));
    }
  };
  add("members", record.members);
  add("left", record.left);
  add("joined", record.joined);
  return text;
}

void CallDiary::Connect() {
  Note("initialize", first_.Initialize());
  Note("initialize", second_.Initialize());
  Note("local_get", api_.local_get(first_.handle(), &node_));
  uint32_t size = 0;
  Note("max size", api_.max_atomic_msgsize_get(first_.handle(), &size));
  Note(fmt::format("{} bytes", size));
  Note("leave before join", first_.Leave("one"));
  Note("nothing to dispatch", first_.Dispatch(CS_DISPATCH_ALL));
  Note("multicast before join", first_.Multicast(MakeMessage("lost")));
  Note("large multicast before join",
       first_.Multicast(MakeMessage("lost", size + 1)));
}

void CallDiary::Join() {
  Note("join", first_.Join("one"));
  Callbacks("first", first_, 1);
  Note("join again", first_.Join("one"));
  Note("join another", first_.Join("two"));
  Note("join from the second", second_.Join("one"));
  Note("join two from the second", second_.Join("two"));
  Callbacks("second", second_, 1);
}

void CallDiary::Messages() {
  Note("multicast", first_.Multicast(MakeMessage("small")));
  Note("large multicast", first_.Multicast(MakeMessage("big", 2'500'000)));
  Callbacks("first", first_, 2);
  Callbacks("second", second_, 0);
  Note("multicast", second_.Multicast(MakeMessage("other", 100'000)));
  Callbacks("second", second_, 1);
  Callbacks("first", first_, 0);
}

void CallDiary::Queries() {
  Members("one");
  Members("two");
  Members("none");
  Iterate(CPG_ITERATION_NAME_ONLY, nullptr);
  Iterate(CPG_ITERATION_ALL, nullptr);
  Iterate(CPG_ITERATION_ONE_GROUP, "two");
  Iterate(CPG_ITERATION_ONE_GROUP, "none");
}

void CallDiary::Members(const char* group) {
  cpg_name name = MakeGroupName(group);
  std::vector<cpg_address> members(CPG_MEMBERS_MAX);
  int count = CPG_MEMBERS_MAX;
  Note("membership",
       api_.membership_get(first_.handle(), &name, members.data(), &count));
  Note(fmt::format("{} has {} members", group, count));
}

void CallDiary::Iterate(cpg_iteration_type_t type, const char* group) {
  const cpg_name name = MakeGroupName(group == nullptr ? "" : group);
  cpg_iteration_handle_t iteration = 0;
  Note("iteration", api_.iteration_initialize(
                        first_.handle(), type,
                        group == nullptr ? nullptr : &name, &iteration));
  std::vector<std::string> entries;
  cpg_iteration_description_t entry{};
  cs_error_t result = CS_OK;
  while ((result = api_.iteration_next(iteration, &entry)) == CS_OK) {
    entries.push_back(fmt::format(
        "{} {} {}", std::string_view(entry.group.value, entry.group.length),
        entry.nodeid == node_, entry.pid != 0));
  }
  std::ranges::sort(entries);
  for (const std::string& text : entries) {
    Note(text);
  }
  Note("the end", result);
  Note("iteration finalize", api_.iteration_finalize(iteration));
}

void CallDiary::Departures() {
  Note("leave", second_.Leave("two"));
  Callbacks("second", second_, 1);
  Note("leave again", second_.Leave("two"));
  Note("finalize", second_.Finalize());
  Note("leave", first_.Leave("one"));
  Callbacks("first", first_, 1);
  Note("finalize", first_.Finalize());
  Note("finalize again", api_.finalize(first_.handle()));
}

}  // namespace cpgcert::harness
