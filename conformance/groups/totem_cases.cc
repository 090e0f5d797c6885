// The totem callback: when it comes, and what it is given.

#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "conformance/groups/topics.h"
#include "conformance/groups/words.h"
#include "harness/message.h"

namespace cpgcert::conformance::groups {

namespace {

using harness::CallbackRecord;
using harness::CallbackSet;
using harness::Client;

constexpr CallbackSet kWithFlag{.deliver = true,
                                .configuration = true,
                                .totem = true,
                                .initial_totem = true};
constexpr CallbackSet kWithoutFlag{
    .deliver = true, .configuration = true, .totem = true};
// How often what may depend on a race is tried.
constexpr int kTries = 40;

std::string_view KindText(CallbackRecord::Kind kind) {
  switch (kind) {
    case CallbackRecord::Kind::kDeliver:
      return "message";
    case CallbackRecord::Kind::kConfiguration:
      return "configuration change";
    case CallbackRecord::Kind::kTotem:
      return "totem change";
  }
  return "";
}

// The kinds of the callbacks so far.
std::vector<std::string> Kinds(Client& client) {
  std::vector<std::string> kinds;
  for (const CallbackRecord& record : client.Records()) {
    kinds.emplace_back(KindText(record.kind));
  }
  return kinds;
}

const std::vector<std::string> kChangeThenTotem = {"configuration change",
                                                   "totem change"};

// What the service does for a join is done by the second of these.
void JoinAndDispatch(Client& client, const std::string& group) {
  JoinAndSettle(client, group);
  DispatchThroughBarrier(client);
}

std::vector<std::string> KindsWithoutMessages(Client& client) {
  std::vector<std::string> kinds = Kinds(client);
  std::erase(kinds, "message");
  return kinds;
}

// The flag promises the totem callback after the first configuration change.
// Another process joins another group first: that is nobody's change here.
void WaitsForFirstChange(CaseContext& context) {
  const auto peer = StartPeer(context);
  auto client = Connect(context, kWithFlag);
  DispatchWaiting(*client);
  Need(peer->Join(UniqueGroup("other")));
  DispatchWaiting(*client);
  ExpectTexts(context, "TOTEM-02",
              "cpg_dispatch on a connection that has not joined, after "
              "another process joined another group",
              {}, Kinds(*client));
  JoinAndDispatch(*client, UniqueGroup("own"));
  ExpectTexts(context, "TOTEM-02",
              "the callbacks of a connection with the flag that joins",
              kChangeThenTotem, KindsWithoutMessages(*client));
}

// A change of another group is on its way when the connection joins.
void WaitsWhileOthersJoin(CaseContext& context) {
  auto writer = Connect(context);
  JoinAndSettle(*writer, UniqueGroup("writer"));
  for (int i = 0; i < kTries; ++i) {
    const auto other = Connect(context);
    const auto client = Connect(context, kWithFlag);
    const std::string group = UniqueGroup(fmt::format("own{}of", i));
    QueueMessages(*writer);
    NeedOk("cpg_join", other->Join(UniqueGroup(fmt::format("other{}of", i))));
    NeedOk("cpg_join", client->Join(group));
    DispatchUntil(*client, 0, JoinOf(SelfProcess()));
    DispatchThroughBarrier(*client);
    if (KindsWithoutMessages(*client) != kChangeThenTotem) {
      context.Fail("TOTEM-02",
                   Report("cpg_join with the flag, just after a join of "
                          "another group on another connection",
                          conformance::Join(kChangeThenTotem),
                          conformance::Join(KindsWithoutMessages(*client))));
      return;
    }
    DispatchThroughBarrier(*writer);
    NeedOk("cpg_finalize", other->Finalize());
    NeedOk("cpg_finalize", client->Finalize());
  }
}

// Later changes, of its own group and of others, bring none.
void OnlyOnce(CaseContext& context) {
  const std::string group = UniqueGroup("once");
  const auto peer = StartPeer(context);
  const auto elsewhere = StartPeer(context);
  auto client = Connect(context, kWithFlag);
  JoinAndDispatch(*client, group);
  Need(peer->Join(group));
  Need(elsewhere->Join(UniqueGroup("elsewhere")));
  auto second = Connect(context, kWithFlag);
  JoinAndDispatch(*second, UniqueGroup("second"));
  Need(peer->Leave(group));
  DispatchUntil(*client, 0, LeaveOf(static_cast<uint32_t>(peer->process())));
  DispatchThroughBarrier(*client);
  const auto times = std::ranges::count(Kinds(*client), "totem change");
  if (times != 1) {
    context.Fail("TOTEM-02",
                 Report("cpg_join with the flag, then changes of "
                        "this and other groups, none of the ring",
                        "one totem callback", fmt::format("{}", times)));
  }
  ExpectTexts(context, "TOTEM-02",
              "the callbacks of a second connection with the flag",
              kChangeThenTotem, KindsWithoutMessages(*second));
}

void WithoutFlag(CaseContext& context) {
  const auto peer = StartPeer(context);
  const std::string group = UniqueGroup("plain");
  auto client = Connect(context, kWithoutFlag);
  JoinAndDispatch(*client, group);
  Need(peer->Join(group));
  DispatchThroughBarrier(*client);
  ExpectTexts(context, "TOTEM-02",
              "the callbacks of a connection without the flag, while it and "
              "another process join",
              {"configuration change", "configuration change"},
              KindsWithoutMessages(*client));
}

// The flag without a callback to run.
void FlagWithoutCallback(CaseContext& context) {
  auto client = Connect(
      context, {.deliver = true, .configuration = true, .initial_totem = true});
  JoinAndDispatch(*client, UniqueGroup("flag"));
  ExpectTexts(context, "TOTEM-02",
              "the callbacks of a connection with the flag and without a "
              "totem callback",
              {"configuration change"}, KindsWithoutMessages(*client));
}

// Also where others are members before.
void AfterTheOwnChange(CaseContext& context) {
  const auto peer = StartPeer(context);
  const std::string group = UniqueGroup("order");
  Need(peer->Join(group));
  auto client = Connect(context, kWithFlag);
  JoinAndDispatch(*client, group);
  ExpectTexts(context, "TOTEM-01",
              "the callbacks of a connection with the flag that joins a group "
              "with a member",
              kChangeThenTotem, KindsWithoutMessages(*client));
}

// The ring of two connections of one node, one after the other.
void RingOfThisNode(CaseContext& context) {
  std::vector<CallbackRecord> rings;
  for (int i = 0; i < 2; ++i) {
    auto client = Connect(context, kWithFlag);
    JoinAndDispatch(*client, UniqueGroup(fmt::format("ring{}of", i)));
    const uint32_t node = LocalNode(*client);
    for (const CallbackRecord& record : client->Records()) {
      if (record.kind != CallbackRecord::Kind::kTotem) {
        continue;
      }
      rings.push_back(record);
      if (std::ranges::find(record.ring_members, node) ==
              record.ring_members.end() ||
          std::ranges::find(record.ring_members, record.ring.nodeid) ==
              record.ring_members.end()) {
        context.Fail(
            "TOTEM-03",
            Report("the totem callback",
                   fmt::format("a ring with this node, {}, and its leader as "
                               "members",
                               node),
                   fmt::format("leader {}; {}", record.ring.nodeid,
                               harness::DescribeRecord(record))));
      }
    }
  }
  if (rings.size() != 2) {
    CaseContext::Untested("the totem callback did not come");
  }
  if (rings[1].ring.seq < rings[0].ring.seq) {
    context.Fail("TOTEM-03",
                 Report("the totem callback of two connections, one after the "
                        "other",
                        "a sequence number that does not become smaller",
                        fmt::format("{}, then {}", rings[0].ring.seq,
                                    rings[1].ring.seq)));
  }
}

}  // namespace

void RegisterTotemCases() {
  const auto add = [](const char* name, CaseBody body) {
    RegisterCase({.name = name,
                  .requirements = {std::string(name).substr(0, 8)},
                  .profile = "api"},
                 std::move(body));
  };
  add("TOTEM-01/AfterTheOwnChange", AfterTheOwnChange);
  add("TOTEM-03/RingOfThisNode", RingOfThisNode);
  add("TOTEM-02/InitialTotemWaitsForFirstChange", WaitsForFirstChange);
  add("TOTEM-02/InitialTotemWaitsWhileOthersJoin", WaitsWhileOthersJoin);
  add("TOTEM-02/OnlyOnce", OnlyOnce);
  add("TOTEM-02/WithoutFlag", WithoutFlag);
  add("TOTEM-02/FlagWithoutCallback", FlagWithoutCallback);
}

}  // namespace cpgcert::conformance::groups
