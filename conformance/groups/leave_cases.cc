// cpg_leave: the own change, what comes before it and after it, and who has
// nothing to leave.

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

std::string OwnLeaveText(Client& client, std::string_view group,
                         const std::vector<uint32_t>& members) {
  return ChangeText(LocalNode(client), group, {},
                    {{SelfProcess(), CPG_REASON_LEAVE}}, members);
}

std::string OwnJoinText(Client& client, std::string_view group,
                        const std::vector<uint32_t>& members) {
  return ChangeText(LocalNode(client), group,
                    {{SelfProcess(), CPG_REASON_JOIN}}, {}, members);
}

// LEAVE-01

void OwnChange(CaseContext& context, bool alone, bool settled) {
  const std::string group = UniqueGroup("leave");
  const auto peer = StartPeer(context);
  std::vector<uint32_t> others;
  if (!alone) {
    Need(peer->Join(group));
    others.push_back(ProcessOf(*peer));
  }
  auto client = Connect(context);
  NeedOk("cpg_join", client->Join(group));
  if (settled) {
    DispatchUntil(*client, 0, JoinOf(SelfProcess()));
  }
  const std::string call = fmt::format(
      "cpg_leave, {}, the own join {}", alone ? "alone" : "one other member",
      settled ? "dispatched" : "not yet dispatched");
  if (!ExpectOk(context, "LEAVE-01", call, client->Leave(group))) {
    return;
  }
  DispatchUntil(*client, 0, LeaveOf(SelfProcess()));
  DispatchWaiting(*client);
  std::vector<uint32_t> before = others;
  before.push_back(SelfProcess());
  ExpectTexts(context, "LEAVE-01", call,
              {OwnJoinText(*client, group, before),
               OwnLeaveText(*client, group, others)},
              OrderedTexts(*client));
  const std::vector<std::string> members = MembersOf(*client, group);
  if (std::ranges::find(members, SelfAddress(*client)) != members.end()) {
    context.Fail(
        "LEAVE-01",
        Report("cpg_membership_get after the own leave change",
               "a list without this process", conformance::Join(members)));
  }
}

// LEAVE-02

enum class Stranger { kNeverJoined, kOtherConnectionJoined, kLeft };

// A leave that has nothing to leave.
void NothingToLeave(CaseContext& context, Stranger stranger) {
  const std::string group = UniqueGroup("nothing");
  const auto peer = StartPeer(context);
  Need(peer->Join(group));
  auto member = Connect(context);
  if (stranger == Stranger::kOtherConnectionJoined) {
    JoinAndSettle(*member, group);
  }
  auto client = Connect(context);
  std::string call = "cpg_leave on a handle that never joined";
  if (stranger == Stranger::kOtherConnectionJoined) {
    call += ", while another connection of this process is a member";
  } else if (stranger == Stranger::kLeft) {
    call = "cpg_leave after the own leave was announced";
    JoinAndSettle(*client, group);
    NeedOk("cpg_leave", client->Leave(group));
    DispatchUntil(*client, 0, LeaveOf(SelfProcess()));
  }
  ErrorOracle oracle(context, *client, group, peer.get());
  ExpectError(context, "LEAVE-02", call, client->Leave(group));
  oracle.NothingHappened(call);
  if (stranger == Stranger::kNeverJoined) {
    JoinAndSettle(*client, group);
    oracle.HappenedOnce("cpg_join after " + call,
                        "joined=[" + SelfAddress(*client));
  }
  if (stranger == Stranger::kOtherConnectionJoined) {
    NeedOk("cpg_leave", member->Leave(group));
    oracle.HappenedOnce("cpg_leave of the member, after " + call,
                        "left=[" + SelfAddress(*client));
  }
}

