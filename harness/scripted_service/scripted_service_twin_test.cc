// Is the honest scripted service honest? The same calls, of two connections,
// get the same answers and callbacks from it and from corosync.

#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "harness/client.h"
#include "harness/cpg_api.h"
#include "harness/forked_call.h"
#include "harness/inside_worker.h"
#include "harness/message.h"
#include "harness/scripted_service/scripted_service.h"

namespace cpgcert::harness {
namespace {

// What happened, a line each. Node and process are the same for all.
class Diary {
 public:
  explicit Diary(const CpgApi& api)
      : api_(api), first_(api, {}), second_(api, {}) {}

  std::string Write() {
    Connect();
    Groups();
    Queries();
    Departures();
    return text_;
  }

 private:
  void Note(const std::string& line) { text_ += line + "\n"; }
  void Note(const char* call, cs_error_t result) {
    Note(fmt::format("{}: {}", call, ErrorName(result)));
  }

  // Dispatches until there are `count` more callbacks, and no more after a
  // round trip.
  void Callbacks(const char* who, Client& client, size_t count) {
    const size_t seen = client.RecordCount();
    while (client.RecordCount() < seen + count &&
           client.WaitReadable(kFarAway) &&
           client.Dispatch(CS_DISPATCH_ONE) == CS_OK) {
    }
    client.RoundTrip();
    client.Dispatch(CS_DISPATCH_ALL);
    const std::vector<CallbackRecord> records = client.Records();
    for (size_t i = seen; i < records.size(); ++i) {
      Note(fmt::format("{} is given {}", who, Anonymous(records[i])));
    }
  }

  // The node and process ids are each service's own.
  std::string Anonymous(const CallbackRecord& record) const {
    std::string text =
        fmt::format("message '{}' in '{}'", record.message, record.group);
    const auto add = [&](const char* name, const auto& list) {
      text += fmt::format(" {}", name);
      for (const cpg_address& address : list) {
        text += fmt::format(" {}{}:{}", address.nodeid == node_ ? "" : "?",
                            address.pid == static_cast<uint32_t>(getpid()),
                            ReasonName(address.reason));
      }
    };
    add("members", record.members);
    add("left", record.left);
    add("joined", record.joined);
    return text;
  }

  void Connect() {
    Note("initialize", first_.Initialize());
    Note("initialize", second_.Initialize());
    Note("local_get", api_.local_get(first_.handle(), &node_));
    uint32_t size = 0;
    Note("max size", api_.max_atomic_msgsize_get(first_.handle(), &size));
    Note(fmt::format("{} bytes", size));
    Note("leave before join", first_.Leave("one"));
    Note("multicast before join", first_.Multicast(MakeMessage("lost")));
    Note("large multicast before join",
         first_.Multicast(MakeMessage("lost", size + 1)));
  }

  void Groups() {
    Note("join", first_.Join("one"));
    Callbacks("first", first_, 1);
    Note("join again", first_.Join("one"));
    Note("join another", first_.Join("two"));
    Note("join from the second", second_.Join("one"));
    Note("join two from the second", second_.Join("two"));
    Callbacks("second", second_, 1);
    Note("multicast", first_.Multicast(MakeMessage("small")));
    Note("large multicast", first_.Multicast(MakeMessage("big", 2'500'000)));
    Callbacks("first", first_, 2);
    Callbacks("second", second_, 0);
  }

  void Queries() {
    for (const char* group : {"one", "two", "none"}) {
      cpg_name name = MakeGroupName(group);
      std::vector<cpg_address> members(CPG_MEMBERS_MAX);
      int count = CPG_MEMBERS_MAX;
      Note("membership",
           api_.membership_get(first_.handle(), &name, members.data(), &count));
      Note(fmt::format("{} has {} members", group, count));
    }
    Iterate(CPG_ITERATION_NAME_ONLY, nullptr);
    Iterate(CPG_ITERATION_ALL, nullptr);
    Iterate(CPG_ITERATION_ONE_GROUP, "two");
    Iterate(CPG_ITERATION_ONE_GROUP, "none");
  }

  void Iterate(cpg_iteration_type_t type, const char* group) {
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
    // After the end corosync begins again; nobody could want that.
    Note("the end", result);
    Note("iteration finalize", api_.iteration_finalize(iteration));
  }

  void Departures() {
    Note("leave", second_.Leave("two"));
    Callbacks("second", second_, 1);
    Note("leave again", second_.Leave("two"));
    Note("finalize", second_.Finalize());
    Note("leave", first_.Leave("one"));
    Callbacks("first", first_, 1);
    Note("finalize", first_.Finalize());
  }

  const CpgApi& api_;
  Client first_;
  Client second_;
  unsigned int node_ = 0;
  std::string text_;
};

std::string WriteDiary() {
  std::string error;
  const std::unique_ptr<CpgApi> api = LoadCpgApi("libcpg.so.4", &error);
  return api == nullptr ? error : Diary(*api).Write();
}

TEST(ScriptedServiceTwinTest, HonestServiceDoesWhatCorosyncDoes) {
  InsideWithService([](Corosync*) {
    const ForkedCallResult real = RunInForkedChild(WriteDiary, kFarAway);
    const ForkedCallResult twin = RunInForkedChild(
        [] {
          std::string error;
          const auto service = ScriptedService::Start({.node = 9}, &error);
          return service == nullptr ? error : WriteDiary();
        },
        kFarAway);
    ASSERT_TRUE(real.returned) << real.end;
    ASSERT_TRUE(twin.returned) << twin.end;
    EXPECT_EQ(twin.text, real.text);
    EXPECT_NE(real.text.find("first is given message 'big'"), std::string::npos)
        << real.text;
  });
}

}  // namespace
}  // namespace cpgcert::harness
