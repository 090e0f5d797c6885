#include "harness/swarm/swarm.h"

#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "harness/inside_worker.h"
#include "harness/member_census.h"
#include "harness/swarm/swarm_record.h"

namespace cpgcert::harness {
namespace {

using Kind = SwarmStep::Kind;
using End = SwarmMember::End;
using Call = SwarmEvent::Call;

constexpr char kLibrary[] = "libcpg.so.4";
constexpr size_t kMegabyte = size_t{1} << 20;

const SwarmProgram kJoinAlone = {{.kind = Kind::kConnect},
                                 {.kind = Kind::kJoin, .text = "group"}};

SwarmProgram After(const SwarmProgram& begin, const SwarmProgram& rest) {
  SwarmProgram program = begin;
  program.insert(program.end(), rest.begin(), rest.end());
  return program;
}

std::string Text(const std::vector<cpg_address>& list) {
  std::string text;
  for (const cpg_address& address : list) {
    text += fmt::format(" {}/{}", address.pid, address.reason);
  }
  return text;
}

std::string Text(const SwarmEvent& event) {
  switch (event.kind) {
    case SwarmEvent::Kind::kCallBegin:
      return fmt::format("call {} {} {}", static_cast<int>(event.call),
                         event.text, event.size);
    case SwarmEvent::Kind::kCallEnd:
      return fmt::format("return {}", static_cast<int>(event.result));
    case SwarmEvent::Kind::kMessage:
      return fmt::format("{}: {} from {}", event.group, event.text,
                         event.process);
    case SwarmEvent::Kind::kChange:
      return fmt::format("{}: members{}; left{}; joined{}", event.group,
                         Text(event.members), Text(event.left),
                         Text(event.joined));
    case SwarmEvent::Kind::kEnd:
      break;
  }
  return "end " + event.text;
}

std::vector<std::string> Texts(const SwarmMember& member) {
  std::vector<std::string> texts;
  for (const SwarmEvent& event : member.events) {
    texts.push_back(Text(event));
  }
  return texts;
}

// ---- The record.

TEST(SwarmRecordTest, GivesBackWhatWasWritten) {
  SwarmRecord record(4096);
  const SwarmEvent event{.kind = SwarmEvent::Kind::kChange,
                         .call = Call::kJoin,
                         .connection = 3,
                         .text = "text",
                         .size = 5,
                         .result = CS_ERR_TRY_AGAIN,
                         .group = "group",
                         .node = 1,
                         .process = 2,
                         .members = {{1, 2, 0}, {3, 4, 0}},
                         .left = {},
                         .joined = {{5, 6, 1}}};
  record.Append(event);
  record.Append({.kind = SwarmEvent::Kind::kEnd, .text = "end"});
  ASSERT_EQ(record.Events().size(), 2U);
  EXPECT_EQ(Text(record.Events()[0]),
            "group: members 2/0 4/0; left; joined 6/1");
  EXPECT_EQ(record.Events()[0].connection, 3U);
  EXPECT_EQ(record.Events()[0].result, CS_ERR_TRY_AGAIN);
  EXPECT_EQ(Text(record.Events()[1]), "end end");
  EXPECT_FALSE(record.overflowed());
}

TEST(SwarmRecordTest, WhatHasNoRoomIsMissedAndSoIsWhatFollows) {
  SwarmRecord record(300);
  record.Append({.text = "short"});
  record.Append({.text = std::string(1000, 'x')});
  record.Append({.text = "short"});
  EXPECT_EQ(record.Events().size(), 1U);
  EXPECT_TRUE(record.overflowed());
}

// ---- Members.

TEST(SwarmTest, RecordsWhatAMemberCallsAndIsGiven) {
  InsideWithService([](Corosync*) {
    Swarm swarm(kLibrary);
    ASSERT_EQ(
        swarm.Start(After(
            kJoinAlone,
            {{.kind = Kind::kMulticast, .text = "m", .count = 2, .sizes = {9}},
             {.kind = Kind::kAwaitMessages, .text = "m", .count = 2},
             {.kind = Kind::kLeave, .text = "group"},
             {.kind = Kind::kFinalize}})),
        0);
    swarm.WaitAllEnded();
    const SwarmMember member = swarm.Member(0);
    EXPECT_EQ(member.end, End::kCompleted) << member.end_text;
    EXPECT_EQ(member.node, 1U);
    EXPECT_FALSE(member.overflowed);
    const std::string own = std::to_string(member.process);
    std::vector<std::string> calls;
    std::vector<std::string> given;
    for (const std::string& text : Texts(member)) {
      (text.starts_with("group") ? given : calls).push_back(text);
    }
    EXPECT_EQ(calls,
              (std::vector<std::string>{
                  "call 1  0", "return 1", "call 2 group 0", "return 1",
                  "call 3 m-0 9", "return 1", "call 3 m-1 9", "return 1",
                  "call 4 group 0", "return 1", "call 5  0", "return 1"}));
    EXPECT_EQ(given,
              (std::vector<std::string>{
                  "group: members " + own + "/0; left; joined " + own + "/1",
                  "group: m-0 from " + own, "group: m-1 from " + own,
                  "group: members; left " + own + "/2; joined"}));
  });
}

TEST(SwarmTest, ADeadMemberKeepsItsRecord) {
  InsideWithService([](Corosync*) {
    Swarm swarm(kLibrary);
    swarm.Start(
        After(kJoinAlone, {{.kind = Kind::kAwaitMembers, .count = 3},
                           {.kind = Kind::kAwaitDepartures, .count = 2}}));
    swarm.Start(After(kJoinAlone, {{.kind = Kind::kAwaitMembers, .count = 3},
                                   {.kind = Kind::kKill}}));
    swarm.Start(After(kJoinAlone, {{.kind = Kind::kAwaitMembers, .count = 3},
                                   {.kind = Kind::kExit}}));
    swarm.WaitAllEnded();
    EXPECT_EQ(swarm.Member(0).end, End::kCompleted);
    EXPECT_EQ(swarm.Member(1).end, End::kKilled);
    EXPECT_EQ(swarm.Member(2).end, End::kExited);
    for (int i = 1; i < swarm.size(); ++i) {
      const std::vector<SwarmEvent> events = swarm.Member(i).events;
      EXPECT_TRUE(std::ranges::any_of(events, [](const SwarmEvent& event) {
        return event.members.size() == 3;
      }));
    }
  });
}

TEST(SwarmTest, IsKilledInsideACall) {
  InsideWithService([](Corosync*) {
    Swarm swarm(kLibrary);
    swarm.Start(After(kJoinAlone, {{.kind = Kind::kMulticast,
                                    .text = "m",
                                    .count = 1000,
                                    .sizes = {10, 20 * kMegabyte}},
                                   {.kind = Kind::kExit}}));
    EXPECT_TRUE(swarm.KillDuring(0, kMegabyte, 1));
    const SwarmMember member = swarm.Member(0);
    EXPECT_EQ(member.end, End::kKilled);
    EXPECT_EQ(Text(member.events.back()),
              fmt::format("call 3 m-1 {}", 20 * kMegabyte));
  });
}

TEST(SwarmTest, ConnectionsOfOneMemberAreSeveralMemberships) {
  InsideWithService([](Corosync*) {
    Swarm swarm(kLibrary);
    swarm.Start({{.kind = Kind::kConnect},
                 {.kind = Kind::kConnect, .connection = 1},
                 {.kind = Kind::kJoin, .text = "one"},
                 {.kind = Kind::kJoin, .connection = 1, .text = "two"},
                 {.kind = Kind::kMulticast, .connection = 1, .text = "m"},
                 {.kind = Kind::kAwaitMessages, .connection = 1, .text = "m"}});
    swarm.WaitAllEnded();
    const SwarmMember member = swarm.Member(0);
    EXPECT_EQ(member.end, End::kCompleted) << member.end_text;
    const SwarmEvent& last = member.events.back();
    EXPECT_EQ(last.connection, 1U);
    EXPECT_EQ(last.group, "two");
    EXPECT_EQ(last.text, "m-0");
  });
}

TEST(SwarmTest, GoesOnWhenItIsPermitted) {
  InsideWithService([](Corosync* service) {
    Swarm swarm(kLibrary);
    swarm.Start({{.kind = Kind::kConnect},
                 {.kind = Kind::kAwaitPermit},
                 {.kind = Kind::kJoin, .text = "group"}});
    ASSERT_TRUE(swarm.WaitSteps(0, 1));
    ASSERT_EQ(service->Stop(), "");
    swarm.Permit(0);
    EXPECT_TRUE(swarm.WaitAsleepIn(0, Call::kJoin));
    ASSERT_EQ(service->Resume(), "");
    EXPECT_TRUE(swarm.WaitSteps(0, 3));
    swarm.WaitAllEnded();
    EXPECT_EQ(swarm.Member(0).end, End::kCompleted);
    EXPECT_FALSE(swarm.WaitSteps(0, 4));
  });
}

TEST(SwarmTest, MembersEndWithTheirOwner) {
  InsideWithService([](Corosync*) {
    Swarm swarm(kLibrary);
    swarm.Start(
        After(kJoinAlone, {{.kind = Kind::kAwaitMessages, .text = "none"}}));
    ASSERT_TRUE(swarm.WaitSteps(0, 2));
    Swarm::EndAll();
    EXPECT_EQ(kill(swarm.Member(0).process, 0), -1);
    EXPECT_EQ(errno, ESRCH);
    MemberCensus census;
    EXPECT_EQ(census.WaitNobody(kFarAway), "");
  });
}

// ---- What goes wrong.

TEST(SwarmTest, AMemberThatCannotGoOnSaysWhy) {
  InsideWorker([] {
    Swarm swarm(kLibrary);
    swarm.Start(kJoinAlone);
    swarm.WaitAllEnded();
    EXPECT_EQ(swarm.Member(0).end, End::kGaveUp);
    EXPECT_TRUE(
        swarm.Member(0).end_text.starts_with("cpg_initialize answered CS_ERR_"))
        << swarm.Member(0).end_text;
  });
  Swarm swarm("/nowhere/lib.so");
  swarm.Start(kJoinAlone);
  swarm.WaitAllEnded();
  EXPECT_EQ(swarm.Member(0).end, End::kGaveUp);
  EXPECT_TRUE(swarm.Member(0).end_text.starts_with("/nowhere/lib.so: "));
  EXPECT_TRUE(swarm.Member(0).events.empty());
}

TEST(SwarmTest, ALibraryThatLacksAFunctionIsNotCalled) {
  Swarm swarm("libc.so.6");
  swarm.Start(kJoinAlone);
  swarm.WaitAllEnded();
  EXPECT_EQ(swarm.Member(0).end, End::kGaveUp);
  EXPECT_EQ(swarm.Member(0).end_text, "cpg_initialize is not exported");
  EXPECT_TRUE(swarm.Member(0).events.empty());
}

TEST(SwarmTest, ACrashTakesDownTheOthers) {
  InsideWithService([](Corosync*) {
    Swarm swarm(kLibrary);
    swarm.Start(
        After(kJoinAlone, {{.kind = Kind::kAwaitMessages, .text = "none"}}));
    ASSERT_TRUE(swarm.WaitSteps(0, 2));
    swarm.Start(kJoinAlone);
    const int crashing = swarm.Start(
        After(kJoinAlone, {{.kind = Kind::kConnect,
                            .connection = Swarm::kConnectionsMax}}));  // aborts
    swarm.WaitAllEnded();
    EXPECT_EQ(swarm.Member(crashing).end, End::kCrashed);
    EXPECT_EQ(swarm.Member(crashing).end_text, "killed by signal 6 (SIGABRT)");
    EXPECT_EQ(swarm.Member(0).end, End::kTakenDown);
    EXPECT_NE(swarm.Member(0).end_text.find("system call"), std::string::npos);
  });
}

}  // namespace
}  // namespace cpgcert::harness