// The own leave change waits to be dispatched; `at_once`: or is under way.
void AlreadyLeaving(CaseContext& context, bool at_once) {
  const std::string group = UniqueGroup("twice");
  const auto peer = StartPeer(context);
  Need(peer->Join(group));
  auto client = Connect(context);
  JoinAndSettle(*client, group);
  std::vector<std::string> all;
  Need(peer->Seen(&all));
  all.clear();
  NeedOk("cpg_leave", client->Leave(group));
  const std::string call = "a second cpg_leave, the own leave not dispatched";
  if (!at_once) {
    Need(peer->Seen(&all));
    ErrorOracle oracle(context, *client, group, peer.get());
    ExpectError(context, "LEAVE-02", call, client->Leave(group));
    oracle.NothingHappened(call);
  } else {
    ExpectError(context, "LEAVE-02", call, client->Leave(group));
  }
  std::vector<std::string> more;
  Need(peer->Seen(&more));
  all.insert(all.end(), more.begin(), more.end());
  ExpectTexts(context, "LEAVE-02", call + ", as another member sees it",
              {OwnLeaveText(*client, group, {ProcessOf(*peer)})}, all);
}

// LEAVE-04

// What the other members do after this one has left.
enum class Afterwards { kMessages, kJoins, kLeaves, kEnds };

void NothingAfterOwnChange(CaseContext& context, Afterwards afterwards) {
  const std::string group = UniqueGroup("after");
  const auto stays = StartPeer(context);
  const auto moves = StartPeer(context);
  Need(stays->Join(group));
  if (afterwards != Afterwards::kJoins) {
    Need(moves->Join(group));
  }
  auto client = Connect(context);
  JoinAndSettle(*client, group);
  NeedOk("cpg_leave", client->Leave(group));
  DispatchUntil(*client, 0, LeaveOf(SelfProcess()));
  const size_t seen = client->RecordCount();
  std::string call = "of two other members ";
  switch (afterwards) {
    case Afterwards::kMessages:
      call = "the two other members multicast";
      Need(moves->Multicast("m1", harness::kSmallMessageSize));
      Need(stays->Multicast("m2", harness::kSmallMessageSize));
      break;
    case Afterwards::kJoins:
      call = "besides the other member a process joins";
      Need(moves->Join(group));
      break;
    case Afterwards::kLeaves:
      call += "one leaves";
      Need(moves->Leave(group));
      break;
    case Afterwards::kEnds:
      call += "one is killed";
      moves->Kill();
      break;
  }
  // Until the one that stays has seen it, and two rounds more.
  std::vector<std::string> told;
  for (int i = 0; i < 3; ++i) {
    Need(stays->Seen(&told));
    DispatchWaiting(*client);
  }
  std::vector<std::string> came = Texts(*client, seen);
  if (afterwards != Afterwards::kMessages) {
    came = ChangesIn(came);
  }
  ExpectTexts(
      context, "LEAVE-04",
      fmt::format("cpg_dispatch after the change of the own leave; {}", call),
      {}, came);
}

// A message of its own is a message of the group, and nobody is left in that.
void OwnMessageAfterOwnChange(CaseContext& context) {
  const std::string group = UniqueGroup("gone");
  auto client = Connect(context);
  auto witness = Connect(context);
  JoinAndSettle(*witness, UniqueGroup("witness"));
  JoinAndSettle(*client, group);
  NeedOk("cpg_leave", client->Leave(group));
  DispatchUntil(*client, 0, LeaveOf(SelfProcess()));
  const size_t seen = client->RecordCount();
  const cs_error_t result = client->Multicast(harness::MakeMessage("m1"));
  context.Note("cpg_mcast_joined on a handle that has left: " +
               harness::ErrorName(result));
  for (int i = 0; i < 3; ++i) {
    DispatchThroughBarrier(*witness);
    DispatchWaiting(*client);
  }
  ExpectTexts(context, "LEAVE-04",
              "cpg_mcast_joined and cpg_dispatch after the change of the own "
              "leave, as the last member",
              {}, Texts(*client, seen));
}

// LEAVE-05

