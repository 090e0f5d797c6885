// Configuration changes among a few processes: who, why, in which order, and
// to whom.

#include <fmt/core.h>

#include <algorithm>
#include <functional>
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

// CONF-01, CONF-05: how a process may go, and with which reason.

struct Departure {
  const char* text;
  std::function<void(Peer&, const std::string& group)> depart;
  cpg_reason_t reason;
};

Departure Leaves() {
  return {"cpg_leave",
          [](Peer& peer, const std::string& group) { Need(peer.Leave(group)); },
          CPG_REASON_LEAVE};
}
Departure Finalizes() {
  return {"cpg_finalize",
          [](Peer& peer, const std::string&) { Need(peer.Finalize()); },
          CPG_REASON_PROCDOWN};
}
Departure IsKilled() {
  return {"being killed", [](Peer& peer, const std::string&) { peer.Kill(); },
          CPG_REASON_PROCDOWN};
}
Departure Exits() {
  return {"exit()", [](Peer& peer, const std::string&) { Need(peer.Exit()); },
          CPG_REASON_PROCDOWN};
}
Departure LeavesAndFinalizes() {
  return {"cpg_leave and cpg_finalize",
          [](Peer& peer, const std::string& group) {
            Need(peer.Leave(group));
            Need(peer.Finalize());
          },
          CPG_REASON_LEAVE};
}
Departure LeavesAndIsKilled() {
  return {"cpg_leave and being killed",
          [](Peer& peer, const std::string& group) {
            Need(peer.Leave(group));
            peer.Kill();
          },
          CPG_REASON_LEAVE};
}

// Without help of other processes, whose library is the same one.
void OwnJoinAndLeave(CaseContext& context) {
  const std::string group = UniqueGroup("own");
  auto client = Connect(context);
  NeedOk("cpg_join", client->Join(group));
  DispatchUntil(*client, 0, IsChange);
  const size_t seen = client->RecordCount();
  NeedOk("cpg_leave", client->Leave(group));
  DispatchUntil(*client, seen, IsChange);
  const uint32_t node = LocalNode(*client);
  ExpectTexts(
      context, "CONF-01", "cpg_join, then cpg_leave of this process",
      {ChangeText(node, group, {{SelfProcess(), CPG_REASON_JOIN}}, {},
                  {SelfProcess()}),
       ChangeText(node, group, {}, {{SelfProcess(), CPG_REASON_LEAVE}}, {})},
      OrderedTexts(*client));
}

// Another process joins and goes. A later end of a third one shows that
// nothing more comes.
void JoinAndDeparture(CaseContext& context, const char* requirement,
                      const Departure& departure) {
  const std::string group = UniqueGroup("moves");
  const std::string witnessed = UniqueGroup("witness");
  const auto peer = StartPeer(context);
  const auto helper = StartPeer(context);
  auto client = Connect(context);
  auto witness = Connect(context);
  JoinAndSettle(*client, group);
  JoinAndSettle(*witness, witnessed);
  const size_t seen = client->RecordCount();
  const uint32_t process = ProcessOf(*peer);
  Need(peer->Join(group));
  DispatchUntil(*client, seen, JoinOf(process));
  departure.depart(*peer, group);
  DispatchUntil(*client, seen, LeaveOf(process));
  DepartureRound(*helper, *witness, witnessed);
  DispatchThroughBarrier(*client);
  const uint32_t node = LocalNode(*client);
  ExpectTexts(
      context, requirement,
      fmt::format("cpg_join of another process, then {}", departure.text),
      {ChangeText(node, group, {{process, CPG_REASON_JOIN}}, {},
                  {process, SelfProcess()}),
       ChangeText(node, group, {}, {{process, departure.reason}},
                  {SelfProcess()})},
      ChangesIn(OrderedTexts(*client, seen)));
}

// The process joins and goes before it has dispatched anything.
void FinalizedBeforeItsOwnChange(CaseContext& context) {
  const std::string group = UniqueGroup("brief");
  const auto peer = StartPeer(context);
  Need(peer->Join(group));
  std::vector<std::string> told;
  Need(peer->Seen(&told));
  auto client = Connect(context);
  const uint32_t node = LocalNode(*client);
  const std::string self = SelfAddress(*client);
  NeedOk("cpg_join", client->Join(group));
  NeedOk("cpg_finalize", client->Finalize());
  auto asker = Connect(context);
  std::vector<std::string> all;
  HoldsAfterRounds(
      [&] {
        Need(peer->Seen(&told));
        all.insert(all.end(), told.begin(), told.end());
        return all.size() >= 2;
      },
      [&] { DispatchWaiting(*asker); });
  if (all.size() != 2 ||
      all[0].find("joined=[" + self + ":JOIN] left=[]") == std::string::npos ||
      all[1] != ChangeText(node, group, {},
                           {{SelfProcess(), CPG_REASON_PROCDOWN}},
                           {ProcessOf(*peer)})) {
    context.Fail("CONF-05",
                 Report("cpg_join and at once cpg_finalize, as another member "
                        "sees it",
                        "a change with it as joined, then one with it as left "
                        "with reason PROCDOWN",
                        conformance::Join(all)));
  }
}

