// cpg_join: what a new member is given, and who may not join.

#include <fmt/core.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "conformance/groups/topics.h"
#include "conformance/groups/words.h"
#include "harness/message.h"

namespace cpgcert::conformance::groups {

namespace {

using harness::CallbackRecord;
using harness::Client;
using harness::Peer;

// JOIN-01

// `others` join first, each from its own process.
void OwnChange(CaseContext& context, int others) {
  const std::string group = UniqueGroup("own");
  std::vector<std::unique_ptr<Peer>> peers;
  std::vector<uint32_t> members = {SelfProcess()};
  for (int i = 0; i < others; ++i) {
    peers.push_back(StartPeer(context));
    Need(peers.back()->Join(group));
    members.push_back(ProcessOf(*peers.back()));
  }
  auto client = Connect(context);
  const std::string call =
      fmt::format("cpg_join of a group with {} members", others);
  if (!ExpectOk(context, "JOIN-01", call, client->Join(group))) {
    return;
  }
  DispatchUntil(*client, 0, JoinOf(SelfProcess()));
  DispatchThroughBarrier(*client);
  ExpectTexts(context, "JOIN-01", call,
              {ChangeText(LocalNode(*client), group,
                          {{SelfProcess(), CPG_REASON_JOIN}}, {}, members)},
              ChangesIn(OrderedTexts(*client)));
}

// One process in several groups, by a connection each.
void OwnChangeOfEachGroup(CaseContext& context) {
  constexpr int kGroups = 5;
  std::vector<std::unique_ptr<Client>> clients;
  std::vector<std::string> groups;
  for (int i = 0; i < kGroups; ++i) {
    groups.push_back(UniqueGroup(fmt::format("each{}of", i)));
    clients.push_back(Connect(context));
    NeedOk("cpg_join", clients.back()->Join(groups.back()));
  }
  for (int i = 0; i < kGroups; ++i) {
    Client& client = *clients[i];
    if (!DispatchUntil(client, 0, JoinOf(SelfProcess()))) {
      context.Fail("JOIN-01",
                   Report("cpg_join of several groups, by a connection each",
                          "the own change of each", "none of " + groups[i]));
      return;
    }
    DispatchThroughBarrier(client);
    ExpectTexts(
        context, "JOIN-01", "cpg_join of several groups, by a connection each",
        {ChangeText(LocalNode(client), groups[i],
                    {{SelfProcess(), CPG_REASON_JOIN}}, {}, {SelfProcess()})},
        ChangesIn(OrderedTexts(client)));
  }
}

// JOIN-02

struct SecondJoin {
  bool same_group = true;
  bool settled = true;  // the own change was dispatched before
};

// In both states the others see the one membership, and one end of it.
void SecondJoinOnHandle(CaseContext& context, SecondJoin second) {
  const std::string group = UniqueGroup("first");
  const std::string other = UniqueGroup("second");
  const auto peer = StartPeer(context);
  const auto outsider = StartPeer(context);
  Need(peer->Join(group));
  Need(outsider->Join(other));
  auto client = Connect(context);
  NeedOk("cpg_join", client->Join(group));
  if (second.settled) {
    DispatchUntil(*client, 0, JoinOf(SelfProcess()));
  }
  // By the time another member has seen the join, only this process may not
  // know of it.
  std::vector<std::string> seen;
  Need(peer->Seen(&seen));
  Need(outsider->Seen(&seen));
  ErrorOracle oracle(context, *client, group, peer.get());
  const std::string call =
      fmt::format("a second cpg_join on a handle, {} group, the first {}",
                  second.same_group ? "the same" : "another",
                  second.settled ? "dispatched" : "not yet dispatched");
  ExpectOneOf(context, "JOIN-02", call,
              client->Join(second.same_group ? group : other),
              {CS_ERR_INVALID_PARAM, CS_ERR_EXIST});
  oracle.NothingHappened(call);
  Need(outsider->Seen(&seen));
  ExpectTexts(context, "JOIN-02", call + ", as a member of the other group", {},
              seen);
  NeedOk("cpg_leave", client->Leave(group));
  oracle.HappenedOnce("cpg_leave after " + call,
                      "left=[" + SelfAddress(*client));
}

// JOIN-03

void SameGroupOnOtherConnection(CaseContext& context) {
  const std::string group = UniqueGroup("once");
  const auto peer = StartPeer(context);
  Need(peer->Join(group));
  auto member = Connect(context);
  JoinAndSettle(*member, group);
  auto second = Connect(context);
  ErrorOracle oracle(context, *second, group, peer.get());
  const std::string call =
      "cpg_join of a group that another connection of this process has joined";
  ExpectOneOf(context, "JOIN-03", call, second->Join(group),
              {CS_ERR_EXIST, CS_ERR_INVALID_PARAM});
  oracle.NothingHappened(call);
  Need(peer->Multicast("m1", harness::kSmallMessageSize));
  DispatchWaiting(*second);
  ExpectTexts(context, "JOIN-03", call + ", then a message of a member", {},
              Texts(*second));
  // The refused connection joins once the first is out of the way.
  NeedOk("cpg_finalize", member->Finalize());
  if (ExpectOk(context, "JOIN-03", "cpg_join when the first one is finalized",
               second->Join(group))) {
    DispatchUntil(*second, 0, JoinOf(SelfProcess()));
    oracle.HappenedOnce("cpg_join", "joined=[" + SelfAddress(*second));
  }
}

void OtherGroupOnOtherConnection(CaseContext& context) {
  auto first = Connect(context);
  JoinAndSettle(*first, UniqueGroup("one"));
  auto second = Connect(context);
  const std::string group = UniqueGroup("two");
  const std::string call =
      "cpg_join of a second group, on a second connection of the process";
  if (ExpectOk(context, "JOIN-03", call, second->Join(group)) &&
      !DispatchUntil(*second, 0, JoinOf(SelfProcess()))) {
    context.Fail("JOIN-03", Report(call, "a configuration change", "none"));
  }
}

void SameGroupInOtherProcess(CaseContext& context) {
  const std::string group = UniqueGroup("shared");
  const auto peer = StartPeer(context);
  auto client = Connect(context);
  JoinAndSettle(*client, group);
  const std::string error = peer->Join(group);
  if (!error.empty()) {
    context.Fail("JOIN-03", Report("cpg_join of the same group in another "
                                   "process",
                                   "CS_OK and a configuration change", error));
    return;
  }
  std::vector<std::string> owed = {
      SelfAddress(*client), Address(LocalNode(*client), ProcessOf(*peer))};
  std::ranges::sort(owed);
  ExpectTexts(context, "JOIN-03",
              "cpg_membership_get when two processes have joined", owed,
              MembersOf(*client, group));
}

// JOIN-09

// Every address that a record holds.
std::vector<std::string> AddressesIn(const CallbackRecord& record) {
  if (record.kind == CallbackRecord::Kind::kDeliver) {
    return {Address(record.node_id, record.process)};
  }
  std::vector<std::string> addresses;
  for (const auto* list : {&record.members, &record.joined, &record.left}) {
    for (const cpg_address& address : *list) {
      addresses.push_back(Address(address.nodeid, address.pid));
    }
  }
  return addresses;
}

void ProcessAndNode(CaseContext& context) {
  const std::string group = UniqueGroup("who");
  const auto peer = StartPeer(context);
  auto client = ConnectForQueries(context);
  NeedOk("cpg_join", client->Join(group));
  DispatchUntil(*client, 0, IsChange);
  Need(peer->Join(group));
  Need(peer->Multicast("m1", harness::kSmallMessageSize));
  DispatchThroughBarrier(*client);
  Need(peer->Leave(group));
  DispatchUntil(*client, 0, [](const CallbackRecord& record) {
    return !record.left.empty();
  });
  const uint32_t node = LocalNode(*client);
  std::vector<std::string> owed = {Address(node, SelfProcess()),
                                   Address(node, ProcessOf(*peer))};
  std::ranges::sort(owed);
  std::vector<std::string> came;
  for (const CallbackRecord& record : client->Records()) {
    std::ranges::copy(AddressesIn(record), std::back_inserter(came));
  }
  std::ranges::sort(came);
  const auto repeated = std::ranges::unique(came);
  came.erase(repeated.begin(), repeated.end());
  ExpectTexts(context, "JOIN-09",
              "all callbacks while this process and another one join, "
              "multicast and leave: the nodes and processes in them",
              owed, came);
  const cpg_name name = RawName(group);
  for (const Iterated& step :
       Iterate(*client, CPG_ITERATION_ONE_GROUP, &name)) {
    ExpectTexts(context, "JOIN-09", "an iteration over the group",
                {SelfAddress(*client)}, {step.address});
  }
}

// JOIN-10

void MessagesBeforeAndAfter(CaseContext& context) {
  constexpr int kMessages = 5;
  const std::string group = UniqueGroup("late");
  const auto peer = StartPeer(context);
  Need(peer->Join(group));
  auto client = Connect(context);
  for (int i = 0; i < kMessages; ++i) {
    Need(peer->Multicast(fmt::format("before{}", i),
                         harness::kSmallMessageSize));
  }
  JoinAndSettle(*client, group);
  const uint32_t node = LocalNode(*client);
  std::vector<std::string> owed = {
      ChangeText(node, group, {{SelfProcess(), CPG_REASON_JOIN}}, {},
                 {SelfProcess(), ProcessOf(*peer)})};
  for (int i = 0; i < kMessages; ++i) {
    Need(
        peer->Multicast(fmt::format("after{}", i), harness::kSmallMessageSize));
    owed.push_back(fmt::format("message after{} from {}:{} in {}", i, node,
                               ProcessOf(*peer), group));
  }
  DispatchThroughBarrier(*client);
  std::vector<std::string> came = OrderedTexts(*client);
  came.pop_back();  // the barrier
  ExpectTexts(context, "JOIN-10",
              "cpg_join between the messages of another member", owed, came);
}

// The first message after the own change, when nobody else is there.
void OwnFirstMessage(CaseContext& context) {
  const std::string group = UniqueGroup("first");
  auto client = Connect(context);
  JoinAndSettle(*client, group);
  NeedOk("cpg_mcast_joined", client->Multicast(harness::MakeMessage("m1")));
  DispatchThroughBarrier(*client);
  std::vector<std::string> came = OrderedTexts(*client);
  came.pop_back();  // the barrier
  ExpectTexts(
      context, "JOIN-10",
      "cpg_mcast_joined of the only member, two messages, the first of them",
      {ChangeText(LocalNode(*client), group, {{SelfProcess(), CPG_REASON_JOIN}},
                  {}, {SelfProcess()}),
       fmt::format("message m1 from {} in {}", SelfAddress(*client), group)},
      came);
}

// The groups are closed: whoever has not joined is given nothing.
void MessagesOfAGroupNotJoined(CaseContext& context) {
  const auto peer = StartPeer(context);
  const std::string group = UniqueGroup("closed");
  Need(peer->Join(group));
  auto unjoined = Connect(context);
  auto elsewhere = Connect(context);
  JoinAndSettle(*elsewhere, UniqueGroup("elsewhere"));
  Need(peer->Multicast("m1", harness::kSmallMessageSize));
  for (Client* client : {unjoined.get(), elsewhere.get()}) {
    DispatchWaiting(*client);
    for (const CallbackRecord& record : client->Records()) {
      if (record.kind == CallbackRecord::Kind::kDeliver) {
        context.Fail("JOIN-10",
                     Report("cpg_mcast_joined in a group that this connection "
                            "has not joined",
                            "no message", harness::DescribeRecord(record)));
      }
    }
  }
}

}  // namespace

void RegisterJoinCases() {
  const auto add = [](const char* name, CaseBody body,
                      std::vector<std::string> more = {}) {
    more.insert(more.begin(), std::string(name).substr(0, 7));
    RegisterCase(
        {.name = name, .requirements = std::move(more), .profile = "api"},
        std::move(body));
  };
  add("JOIN-01/OwnChange/FirstMember",
      [](CaseContext& context) { OwnChange(context, 0); });
  add("JOIN-01/OwnChange/ThirdMember",
      [](CaseContext& context) { OwnChange(context, 2); });
  add("JOIN-01/OwnChange/EachOfSeveralGroups", OwnChangeOfEachGroup);
  for (const bool settled : {true, false}) {
    for (const bool same_group : {true, false}) {
      RegisterCase({.name = fmt::format(
                        "JOIN-02/{}/{}", settled ? "Joined" : "JoinUnconfirmed",
                        same_group ? "SameGroup" : "OtherGroup"),
                    .requirements = {"JOIN-02", "ERR-06"},
                    .profile = "api"},
                   [=](CaseContext& context) {
                     SecondJoinOnHandle(context, {.same_group = same_group,
                                                  .settled = settled});
                   });
    }
  }
  add("JOIN-03/OtherConnection/SameGroup", SameGroupOnOtherConnection,
      {"ERR-06"});
  add("JOIN-03/OtherConnection/OtherGroup", OtherGroupOnOtherConnection);
  add("JOIN-03/OtherProcess/SameGroup", SameGroupInOtherProcess);
  add("JOIN-09/ProcessAndNode", ProcessAndNode);
  add("JOIN-10/OwnFirstMessage", OwnFirstMessage);
  add("JOIN-10/MessagesBeforeAndAfter", MessagesBeforeAndAfter);
  add("JOIN-10/MessagesOfAGroupNotJoined", MessagesOfAGroupNotJoined);
}

}  // namespace cpgcert::conformance::groups
