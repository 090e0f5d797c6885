#include "conformance/history/recorded.h"

#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "harness/swarm/swarm.h"

namespace cpgcert::conformance::history {
namespace {

using harness::SwarmEvent;
using harness::SwarmMember;
using Call = SwarmEvent::Call;
using Kind = Event::Kind;

// A member of process 7 on node 1.
SwarmMember Member(SwarmMember::End end, std::vector<SwarmEvent> events) {
  return {.process = 7, .node = 1, .end = end, .events = std::move(events)};
}

SwarmEvent Begin(Call call, const std::string& text, uint32_t connection = 0) {
  return {.kind = SwarmEvent::Kind::kCallBegin,
          .call = call,
          .connection = connection,
          .text = text,
          .size = 3};
}

SwarmEvent Return(Call call, cs_error_t result = CS_OK,
                  uint32_t connection = 0) {
  return {.kind = SwarmEvent::Kind::kCallEnd,
          .call = call,
          .connection = connection,
          .result = result};
}

SwarmEvent Change(uint32_t connection = 0) {
  return {.kind = SwarmEvent::Kind::kChange,
          .connection = connection,
          .group = "group",
          .members = {{1, 7, 0}, {1, 8, 0}},
          .left = {{1, 9, CPG_REASON_LEAVE}},
          .joined = {{1, 8, CPG_REASON_JOIN}}};
}

TEST(FromRecordsTest, CallsAndCallbacksBecomeEvents) {
  const History history =
      FromRecords({Member(SwarmMember::End::kCompleted,
                          {Begin(Call::kInitialize, ""),
                           Return(Call::kInitialize),
                           Begin(Call::kJoin, "group"),
                           Return(Call::kJoin),
                           Change(),
                           Begin(Call::kMulticast, "m-0"),
                           // Given before the call returned.
                           {.kind = SwarmEvent::Kind::kMessage,
                            .text = "m-0",
                            .group = "group",
                            .node = 1,
                            .process = 7},
                           Return(Call::kMulticast, CS_ERR_INTERRUPT)})},
                  "group");
  EXPECT_EQ(history.group, "group");
  ASSERT_EQ(history.sessions.size(), 1U);
  const Session& session = history.sessions[0];
  EXPECT_EQ(session.name, "m0");
  EXPECT_EQ(session.self, (Address{.node = 1, .process = 7}));
  EXPECT_EQ(session.end, Session::End::kStayed);
  ASSERT_EQ(session.events.size(), 4U);
  EXPECT_EQ(session.events[0].kind, Kind::kJoin);
  EXPECT_TRUE(session.events[0].returned);
  const Event& change = session.events[1];
  EXPECT_EQ(change.kind, Kind::kChange);
  EXPECT_EQ(change.members.size(), 2U);
  EXPECT_EQ(change.left[0].reason, uint32_t{CPG_REASON_LEAVE});
  EXPECT_EQ(change.joined[0].address.process, 8U);
  const Event& multicast = session.events[2];
  EXPECT_EQ(multicast.kind, Kind::kMulticast);
  EXPECT_EQ(multicast.message, "m-0");
  EXPECT_EQ(multicast.size, 3U);
  EXPECT_TRUE(multicast.returned);
  EXPECT_EQ(multicast.result, CS_ERR_INTERRUPT);
  EXPECT_EQ(session.events[3].kind, Kind::kMessage);
  EXPECT_EQ(session.events[3].sender, session.self);
}

TEST(FromRecordsTest, EachConnectionOfTheGroupIsASession) {
  const History history = FromRecords(
      {Member(SwarmMember::End::kCompleted,
              {Begin(Call::kJoin, "group"), Return(Call::kJoin),
               Begin(Call::kJoin, "other", 1), Return(Call::kJoin, CS_OK, 1),
               Change(1), Begin(Call::kFinalize, ""), Return(Call::kFinalize),
               Begin(Call::kJoin, "group", 2), Return(Call::kJoin, CS_OK, 2)})},
      "group");
  ASSERT_EQ(history.sessions.size(), 2U);
  EXPECT_EQ(history.sessions[0].name, "m0");
  EXPECT_EQ(history.sessions[0].end, Session::End::kEnded);
  EXPECT_EQ(history.sessions[0].events.size(), 2U);
  EXPECT_EQ(history.sessions[1].name, "m0's connection 2");
  EXPECT_EQ(history.sessions[1].end, Session::End::kStayed);
}

TEST(FromRecordsTest, HowARecordEnds) {
  const std::vector<SwarmEvent> joined = {Begin(Call::kJoin, "group"),
                                          Return(Call::kJoin)};
  const std::vector<SwarmEvent> leaving = {Begin(Call::kJoin, "group"),
                                           Return(Call::kJoin),
                                           Begin(Call::kLeave, "group")};
  SwarmMember cut = Member(SwarmMember::End::kGaveUp, joined);
  cut.end_text = "waited in vain";
  cut.overflowed = true;
  const History history =
      FromRecords({Member(SwarmMember::End::kKilled, joined),
                   Member(SwarmMember::End::kExited, joined),
                   Member(SwarmMember::End::kKilled, leaving), cut},
                  "group");
  ASSERT_EQ(history.sessions.size(), 4U);
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(history.sessions[i].end, Session::End::kEnded);
  }
  EXPECT_FALSE(history.sessions[2].events.back().returned);
  EXPECT_EQ(history.sessions[3].end, Session::End::kCut);
  EXPECT_EQ(history.sessions[3].cut, "waited in vain");
  EXPECT_TRUE(history.sessions[3].overflowed);
}

}  // namespace
}  // namespace cpgcert::conformance::history