// CONF-02, CONF-03

// Reads a list of changes with a list of members in hand.
void CheckLists(CaseContext& context, const std::vector<CallbackRecord>& all) {
  std::vector<uint32_t> members;
  for (const CallbackRecord& record : all) {
    if (record.kind != CallbackRecord::Kind::kConfiguration) {
      continue;
    }
    for (const cpg_address& address : record.left) {
      std::erase(members, address.pid);
    }
    for (const cpg_address& address : record.joined) {
      members.push_back(address.pid);
    }
    std::vector<uint32_t> listed;
    for (const cpg_address& address : record.members) {
      listed.push_back(address.pid);
    }
    // The first change tells a new member of those who were there before.
    if (&record == &all.front()) {
      members = listed;
    }
    std::ranges::sort(members);
    std::ranges::sort(listed);
    if (listed != members) {
      context.Fail("CONF-03",
                   Report("a sequence of joins, leaves and ends",
                          "the members before, without the left, with the "
                          "joined",
                          harness::DescribeRecord(record)));
    }
  }
}

void ListsOfASequence(CaseContext& context) {
  const std::string group = UniqueGroup("lists");
  std::vector<std::unique_ptr<Peer>> peers;
  for (int i = 0; i < 3; ++i) {
    peers.push_back(StartPeer(context));
  }
  const uint32_t one = ProcessOf(*peers[0]);
  const uint32_t two = ProcessOf(*peers[1]);
  const uint32_t three = ProcessOf(*peers[2]);
  const uint32_t self = SelfProcess();
  Need(peers[0]->Join(group));
  auto client = Connect(context);
  JoinAndSettle(*client, group);
  Need(peers[1]->Join(group));
  Need(peers[0]->Leave(group));
  DispatchUntil(*client, 0, LeaveOf(one));
  Need(peers[2]->Join(group));
  peers[1]->Kill();
  DispatchUntil(*client, 0, LeaveOf(two));
  Need(peers[2]->Finalize());
  DispatchUntil(*client, 0, LeaveOf(three));
  DispatchThroughBarrier(*client);
  const uint32_t node = LocalNode(*client);
  ExpectTexts(
      context, "CONF-02", "joins, leaves and ends of three other processes",
      {ChangeText(node, group, {{self, CPG_REASON_JOIN}}, {}, {one, self}),
       ChangeText(node, group, {{two, CPG_REASON_JOIN}}, {}, {one, two, self}),
       ChangeText(node, group, {}, {{one, CPG_REASON_LEAVE}}, {two, self}),
       ChangeText(node, group, {{three, CPG_REASON_JOIN}}, {},
                  {two, three, self}),
       ChangeText(node, group, {}, {{two, CPG_REASON_PROCDOWN}}, {three, self}),
       ChangeText(node, group, {}, {{three, CPG_REASON_PROCDOWN}}, {self})},
      ChangesIn(OrderedTexts(*client)));
  CheckLists(context, client->Records());
}

// CONF-06

void EachMemberIsTold(CaseContext& context) {
  const std::string group = UniqueGroup("each");
  const auto first = StartPeer(context);
  const auto second = StartPeer(context);
  const auto moves = StartPeer(context);
  Need(first->Join(group));
  Need(second->Join(group));
  auto client = Connect(context);
  JoinAndSettle(*client, group);
  const std::string address = Address(LocalNode(*client), ProcessOf(*moves));
  std::vector<std::string> told;
  Need(first->Seen(&told));
  Need(second->Seen(&told));
  DispatchThroughBarrier(*client);
  const size_t seen = client->RecordCount();
  Need(moves->Join(group));
  Need(moves->Leave(group));
  const auto expect = [&](const char* member,
                          const std::vector<std::string>& texts) {
    std::vector<std::string> changes = ChangesIn(texts);
    const bool both =
        changes.size() == 2 &&
        changes[0].find("joined=[" + address + ":JOIN] left=[]") !=
            std::string::npos &&
        changes[1].find("joined=[] left=[" + address + ":LEAVE]") !=
            std::string::npos;
    if (!both) {
      context.Fail("CONF-06",
                   Report(fmt::format("join and leave of a process, as {} "
                                      "sees it",
                                      member),
                          "one change with it as joined and one with it as "
                          "left",
                          conformance::Join(changes)));
    }
  };
  DispatchThroughBarrier(*client);
  expect("this member", OrderedTexts(*client, seen));
  Need(first->Seen(&told));
  expect("a second member", told);
  Need(second->Seen(&told));
  expect("a third member", told);
}