// Its own and another member's messages, then the leave, then the dispatch.
void MessagesBeforeLeave(CaseContext& context) {
  constexpr int kMessages = 10;
  const std::string group = UniqueGroup("last");
  const auto peer = StartPeer(context);
  Need(peer->Join(group));
  auto client = Connect(context);
  JoinAndSettle(*client, group);
  const size_t seen = client->RecordCount();
  const uint32_t node = LocalNode(*client);
  std::vector<std::string> owed;
  for (int i = 0; i < kMessages; ++i) {
    const std::string name = fmt::format("other{}", i);
    Need(peer->Multicast(name, harness::kSmallMessageSize));
    owed.push_back(fmt::format("message {} from {}:{} in {}", name, node,
                               ProcessOf(*peer), group));
  }
  for (int i = 0; i < kMessages; ++i) {
    const std::string name = fmt::format("own{}", i);
    NeedOk("cpg_mcast_joined", client->Multicast(harness::MakeMessage(name)));
    owed.push_back(fmt::format("message {} from {}:{} in {}", name, node,
                               SelfProcess(), group));
  }
  owed.push_back(OwnLeaveText(*client, group, {ProcessOf(*peer)}));
  NeedOk("cpg_leave", client->Leave(group));
  DispatchUntil(*client, seen, LeaveOf(SelfProcess()));
  ExpectTexts(context, "LEAVE-05",
              "cpg_leave behind messages that were not dispatched", owed,
              OrderedTexts(*client, seen));
}

// The other members are given the messages of the one that leaves, too.
void OwnMessagesAtTheOthers(CaseContext& context) {
  const std::string group = UniqueGroup("farewell");
  const auto peer = StartPeer(context);
  Need(peer->Join(group));
  auto client = Connect(context);
  JoinAndSettle(*client, group);
  std::vector<std::string> seen;
  Need(peer->Seen(&seen));
  NeedOk("cpg_mcast_joined", client->Multicast(harness::MakeMessage("m1")));
  NeedOk("cpg_leave", client->Leave(group));
  DispatchUntil(*client, 0, LeaveOf(SelfProcess()));
  Need(peer->Seen(&seen));
  ExpectTexts(
      context, "LEAVE-05",
      "cpg_mcast_joined and at once cpg_leave, as another member "
      "sees it",
      {fmt::format("message m1 from {} in {}", SelfAddress(*client), group),
       OwnLeaveText(*client, group, {ProcessOf(*peer)})},
      seen);
}

}  // namespace

void RegisterLeaveCases() {
  const auto add = [](const char* name, CaseBody body,
                      std::vector<std::string> more = {}) {
    more.insert(more.begin(), std::string(name).substr(0, 8));
    RegisterCase(
        {.name = name, .requirements = std::move(more), .profile = "api"},
        std::move(body));
  };
  for (const bool alone : {true, false}) {
    for (const bool settled : {true, false}) {
      const std::string name =
          fmt::format("LEAVE-01/{}/{}", settled ? "Joined" : "JoinUnconfirmed",
                      alone ? "LastMember" : "OneOfTwo");
      add(name.c_str(),
          [=](CaseContext& context) { OwnChange(context, alone, settled); });
    }
  }
  const auto nothing = [&add](const char* name, Stranger stranger) {
    add(name,
        [stranger](CaseContext& context) { NothingToLeave(context, stranger); },
        {"ERR-06"});
  };
  nothing("LEAVE-02/NeverJoined", Stranger::kNeverJoined);
  nothing("LEAVE-02/OtherConnectionJoined", Stranger::kOtherConnectionJoined);
  nothing("LEAVE-02/Left", Stranger::kLeft);
  add("LEAVE-02/LeaveUnconfirmed",
      [](CaseContext& context) { AlreadyLeaving(context, false); }, {"ERR-06"});
  add("LEAVE-02/TwiceAtOnce",
      [](CaseContext& context) { AlreadyLeaving(context, true); });
  const auto after = [&add](const char* name, Afterwards afterwards) {
    add(name, [afterwards](CaseContext& context) {
      NothingAfterOwnChange(context, afterwards);
    });
  };
  after("LEAVE-04/OthersMulticast", Afterwards::kMessages);
  after("LEAVE-04/OtherJoins", Afterwards::kJoins);
  after("LEAVE-04/OtherLeaves", Afterwards::kLeaves);
  after("LEAVE-04/OtherIsKilled", Afterwards::kEnds);
  add("LEAVE-04/OwnMessage", OwnMessageAfterOwnChange);
  add("LEAVE-05/MessagesNotDispatched", MessagesBeforeLeave);
  add("LEAVE-05/OwnMessagesAtTheOthers", OwnMessagesAtTheOthers);
}

}  // namespace cpgcert::conformance::groups
