// Joining again: after a finalize, after a leave, on the same handle or on
// another connection.

#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "conformance/groups/topics.h"
#include "conformance/groups/words.h"
#include "harness/thread_watch.h"
#include "harness/trace/trace.h"

namespace cpgcert::conformance::groups {

namespace {

using harness::CallbackRecord;
using harness::Client;
using harness::Peer;

// Leaves, and dispatches the own change.
void LeaveAndSettle(Client& client, std::string_view group) {
  const size_t seen = client.RecordCount();
  NeedOk("cpg_leave", client.Leave(group));
  if (!DispatchUntil(client, seen, LeaveOf(SelfProcess()))) {
    CaseContext::Untested("the change of the own cpg_leave did not come");
  }
}

// Fails `requirement` unless this process is a member: it was told so, the
// service says so, and nothing told it that it has left.
bool ExpectMember(CaseContext& context, std::string_view requirement,
                  const std::string& call, Client& client, size_t seen,
                  std::string_view group) {
  const std::string owed =
      "the membership of this process, from its own "
      "change on until it leaves";
  if (!DispatchUntil(client, seen, JoinOf(SelfProcess()))) {
    context.Fail(requirement, Report(call, owed, "no change of the own join"));
    return false;
  }
  DispatchThroughBarrier(client);
  const std::vector<CallbackRecord> records = client.Records();
  const bool left = std::any_of(records.begin() + static_cast<int64_t>(seen),
                                records.end(), LeaveOf(SelfProcess()));
  const std::vector<std::string> members = MembersOf(client, group);
  if (left ||
      std::ranges::find(members, SelfAddress(client)) == members.end()) {
    context.Fail(requirement,
                 Report(call, owed,
                        fmt::format("{}; cpg_membership_get: {}",
                                    conformance::Join(Texts(client, seen)),
                                    conformance::Join(members))));
    return false;
  }
  return true;
}

// JOIN-04

// "joined" and "left" of this process, as another member was told; anything
// else in full.
std::vector<std::string> Steps(const std::vector<std::string>& told,
                               const std::string& self) {
  std::vector<std::string> steps;
  for (const std::string& text : told) {
    if (text.find("joined=[" + self + ":JOIN] left=[]") != std::string::npos) {
      steps.emplace_back("joined");
    } else if (text.find("joined=[] left=[" + self + ":PROCDOWN]") !=
               std::string::npos) {
      steps.emplace_back("left");
    } else {
      steps.push_back(text);
    }
  }
  return steps;
}

// One connection after the other: each ends without cpg_leave.
void FinalizeThenNewConnection(CaseContext& context) {
  const std::string group = UniqueGroup("again");
  constexpr int kTries = 10;
  const auto peer = StartPeer(context);
  Need(peer->Join(group));
  std::vector<std::string> told;
  Need(peer->Seen(&told));
  std::vector<std::string> owed;
  std::string self;
  for (int i = 0; i < kTries; ++i) {
    const auto client = Connect(context);
    const std::string call = "cpg_join on a new connection, after a finalize";
    if (!ExpectOk(context, "JOIN-04", call, client->Join(group)) ||
        !ExpectMember(context, "JOIN-04", call, *client, 0, group)) {
      return;
    }
    self = SelfAddress(*client);
    owed.insert(owed.end(), {"joined", "left"});
    if (i + 1 < kTries) {
      NeedOk("cpg_finalize", client->Finalize());
    }
  }
  owed.pop_back();  // the last one is still a member
  Need(peer->Seen(&told));
  std::erase_if(told, [](const std::string& text) {
    return text.starts_with("message barrier");
  });
  ExpectTexts(context, "JOIN-04",
              "cpg_join and cpg_finalize in turn, as another member sees it",
              owed, Steps(told, self));
}

// One connection joins and is finalized, another one, which is there already,
// joins at once. `settled`: the first had seen its own change. False if the
// second was refused.
bool JoinFinalizeAndJoin(CaseContext& context, const std::string& call,
                         Client& second, const std::string& group,
                         bool settled) {
  const auto first = Connect(context);
  NeedOk("cpg_join", first->Join(group));
  if (settled) {
    DispatchUntil(*first, 0, JoinOf(SelfProcess()));
  }
  NeedOk("cpg_finalize", first->Finalize());
  return ExpectOk(context, "JOIN-04", call, second.Join(group));
}

void FinalizeThenWaitingConnection(CaseContext& context, bool settled) {
  constexpr int kAtOnce = 5;
  // What is not yet settled races with the service.
  const int batches = settled ? 2 : 16;
  const std::string call =
      "cpg_join on another connection, at once after a finalize";
  const std::string witnessed = UniqueGroup("witness");
  const auto helper = StartPeer(context);
  auto witness = Connect(context);
  JoinAndSettle(*witness, witnessed);
  for (int batch = 0; batch < batches; ++batch) {
    std::vector<std::unique_ptr<Client>> joined;
    std::vector<std::string> groups;
    for (int i = 0; i < kAtOnce; ++i) {
      joined.push_back(Connect(context));
      groups.push_back(UniqueGroup(fmt::format("wait{}x{}of", batch, i)));
      if (!settled) {
        QueueMessages(*witness);
      }
      if (!JoinFinalizeAndJoin(context, call, *joined.back(), groups.back(),
                               settled)) {
        return;
      }
    }
    // Whatever the finalizes were to bring about has come by then.
    DepartureRound(*helper, *witness, witnessed);
    for (int i = 0; i < kAtOnce; ++i) {
      if (!ExpectMember(context, "JOIN-04", call, *joined[i], 0, groups[i])) {
        return;
      }
      NeedOk("cpg_finalize", joined[i]->Finalize());
    }
  }
}

// JOIN-08

// cpg_join that may not come back; TRY_AGAIN is as good as any answer.
class WatchedJoin {
 public:
  WatchedJoin(Client& client, std::string_view group)
      : call_([api = &client.api(), handle = client.handle(),
               name = RawName(group),
               this] { result_ = api->join(handle, &name); }) {}