// A connection is told of its own group only, or of none.
void OthersAreNotTold(CaseContext& context) {
  const std::string group = UniqueGroup("theirs");
  const std::string own = UniqueGroup("ours");
  const auto peer = StartPeer(context);
  auto member = Connect(context);
  auto elsewhere = Connect(context);
  auto unjoined = Connect(context);
  JoinAndSettle(*member, group);
  JoinAndSettle(*elsewhere, own);
  const size_t seen = elsewhere->RecordCount();
  Need(peer->Join(group));
  Need(peer->Leave(group));
  DispatchUntil(*member, 0, LeaveOf(ProcessOf(*peer)));
  DispatchWaiting(*elsewhere);
  DispatchWaiting(*unjoined);
  ExpectTexts(context, "CONF-06",
              "join and leave of a process, as a connection of another group "
              "sees it",
              {}, Texts(*elsewhere, seen));
  ExpectTexts(context, "CONF-06",
              "join and leave of a process, as a connection that has not "
              "joined sees it",
              {}, Texts(*unjoined));
}

// ORD-03

// Messages and changes wait, then are dispatched by `type`.
void Backlog(CaseContext& context, int type) {
  constexpr int kRounds = 8;
  const std::string group = UniqueGroup("backlog");
  const auto writes = StartPeer(context);
  const auto moves = StartPeer(context);
  Need(writes->Join(group));
  auto client = Connect(context);
  JoinAndSettle(*client, group);
  const size_t seen = client->RecordCount();
  const uint32_t node = LocalNode(*client);
  std::vector<std::string> owed;
  const auto message = [&](const std::string& name, size_t size) {
    Need(writes->Multicast(name, size));
    owed.push_back(fmt::format("message {} from {}:{} in {}", name, node,
                               ProcessOf(*writes), group));
  };
  const std::vector<uint32_t> stay = {ProcessOf(*writes), SelfProcess()};
  std::vector<uint32_t> all = stay;
  all.push_back(ProcessOf(*moves));
  for (int i = 0; i < kRounds; ++i) {
    message(fmt::format("small{}", i), harness::kSmallMessageSize);
    message(fmt::format("next{}", i), harness::kSmallMessageSize);
    Need(moves->Join(group));
    owed.push_back(ChangeText(node, group,
                              {{ProcessOf(*moves), CPG_REASON_JOIN}}, {}, all));
    message(fmt::format("large{}", i), 20000);
    Need(moves->Leave(group));
    Need(moves->Finalize());
    owed.push_back(ChangeText(node, group, {},
                              {{ProcessOf(*moves), CPG_REASON_LEAVE}}, stay));
  }
  message("last", harness::kSmallMessageSize);
  while (client->RecordCount() < seen + owed.size() &&
         client->WaitReadable(kWaitDeadline) &&
         client->Dispatch(type) == CS_OK) {
  }
  ExpectTexts(context, "ORD-03",
              fmt::format("cpg_dispatch, type {}, with {} events waiting", type,
                          owed.size()),
              owed, OrderedTexts(*client, seen));
}

}  // namespace

void RegisterChangeCases() {
  const auto add = [](const char* name, CaseBody body,
                      std::vector<std::string> requirements) {
    RegisterCase({.name = name,
                  .requirements = std::move(requirements),
                  .profile = "api"},
                 std::move(body));
  };
  const auto departs = [&add](const char* name, const char* requirement,
                              const Departure& departure) {
    add(name,
        [requirement, departure](CaseContext& context) {
          JoinAndDeparture(context, requirement, departure);
        },
        {requirement});
  };
  add("CONF-01/OwnJoinAndLeave", OwnJoinAndLeave, {"CONF-01"});
  departs("CONF-01/JoinAndLeave", "CONF-01", Leaves());
  departs("CONF-01/JoinLeaveAndFinalize", "CONF-01", LeavesAndFinalizes());
  departs("CONF-01/JoinLeaveAndKill", "CONF-01", LeavesAndIsKilled());
  departs("CONF-05/Finalized", "CONF-05", Finalizes());
  departs("CONF-05/Killed", "CONF-05", IsKilled());
  departs("CONF-05/Exited", "CONF-05", Exits());
  add("CONF-05/FinalizedBeforeItsOwnChange", FinalizedBeforeItsOwnChange,
      {"CONF-05"});
  add("CONF-02/ListsOfASequence", ListsOfASequence, {"CONF-02", "CONF-03"});
  add("CONF-06/EachMemberIsTold", EachMemberIsTold, {"CONF-06"});
  add("CONF-06/OthersAreNotTold", OthersAreNotTold, {"CONF-06"});
  add("ORD-03/Backlog/One",
      [](CaseContext& context) { Backlog(context, CS_DISPATCH_ONE); },
      {"ORD-03"});
  add("ORD-03/Backlog/OneNonblocking",
      [](CaseContext& context) {
        Backlog(context, CS_DISPATCH_ONE_NONBLOCKING);
      },
      {"ORD-03"});
  add("ORD-03/Backlog/All",
      [](CaseContext& context) { Backlog(context, CS_DISPATCH_ALL); },
      {"ORD-03"});
}

}  // namespace cpgcert::conformance::groups
