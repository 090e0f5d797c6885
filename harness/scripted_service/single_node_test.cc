#include "harness/scripted_service/single_node.h"

#include <corosync/corotypes.h>
#include <corosync/cpg.h>

#include "gtest/gtest.h"

namespace cpgcert::harness {
namespace {

using wire::Build;

int32_t ErrorIn(const SingleNode::Answer& answer) {
  return wire::ErrorOf(answer.reply).value_or(-1);
}

wire::Event EventIn(const SingleNode::Answer& answer, size_t index) {
  const auto parsed = wire::ParseEvent(answer.events.at(index).event);
  return parsed.message.value_or(wire::TotemEvent{});
}

TEST(SingleNodeTest, JoinIsAnsweredAndAnnouncedToTheGroup) {
  SingleNode node(5);
  node.Process(0, Build(wire::JoinRequest{.group = "g", .process = 10}));
  const auto answer =
      node.Process(1, Build(wire::JoinRequest{.group = "g", .process = 11}));
  EXPECT_EQ(ErrorIn(answer), CS_OK);
  ASSERT_EQ(answer.events.size(), 2U);
  EXPECT_EQ(answer.events[0].connection, 0);
  EXPECT_EQ(answer.events[1].connection, 1);
  EXPECT_EQ(EventIn(answer, 1), wire::Event(wire::ConfigurationEvent{
                                    .group = "g",
                                    .members = {{5, 10, 0}, {5, 11, 0}},
                                    .joined = {{5, 11, CPG_REASON_JOIN}}}));
}

TEST(SingleNodeTest, JoinWithTheFlagIsFollowedByATotemEvent) {
  SingleNode node(5);
  const auto answer =
      node.Process(0, Build(wire::JoinRequest{.group = "g", .flags = 1}));
  ASSERT_EQ(answer.events.size(), 2U);
  EXPECT_TRUE(std::holds_alternative<wire::TotemEvent>(EventIn(answer, 1)));
}

TEST(SingleNodeTest, SecondJoinExists) {
  SingleNode node(1);
  const std::string join = Build(wire::JoinRequest{.group = "g", .process = 1});
  node.Process(0, join);
  EXPECT_EQ(ErrorIn(node.Process(0, join)), CS_ERR_EXIST);
  EXPECT_EQ(ErrorIn(node.Process(1, join)), CS_ERR_EXIST);
  EXPECT_EQ(ErrorIn(node.Process(
                0, Build(wire::JoinRequest{.group = "h", .process = 1}))),
            CS_ERR_EXIST);
  EXPECT_EQ(ErrorIn(node.Process(
                1, Build(wire::JoinRequest{.group = "h", .process = 1}))),
            CS_OK);
}

TEST(SingleNodeTest, LeaveIsToldToTheOneThatLeavesAndFreesIt) {
  SingleNode node(1);
  const std::string join = Build(wire::JoinRequest{.group = "g", .process = 1});
  const std::string leave =
      Build(wire::LeaveRequest{.group = "g", .process = 1});
  EXPECT_EQ(ErrorIn(node.Process(0, leave)), CS_ERR_NOT_EXIST);
  node.Process(0, join);
  const auto answer = node.Process(0, leave);
  EXPECT_EQ(ErrorIn(answer), CS_OK);
  ASSERT_EQ(answer.events.size(), 1U);
  EXPECT_EQ(EventIn(answer, 0),
            wire::Event(wire::ConfigurationEvent{
                .group = "g", .left = {{1, 1, CPG_REASON_LEAVE}}}));
  EXPECT_EQ(ErrorIn(node.Process(0, leave)), CS_ERR_NOT_EXIST);
  EXPECT_EQ(ErrorIn(node.Process(0, join)), CS_OK);
}

TEST(SingleNodeTest, MulticastReachesTheGroupOnly) {
  SingleNode node(1);
  const std::string multicast = Build(wire::MulticastRequest{.message = "m"});
  EXPECT_TRUE(node.Process(0, multicast).events.empty());
  node.Process(0, Build(wire::JoinRequest{.group = "g", .process = 1}));
  node.Process(1, Build(wire::JoinRequest{.group = "h", .process = 1}));
  const auto answer = node.Process(0, multicast);
  EXPECT_EQ(answer.reply, "");
  ASSERT_EQ(answer.events.size(), 1U);
  EXPECT_EQ(EventIn(answer, 0),
            wire::Event(wire::DeliverEvent{
                .group = "g", .node = 1, .process = 1, .message = "m"}));
}

TEST(SingleNodeTest, FragmentsNeedAJoin) {
  SingleNode node(1);
  const std::string fragment = Build(wire::PartialMulticastRequest{
      .message_size = 9, .type = 1, .fragment = "f"});
  EXPECT_EQ(ErrorIn(node.Process(0, fragment)), CS_ERR_NOT_EXIST);
  node.Process(0, Build(wire::JoinRequest{.group = "g", .process = 1}));
  const auto answer = node.Process(0, fragment);
  EXPECT_EQ(wire::IdOf(answer.reply), 18);
  EXPECT_EQ(ErrorIn(answer), CS_OK);
  EXPECT_EQ(EventIn(answer, 0),
            wire::Event(wire::PartialDeliverEvent{.group = "g",
                                                  .message_size = 9,
                                                  .node = 1,
                                                  .process = 1,
                                                  .type = 1,
                                                  .fragment = "f"}));
}

TEST(SingleNodeTest, AJoinInterruptsAMessageInFragments) {
  SingleNode node(1);
  const auto fragment = [&node](wire::PartialType type) {
    return ErrorIn(node.Process(
        0, Build(wire::PartialMulticastRequest{
               .type = static_cast<uint32_t>(type), .fragment = "f"})));
  };
  const auto join = [&node](int connection, const std::string& group) {
    node.Process(
        connection,
        Build(wire::JoinRequest{.group = group,
                                .process = static_cast<uint32_t>(connection)}));
  };
  join(0, "g");
  EXPECT_EQ(fragment(wire::PartialType::kFirst), CS_OK);
  join(1, "h");
  EXPECT_EQ(fragment(wire::PartialType::kContinued), CS_OK);
  join(2, "g");
  EXPECT_EQ(fragment(wire::PartialType::kContinued), CS_ERR_INTERRUPT);
  EXPECT_EQ(fragment(wire::PartialType::kLast), CS_ERR_INTERRUPT);
  EXPECT_EQ(fragment(wire::PartialType::kFirst), CS_OK);
  EXPECT_EQ(fragment(wire::PartialType::kLast), CS_OK);
}

TEST(SingleNodeTest, IterationGivesEachMemberOnceAndThenEnds) {
  SingleNode node(3);
  node.Process(0, Build(wire::JoinRequest{.group = "g", .process = 1}));
  node.Process(1, Build(wire::JoinRequest{.group = "g", .process = 2}));
  node.Process(2, Build(wire::JoinRequest{.group = "h", .process = 1}));
  const auto count = [&node](uint32_t type) {
    const auto begun = node.Process(
        0, Build(wire::IterationInitializeRequest{.group = "g", .type = type}));
    const auto reply = wire::ParseReply(begun.reply);
    const uint64_t iteration =
        std::get<wire::IterationInitializeReply>(*reply.message).iteration;
    const std::string next = Build(wire::IterationNextRequest{iteration});
    int entries = 0;
    int32_t error = CS_OK;
    while ((error = ErrorIn(node.Process(0, next))) == CS_OK) {
      ++entries;
    }
    EXPECT_EQ(error, CS_ERR_NO_SECTIONS);
    EXPECT_EQ(ErrorIn(node.Process(
                  0, Build(wire::IterationFinalizeRequest{iteration}))),
              CS_OK);
    EXPECT_EQ(ErrorIn(node.Process(0, next)), CS_ERR_BAD_HANDLE);
    return entries;
  };
  EXPECT_EQ(count(CPG_ITERATION_NAME_ONLY), 2);
  EXPECT_EQ(count(CPG_ITERATION_ONE_GROUP), 2);
  EXPECT_EQ(count(CPG_ITERATION_ALL), 3);
}

TEST(SingleNodeTest, AnIterationIsThatOfItsConnectionWhateverThatDoes) {
  SingleNode node(3);
  const auto begun = node.Process(
      0, Build(wire::IterationInitializeRequest{.type = CPG_ITERATION_ALL}));
  const uint64_t iteration = std::get<wire::IterationInitializeReply>(
                                 *wire::ParseReply(begun.reply).message)
                                 .iteration;
  const std::string next = Build(wire::IterationNextRequest{iteration});
  EXPECT_EQ(ErrorIn(node.Process(1, next)), CS_ERR_BAD_HANDLE);
  node.Process(0, Build(wire::JoinRequest{.group = "g", .process = 1}));
  EXPECT_EQ(ErrorIn(node.Process(0, next)), CS_ERR_NO_SECTIONS);
  node.Process(0, Build(wire::FinalizeRequest{}));
  EXPECT_EQ(ErrorIn(node.Process(0, next)), CS_ERR_NO_SECTIONS);
  node.Disconnect(0);
  EXPECT_EQ(ErrorIn(node.Process(0, next)), CS_ERR_BAD_HANDLE);
}

TEST(SingleNodeTest, ALeaveIsThatOfTheMemberWhoeverItNames) {
  SingleNode node(3);
  node.Process(0, Build(wire::JoinRequest{.group = "g", .process = 1}));
  node.Process(1, Build(wire::JoinRequest{.group = "g", .process = 2}));
  const auto left =
      node.Process(1, Build(wire::LeaveRequest{.group = "g", .process = 1}));
  const auto change = wire::ParseEvent(left.events.front().event);
  ASSERT_TRUE(change.message.has_value());
  const auto& event = std::get<wire::ConfigurationEvent>(*change.message);
  ASSERT_EQ(event.left.size(), 1U);
  EXPECT_EQ(event.left.front().process, 2U);
}

TEST(SingleNodeTest, DisconnectOfAMemberIsTold) {
  SingleNode node(1);
  node.Process(0, Build(wire::JoinRequest{.group = "g", .process = 1}));
  node.Process(1, Build(wire::JoinRequest{.group = "g", .process = 2}));
  const auto events = node.Disconnect(1);
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(*wire::ParseEvent(events[0].event).message,
            wire::Event(wire::ConfigurationEvent{
                .group = "g",
                .members = {{1, 1, 0}},
                .left = {{1, 2, CPG_REASON_PROCDOWN}}}));
  EXPECT_TRUE(node.Disconnect(7).empty());
}

TEST(SingleNodeTest, FinalizeEndsTheMembershipBeforeTheDisconnect) {
  SingleNode node(1);
  const std::string join = Build(wire::JoinRequest{.group = "g", .process = 2});
  node.Process(0, Build(wire::JoinRequest{.group = "g", .process = 1}));
  node.Process(1, join);
  const auto answer = node.Process(1, Build(wire::FinalizeRequest{}));
  EXPECT_EQ(ErrorIn(answer), CS_OK);
  ASSERT_EQ(answer.events.size(), 1U);
  EXPECT_EQ(EventIn(answer, 0), wire::Event(wire::ConfigurationEvent{
                                    .group = "g",
                                    .members = {{1, 1, 0}},
                                    .left = {{1, 2, CPG_REASON_PROCDOWN}}}));
  EXPECT_EQ(ErrorIn(node.Process(2, join)), CS_OK);
  EXPECT_TRUE(node.Disconnect(1).empty());
}

TEST(SingleNodeTest, NonsenseIsRefused) {
  SingleNode node(1);
  EXPECT_EQ(ErrorIn(node.Process(0, std::string(16, 'x'))),
            CS_ERR_INVALID_PARAM);
  std::string multicast = Build(wire::MulticastRequest{});
  ASSERT_TRUE(wire::SetField(wire::Kind::kRequest, &multicast, "message_size",
                             1 << 30));
  EXPECT_EQ(node.Process(0, multicast).reply, "");
}

TEST(SingleNodeTest, RefusalsHaveTheSizeOfTheReply) {
  for (int32_t id = 0; id <= 12; ++id) {
    const std::string refusal =
        RefusalOf(static_cast<wire::RequestId>(id), CS_ERR_ACCESS);
    if (id == 2) {
      EXPECT_EQ(refusal, "");
      continue;
    }
    EXPECT_EQ(wire::ParseReply(refusal).error, "");
    EXPECT_EQ(wire::ErrorOf(refusal), CS_ERR_ACCESS);
  }
}

}  // namespace
}  // namespace cpgcert::harness