  // False if it has not returned after many later events and a time that no
  // service needs for them. `witness` and `helper` see to the events.
  bool Returns(Peer& helper, Client& witness, std::string_view witnessed) {
    return HoldsAfterRounds(
               [this] { return call_.returned(); },
               [&] { DepartureRound(helper, witness, witnessed); }) ||
           call_.WaitReturned(kReturnDeadline);
  }
  // REQUIRES: it has returned.
  cs_error_t result() const { return result_; }
  // Gives up a call that does not return and says what it does. The object
  // must last until the process ends.
  std::string GiveUp() {
    const std::string text = Describe(call_.Settle(kReturnDeadline));
    call_.Abandon();
    return text;
  }

 private:
  static constexpr std::chrono::milliseconds kReturnDeadline{1000};
  cs_error_t result_ = CS_OK;
  harness::WatchedCall call_;
};

// What the join of a handle that has left answers. Fails JOIN-08 and returns
// false if nothing.
bool JoinAnswers(CaseContext& context, const std::string& call, Client& client,
                 std::string_view group, Peer& helper, cs_error_t* answer) {
  const std::string witnessed = UniqueGroup("witness");
  auto witness = Connect(context);
  JoinAndSettle(*witness, witnessed);
  harness::trace::Deadline end(kWaitDeadline);
  do {
    auto join = std::make_unique<WatchedJoin>(client, group);
    if (!join->Returns(helper, *witness, witnessed)) {
      context.Fail("JOIN-08", Report(call, "an answer",
                                     "none; its thread is " + join->GiveUp()));
      (void)join.release();  // the thread uses it
      return false;
    }
    *answer = join->result();
  } while (*answer == CS_ERR_TRY_AGAIN && !end.Passed());
  return true;
}

void SameHandleAfterLeave(CaseContext& context, bool same_group) {
  const std::string group = UniqueGroup("left");
  const auto peer = StartPeer(context);
  const auto helper = StartPeer(context);
  Need(peer->Join(group));
  auto client = Connect(context);
  JoinAndSettle(*client, group);
  LeaveAndSettle(*client, group);
  const std::string wanted = same_group ? group : UniqueGroup("next");
  ErrorOracle oracle(context, *client, wanted, peer.get());
  const std::string call = fmt::format(
      "cpg_join of {} group on a handle whose own leave was announced",
      same_group ? "the same" : "another");
  const size_t seen = client->RecordCount();
  cs_error_t answer = CS_OK;
  if (!JoinAnswers(context, call, *client, wanted, *helper, &answer)) {
    return;
  }
  if (answer == CS_OK) {
    context.Note("the handle can join again");
    ExpectMember(context, "JOIN-08", call, *client, seen, wanted);
    return;
  }
  context.Note("the handle has had its one join: " +
               harness::ErrorName(answer));
  ExpectOneOf(context, "JOIN-08", call, answer,
              {CS_OK, CS_ERR_INVALID_PARAM, CS_ERR_EXIST});
  oracle.NothingHappened(call);
}

// JOIN-11

void OtherConnectionAfterLeave(CaseContext& context, bool finalized) {
  const std::string group = UniqueGroup("left");
  auto first = Connect(context);
  JoinAndSettle(*first, group);
  LeaveAndSettle(*first, group);
  if (finalized) {
    NeedOk("cpg_finalize", first->Finalize());
  }
  auto second = Connect(context);
  const std::string call = fmt::format(
      "cpg_join on a new connection, after the own leave was announced on "
      "another, which is {}",
      finalized ? "finalized" : "still open");
  if (ExpectOk(context, "JOIN-11", call, second->Join(group))) {
    ExpectMember(context, "JOIN-11", call, *second, 0, group);
  }
}

}  // namespace

void RegisterRejoinCases() {
  const auto add = [](const char* name, CaseBody body,
                      std::vector<std::string> more = {}) {
    more.insert(more.begin(), std::string(name).substr(0, 7));
    RegisterCase(
        {.name = name, .requirements = std::move(more), .profile = "api"},
        std::move(body));
  };
  add("JOIN-04/NewConnection", FinalizeThenNewConnection);
  add("JOIN-04/WaitingConnection/Joined", [](CaseContext& context) {
    FinalizeThenWaitingConnection(context, true);
  });
  add("JOIN-04/WaitingConnection/JoinUnconfirmed", [](CaseContext& context) {
    FinalizeThenWaitingConnection(context, false);
  });
  add("JOIN-08/SameHandle/SameGroup",
      [](CaseContext& context) { SameHandleAfterLeave(context, true); },
      {"ERR-06"});
  add("JOIN-08/SameHandle/OtherGroup",
      [](CaseContext& context) { SameHandleAfterLeave(context, false); },
      {"ERR-06"});
  add("JOIN-11/NewConnection/LeftHandleFinalized",
      [](CaseContext& context) { OtherConnectionAfterLeave(context, true); });
  add("JOIN-11/NewConnection/LeftHandleOpen",
      [](CaseContext& context) { OtherConnectionAfterLeave(context, false); });
}

}  // namespace cpgcert::conformance::groups
