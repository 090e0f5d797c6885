#include "conformance/history/history_suite.h"

#include <fmt/core.h>

#include <algorithm>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "conformance/case.h"
#include "conformance/history/checker.h"
#include "conformance/history/plan.h"
#include "conformance/history/recorded.h"
#include "harness/service_control.h"
#include "harness/swarm/swarm.h"
#include "harness/trace/trace.h"
#include "harness/verdict.h"

namespace cpgcert::conformance::history {

namespace {

using harness::Swarm;
using harness::SwarmMember;
using harness::SwarmProgram;
using harness::Verdict;
using End = SwarmMember::End;

constexpr size_t kMegabyte = size_t{1} << 20;

// What the case's own process does once all members of the plan have been
// started; may be empty. Returns why the case did not reach its trigger, or "".
using Meanwhile =
    std::function<std::string(CaseContext& context, Swarm& swarm)>;

struct HistoryCase {
  std::string name;
  std::vector<std::string> requirements;
  std::function<Meanwhile(Plan& plan)> script;
  // See History::excuses_joins_amid_fragments.
  bool excuses_joins_amid_fragments = false;
  bool in_two_groups = false;  // see InTwoGroups
};

std::vector<size_t> Ended(const std::vector<SwarmMember>& members, End end) {
  std::vector<size_t> indices;
  for (size_t i = 0; i < members.size(); ++i) {
    if (members[i].end == end) {
      indices.push_back(i);
    }
  }
  return indices;
}

// A crash or hang of a member is one of the implementation.
void CheckEnds(CaseContext& context, const std::vector<SwarmMember>& members) {
  for (const size_t i : Ended(members, End::kCrashed)) {
    throw CaseEnd(Verdict::kCrash,
                  fmt::format("process m{} {}", i, members[i].end_text));
  }
  const std::vector<size_t> gave_up = Ended(members, End::kGaveUp);
  for (const size_t i : gave_up) {
    if (members[i].events.empty()) {
      context.Api(
          harness::SwarmSymbols());  // says what is wrong with the library
    }
  }
  if (!gave_up.empty()) {
    return;  // the others were taken down for it
  }
  for (const size_t i : Ended(members, End::kTakenDown)) {
    throw CaseEnd(Verdict::kHang, fmt::format("process m{} did not end:\n{}", i,
                                              members[i].end_text));
  }
}

void JudgeGroup(CaseContext& context, const HistoryCase& history_case,
                History history) {
  history.excuses_joins_amid_fragments =
      history_case.excuses_joins_amid_fragments;
  const CheckResult result = Check(history);
  if (result.outcome == CheckResult::Outcome::kFail) {
    // A case of another kind may see it too, and speaks for its own promise.
    const auto& decided = history_case.requirements;
    const bool is_own =
        std::ranges::find(decided, result.requirement) != decided.end();
    context.Fail(
        is_own ? result.requirement : decided.front(),
        fmt::format("call: cpg_dispatch of {} members\nowed: {}\n"
                    "came: {}",
                    history.sessions.size(), result.owed, result.came));
  } else if (result.outcome == CheckResult::Outcome::kInconclusive) {
    CaseContext::Untested(result.reason);
  } else if (result.excused > 0) {
    context.Note(
        fmt::format("members that joined while a message in fragments "
                    "was sent were not given it, {} times",
                    result.excused));
  }
}

void Judge(CaseContext& context, const HistoryCase& history_case,
           const std::string& group, const Swarm& swarm) {
  std::vector<SwarmMember> members;
  for (int i = 0; i < swarm.size(); ++i) {
    members.push_back(swarm.Member(i));
  }
  CheckEnds(context, members);
  JudgeGroup(context, history_case, FromRecords(members, group));
  if (history_case.in_two_groups && context.failures().empty()) {
    JudgeGroup(context, history_case,
               FromRecords(members, group + kOtherGroup));
  }
}

void Run(CaseContext& context, const HistoryCase& history_case) {
  Plan plan(fmt::format("history{}", harness::trace::ProcessId()));
  const Meanwhile meanwhile = history_case.script(plan);
  Swarm swarm(context.library());
  std::vector<SwarmProgram> programs = plan.Programs();
  if (history_case.in_two_groups) {
    std::ranges::transform(programs, programs.begin(), InTwoGroups);
  }
  const uint32_t connected_and_joined = history_case.in_two_groups ? 4 : 2;
  bool all_started = true;
  for (size_t i = 0; i < programs.size() && all_started; ++i) {
    if (swarm.Start(programs[i]) < 0) {
      CaseContext::Untested("no further process can be made");
    }
    // The others need a coordinator; one that gives up says why.
    all_started = i > 0 || swarm.WaitSteps(0, connected_and_joined);
  }
  std::string untested;
  if (all_started && meanwhile) {
    untested = meanwhile(context, swarm);
  }
  swarm.WaitAllEnded();
  Judge(context, history_case, plan.group(), swarm);
  if (!untested.empty() && context.failures().empty()) {
    CaseContext::Untested(untested);
  }
}

// `senders` of the members send, the others listen.
Meanwhile Steady(Plan& plan, int members, int senders, Burst burst) {
  for (int i = 1; i < members; ++i) {
    if (i <= senders) {
      burst.text = fmt::format("s{}", i);
      plan.Send(burst);
    } else {
      plan.Listen();
    }
  }
  return {};
}

// Members come and go in every way while others send.
Meanwhile Churn(Plan& plan, int senders, int listeners, int rounds) {
  constexpr int kMessagesMax = 2000;
  const auto add = [](const char* kind, int number) {
    return Burst{.text = fmt::format("{}{}", kind, number), .count = 10};
  };
  for (int i = 0; i < rounds; ++i) {
    plan.LeaveAndRejoin(fmt::format("r{}.", i), 2);
    plan.SendAndLeave(add("l", i));
    plan.SendAndFinalize(add("f", i));
    plan.SendAndExit(add("e", i));
    plan.SendAndKill(add("k", i));
  }
  for (int i = 0; i < senders; ++i) {
    plan.Send({.text = fmt::format("s{}", i),
               .count = kMessagesMax,
               .sizes = {0, 100, 3000},
               .window = 4},
              true);
  }
  for (int i = 0; i < listeners; ++i) {
    plan.Listen();
  }
  return {};
}

// A new process takes the place of one that was killed, while others send.
Meanwhile Replaced(Plan& plan) {
  plan.SendAndKill({.text = "k", .count = 20});
  const int killed = 1;
  plan.Send({.text = "s1", .count = 500, .window = 4});
  plan.Send({.text = "s2", .count = 500, .window = 4});
  for (int i = 0; i < 4; ++i) {
    plan.Listen();
  }
  const SwarmProgram latecomer = plan.Latecomer("n");
  return [latecomer](CaseContext& /*context*/, Swarm& swarm) {
    swarm.WaitEnded(killed);
    swarm.Start(latecomer);
    return "";
  };
}

// Members join and leave while messages in fragments are sent.
Meanwhile FragmentsAmidJoins(Plan& plan) {
  for (int i = 0; i < 2; ++i) {
    plan.Send({.text = fmt::format("s{}", i),
               .count = 100,
               .sizes = {2 * kMegabyte + 100},
               .window = 1},
              true);
  }
  plan.LeaveAndRejoin("r", 5);
  for (int i = 0; i < 4; ++i) {
    plan.Listen();
  }
  return {};
}

// All send as fast as they are let, some messages of the greatest size that is
// sent in one piece and others of many sizes, so that the service's queue is
// filled to every level.
Meanwhile Flood(Plan& plan) {
  for (int i = 0; i < 7; ++i) {
    Burst burst{.text = fmt::format("s{}", i), .dispatch_every = 0};
    if (i < 4) {
      burst.count = 4;
      burst.sizes = {kAtomicSizeMax};
    } else {
      burst.count = 80;
      burst.sizes = {0, 700, 1500, 7000, 11000, 30000, 60000, 100};
    }
    plan.Send(burst);
  }
  return {};
}

// Lets the members make their calls, one after the other, while the service is
// stopped, if it may be.
void LetAllAskAtOnce(const harness::ServiceControl& service, Swarm& swarm,
                     const std::vector<int>& senders, int joiner) {
  using Call = harness::SwarmEvent::Call;
  const bool stops = service.allowed() && service.Stop().empty();
  for (const int sender : senders) {
    swarm.Permit(sender);
    if (stops) {
      swarm.WaitAsleepIn(sender, Call::kMulticast);
    }
  }
  swarm.Permit(joiner);
  if (stops) {
    swarm.WaitAsleepIn(joiner, Call::kJoin);
    service.Resume();
  }
}

// In each round the service finds requests side by side, in this order: two
// messages in fragments, and a join. Whether a message is ordered before the
// join, interrupted by it, or after it, is open; after it, it is owed.
Meanwhile JoinAmidFragments(Plan& plan) {
  constexpr int kJoiners = 2;
  constexpr int kRounds = Swarm::kConnectionsMax;  // of each
  constexpr size_t kSize = kAtomicSizeMax + 100;
  std::vector<int> senders;
  for (const char* text : {"s", "t"}) {
    senders.push_back(plan.SendWhenPermitted(text, kSize, kJoiners * kRounds));
  }
  for (int i = 0; i < 4; ++i) {
    plan.Listen();
  }
  std::vector<SwarmProgram> joiners;
  for (int i = 0; i < kJoiners; ++i) {
    joiners.push_back(plan.JoinWhenPermitted(fmt::format("j{}.", i), kRounds));
  }
  return [senders, joiners](CaseContext& context, Swarm& swarm) {
    for (int i = 0; i < kJoiners; ++i) {
      const int joiner = swarm.Start(joiners[i]);
      for (int round = 0; round < kRounds; ++round) {
        if (!swarm.WaitSteps(senders[0],
                             Plan::SendSteps(i * kRounds + round)) ||
            !swarm.WaitSteps(senders[1],
                             Plan::SendSteps(i * kRounds + round)) ||
            !swarm.WaitSteps(joiner, Plan::JoinSteps(round))) {
          return "";  // one has ended, and says why
        }
        LetAllAskAtOnce(context.service(), swarm, senders, joiner);
      }
    }
    return "";
  };
}

// One after the other dies in the middle of its message.
Meanwhile DiesInFragments(Plan& plan) {
  constexpr size_t kSize = 8 * kMegabyte;
  // How often each has gone to sleep in its call when it is killed.
  const std::vector<uint64_t> points = {0, 1, 2, 4};
  std::vector<int> victims;
  for (size_t i = 0; i < points.size(); ++i) {
    victims.push_back(plan.SendUntilKilled(fmt::format("v{}", i), kSize,
                                           static_cast<int>(i)));
  }
  plan.Send({.text = "s", .count = 2000, .sizes = {10, 2000}, .window = 4},
            true);
  plan.Listen();
  plan.Listen();
  return [points, victims](CaseContext& /*context*/, Swarm& swarm) {
    int inside = 0;
    for (size_t i = 0; i < points.size(); ++i) {
      inside += swarm.KillDuring(victims[i], kSize, points[i]) ? 1 : 0;
    }
    return inside > 0 ? "" : "nobody was killed inside cpg_mcast_joined";
  };
}

// Several depart in one way, at the same time.
using Depart = void (Plan::*)(const Burst&);
Meanwhile Departs(Plan& plan, int count, Depart depart) {
  for (int i = 0; i < count; ++i) {
    (plan.*depart)({.text = fmt::format("d{}", i), .count = 5});
  }
  for (int i = 0; i < 7 - count; ++i) {
    plan.Send({.text = fmt::format("s{}", i), .count = 500, .window = 4}, true);
  }
  return {};
}

std::vector<HistoryCase> OrderCases() {
  const std::vector<std::string> steady = {"ORD-01",  "MCAST-01", "MCAST-02",
                                           "CONF-02", "CONF-03",  "CONF-06"};
  std::vector<std::string> churn = steady;
  churn.insert(churn.end(),
               {"ORD-02", "JOIN-10", "CONF-01", "CONF-05", "FIN-04"});
  std::vector<std::string> backlog = steady;
  backlog.insert(backlog.begin(), "ORD-03");
  return {
      {"ORD-01/Members2/Senders1/Steady", steady,
       [](Plan& plan) { return Steady(plan, 2, 1, {.count = 300}); }},
      {"ORD-01/Members8/Senders4/Steady", steady,
       [](Plan& plan) {
         return Steady(plan, 8, 4,
                       {.count = 250, .sizes = {0, 50, 1000, 5000}});
       }},
      {"ORD-01/Members8/Senders4/TwoGroups",
       {"ORD-01", "MCAST-01", "CONF-06"},
       [](Plan& plan) { return Steady(plan, 8, 4, {.count = 100}); },
       false,
       true},
      {"ORD-01/Members64/Senders8/Steady", steady,
       [](Plan& plan) {
         return Steady(plan, 64, 8, {.count = 40, .sizes = {0, 500}});
       }},
      {"ORD-03/Members8/Senders7/Backlog", backlog,
       [](Plan& plan) {
         return Steady(plan, 8, 7,
                       {.count = 150, .sizes = {0, 3000}, .dispatch_every = 0});
       }},
      {"ORD-01/Members8/Senders2/Churn", churn,
       [](Plan& plan) { return Churn(plan, 2, 0, 1); }},
      {"ORD-01/Members64/Senders8/Churn", churn,
       [](Plan& plan) { return Churn(plan, 8, 25, 6); }},
      {"ORD-02/Members8/Senders2/KilledAndReplaced",
       {"ORD-02", "ORD-01", "MCAST-01", "CONF-03", "CONF-05", "CONF-06",
        "JOIN-10"},
       Replaced},
  };
}

std::vector<HistoryCase> MessageCases() {
  const std::vector<std::string> fragments = {"PART-03", "MCAST-01", "MCAST-02",
                                              "ORD-01"};
  return {
      {"MCAST-01/Members8/Senders7/Flood",
       {"MCAST-01", "MCAST-02", "ORD-01"},
       Flood},
      {"PART-03/Members8/Senders3/Fragments", fragments,
       [](Plan& plan) {
         return Steady(
             plan, 8, 3,
             {.count = 5, .sizes = {2 * kMegabyte, 100, kMegabyte + 77}});
       }},
      {"PART-03/Members8/Senders2/FragmentsAmidJoins", fragments,
       FragmentsAmidJoins, true},
      {"JOIN-10/Members8/Senders2/FragmentsUnderWay",
       {"JOIN-10", "MCAST-01"},
       JoinAmidFragments},
      {"PART-04/Members8/Senders5/DiesInFragments",
       {"PART-04", "MCAST-01", "ORD-01", "CONF-05"},
       DiesInFragments},
  };
}

std::vector<HistoryCase> DepartureCases() {
  return {
      {"CONF-01/Members8/Reasons",
       {"CONF-01", "CONF-03", "CONF-05", "FIN-04", "ORD-01"},
       [](Plan& plan) { return Churn(plan, 2, 1, 1); }},
      {"CONF-01/Members8/Left",
       {"CONF-01", "ORD-02", "MCAST-01"},
       [](Plan& plan) { return Departs(plan, 5, &Plan::SendAndLeave); }},
      {"CONF-05/Members8/Killed",
       {"CONF-05", "CONF-03", "ORD-01"},
       [](Plan& plan) { return Departs(plan, 5, &Plan::SendAndKill); }},
      {"CONF-05/Members8/Exited",
       {"CONF-05", "CONF-03", "ORD-01"},
       [](Plan& plan) { return Departs(plan, 5, &Plan::SendAndExit); }},
      {"FIN-04/Members8/FinalizeWithoutLeave",
       {"FIN-04", "CONF-03", "ORD-01"},
       [](Plan& plan) { return Departs(plan, 5, &Plan::SendAndFinalize); }},
  };
}

}  // namespace

void RegisterHistorySuite() {
  for (const auto& cases : {OrderCases(), MessageCases(), DepartureCases()}) {
    for (const HistoryCase& history_case : cases) {
      RegisterCase(
          {.name = history_case.name,
           .requirements = history_case.requirements,
           .profile = "api"},
          [history_case](CaseContext& context) { Run(context, history_case); });
    }
  }
}

}  // namespace cpgcert::conformance::history
