#include "fuzz/calls/owed_results.h"

#include <gtest/gtest.h>

namespace cpgcert::fuzz {
namespace {

using Reach = HandleState::Reach;
using Member = HandleState::Member;

const HandleState kBad;
const HandleState kOpen{.open = true};
const HandleState kMember{
    .open = true, .member = Member::kMember, .group = "group"};
const HandleState kLeft{.open = true, .member = Member::kLeft};
const HandleState kCut{
    .open = true, .reach = Reach::kCut, .member = Member::kMember};

const CallRecord kSilence;
const std::string kLong(129, 'l');

CallRecord Answered(cs_error_t code) {
  return {.asked = 1, .answered = code, .disturbed = code != CS_OK};
}

TEST(OwedResultsTest, ABadHandleIsBad) {
  const std::string name = "group";
  for (const OwedResult& owed :
       {OwedToJoin(kBad, name, false, kSilence),
        OwedToLeave(kBad, name, kSilence), OwedToLocalCall(kBad),
        OwedToMulticast(kBad, {}, kSilence), OwedToLocalGet(kBad, kSilence),
        OwedToMembership(kBad, {.name = name}, kSilence),
        OwedToFinalize(kBad, kSilence),
        OwedToIterationInitialize(kBad, {}, kSilence),
        OwedToIterationNext(kBad, {}, true, kSilence),
        OwedToIterationFinalize(kBad, {}, kSilence)}) {
    EXPECT_TRUE(owed.Allows(CS_ERR_BAD_HANDLE)) << owed.requirement;
    EXPECT_FALSE(owed.Allows(CS_OK)) << owed.requirement;
    EXPECT_FALSE(owed.Allows(CS_ERR_TRY_AGAIN)) << owed.requirement;
    EXPECT_FALSE(owed.Allows(CS_ERR_LIBRARY)) << owed.requirement;
  }
}

TEST(OwedResultsTest, OfTwoErrorsOneComes) {
  const OwedResult owed = OwedToJoin(kBad, kLong, false, kSilence);
  EXPECT_TRUE(owed.Allows(CS_ERR_BAD_HANDLE));
  EXPECT_TRUE(owed.Allows(CS_ERR_NAME_TOO_LONG));
  EXPECT_FALSE(owed.Allows(CS_OK));
}

TEST(OwedResultsTest, TheServicesAnswerIsTheCalls) {
  const OwedResult done = OwedToJoin(kOpen, "g", false, Answered(CS_OK));
  EXPECT_TRUE(done.Allows(CS_OK));
  EXPECT_FALSE(done.Allows(CS_ERR_LIBRARY));
  const OwedResult refused =
      OwedToJoin(kOpen, "g", false, Answered(CS_ERR_NO_MEMORY));
  EXPECT_STREQ(refused.requirement, "ERR-01");
  EXPECT_TRUE(refused.Allows(CS_ERR_NO_MEMORY));
  EXPECT_FALSE(refused.Allows(CS_ERR_LIBRARY));
  EXPECT_FALSE(refused.Allows(CS_OK));
}

TEST(OwedResultsTest, NobodyWasAsked) {
  const OwedResult owed = OwedToJoin(kOpen, "g", false, kSilence);
  EXPECT_FALSE(owed.Allows(CS_OK));
  EXPECT_FALSE(owed.Allows(CS_ERR_LIBRARY));
  EXPECT_TRUE(owed.Allows(CS_ERR_TRY_AGAIN));
  EXPECT_FALSE(OwedToJoin(kCut, "g", false, kSilence).Allows(CS_OK));
  EXPECT_TRUE(OwedToJoin(kCut, "g", false, kSilence).Allows(CS_ERR_LIBRARY));
}

TEST(OwedResultsTest, OneMembershipForEachHandle) {
  const OwedResult again = OwedToJoin(kMember, "g", false, kSilence);
  EXPECT_STREQ(again.requirement, "JOIN-02");
  EXPECT_TRUE(again.Allows(CS_ERR_EXIST));
  EXPECT_TRUE(again.Allows(CS_ERR_INVALID_PARAM));
  EXPECT_FALSE(again.Allows(CS_OK));
  const OwedResult anew = OwedToJoin(kLeft, "g", false, Answered(CS_OK));
  EXPECT_TRUE(anew.Allows(CS_OK));
  EXPECT_TRUE(OwedToJoin(kLeft, "g", false, kSilence).Allows(CS_ERR_EXIST));
  EXPECT_FALSE(OwedToJoin(kOpen, "g", true, kSilence).Allows(CS_OK));
}

TEST(OwedResultsTest, Leave) {
  EXPECT_TRUE(OwedToLeave(kMember, "other", Answered(CS_OK)).Allows(CS_OK));
  EXPECT_FALSE(OwedToLeave(kMember, "g", kSilence).Allows(CS_ERR_NOT_EXIST));
  EXPECT_TRUE(OwedToLeave(kOpen, "g", kSilence).Allows(CS_ERR_NOT_EXIST));
  EXPECT_TRUE(OwedToLeave(kOpen, "g", kSilence).Allows(CS_ERR_INVALID_PARAM));
  EXPECT_FALSE(OwedToLeave(kOpen, "g", kSilence).Allows(CS_OK));
}

TEST(OwedResultsTest, Multicast) {
  EXPECT_FALSE(OwedToMulticast(kMember, {}, kSilence).Allows(CS_ERR_LIBRARY));
  EXPECT_TRUE(OwedToMulticast(kMember, {}, kSilence).Allows(CS_OK));
  // Many pieces, and what is not implemented, may be refused.
  EXPECT_TRUE(OwedToMulticast(kMember, {.pieces = 64}, kSilence)
                  .Allows(CS_ERR_INVALID_PARAM));
  EXPECT_FALSE(OwedToMulticast(kMember, {.pieces = 8}, kSilence)
                   .Allows(CS_ERR_INVALID_PARAM));
  EXPECT_TRUE(OwedToMulticast(kMember, {.guarantee = CPG_TYPE_SAFE}, kSilence)
                  .Allows(CS_ERR_NOT_SUPPORTED));
  EXPECT_FALSE(OwedToMulticast(kMember, {.guarantee = CPG_TYPE_FIFO}, kSilence)
                   .Allows(CS_ERR_NOT_SUPPORTED));
  EXPECT_FALSE(
      OwedToMulticast(kCut, {.is_large = true}, kSilence).Allows(CS_OK));
  HandleState held = kMember;
  held.flow_control = 2;
  EXPECT_FALSE(OwedToMulticast(held, {}, kSilence).Allows(CS_OK));
  EXPECT_TRUE(OwedToMulticast(held, {}, kSilence).Allows(CS_ERR_TRY_AGAIN));
}

TEST(OwedResultsTest, CodesThatNoServiceGives) {
  EXPECT_TRUE(IsServiceError(CS_ERR_LIBRARY));
  EXPECT_FALSE(IsServiceError(CS_OK));
  EXPECT_FALSE(IsServiceError(CS_ERR_QUEUE_FULL));
  EXPECT_FALSE(IsServiceError(static_cast<cs_error_t>(0)));
  EXPECT_FALSE(IsServiceError(static_cast<cs_error_t>(77)));
  EXPECT_FALSE(OwedToLocalGet(kCut, kSilence).Allows(CS_ERR_SECURITY));
}

TEST(OwedResultsTest, Initialize) {
  EXPECT_TRUE(OwedToInitialize(Model::kPlain, {.connected = 1}).Allows(CS_OK));
  EXPECT_FALSE(OwedToInitialize(Model::kPlain, kSilence).Allows(CS_OK));
  EXPECT_FALSE(
      OwedToInitialize(Model::kFlags2, {.connected = 1}).Allows(CS_OK));
  EXPECT_TRUE(
      OwedToInitialize(Model::kOther, kSilence).Allows(CS_ERR_INVALID_PARAM));
}

TEST(OwedResultsTest, Iterations) {
  const std::string group = "group";
  const IterationState some{.open = true, .left = 1};
  const IterationState none{.open = true};
  EXPECT_TRUE(OwedToIterationNext(kOpen, some, true, kSilence).Allows(CS_OK));
  EXPECT_FALSE(OwedToIterationNext(kOpen, some, true, kSilence)
                   .Allows(CS_ERR_NO_SECTIONS));
  EXPECT_FALSE(OwedToIterationNext(kOpen, none, true, kSilence).Allows(CS_OK));
  EXPECT_TRUE(OwedToIterationNext(kOpen, none, true, kSilence)
                  .Allows(CS_ERR_NO_SECTIONS));
  EXPECT_FALSE(OwedToIterationInitialize(
                   kOpen, {.type = CPG_ITERATION_ONE_GROUP}, Answered(CS_OK))
                   .Allows(CS_OK));
  EXPECT_FALSE(
      OwedToIterationInitialize(kOpen, {.group = &group}, Answered(CS_OK))
          .Allows(CS_OK));
  EXPECT_FALSE(OwedToIterationFinalize(kOpen, some, Answered(CS_OK))
                   .Allows(CS_ERR_BAD_HANDLE));
}

TEST(OwedResultsTest, AListWithoutRoom) {
  const MembershipArguments little{.name = "group", .room = 1, .members = 2};
  const OwedResult owed = OwedToMembership(kOpen, little, Answered(CS_OK));
  EXPECT_TRUE(owed.Allows(CS_ERR_NO_SPACE));
  EXPECT_TRUE(owed.Allows(CS_OK));
  const MembershipArguments enough{.name = "group", .room = 2, .members = 2};
  EXPECT_FALSE(
      OwedToMembership(kOpen, enough, Answered(CS_OK)).Allows(CS_ERR_NO_SPACE));
}

// With a callback that waits, all of them taken.
DispatchFacts Facts(int type, size_t callbacks) {
  return {.type = type,
          .handle = kMember,
          .callback_first = true,
          .any_callback = true,
          .any_event = true,
          .callbacks = callbacks,
          .all_taken = true};
}

TEST(JudgeDispatchTest, One) {
  EXPECT_TRUE(JudgeDispatch(Facts(CS_DISPATCH_ONE, 1), CS_OK).ok());
  EXPECT_TRUE(JudgeDispatch(Facts(CS_DISPATCH_ONE, 2), CS_OK).ok());
  EXPECT_FALSE(JudgeDispatch(Facts(CS_DISPATCH_ONE, 0), CS_OK).ok());
  EXPECT_FALSE(JudgeDispatch(Facts(CS_DISPATCH_ONE, 1), CS_ERR_LIBRARY).ok());
  DispatchFacts silent = Facts(CS_DISPATCH_ONE, 0);
  silent.callback_first = false;
  EXPECT_TRUE(JudgeDispatch(silent, CS_OK).ok());
  silent.fragment_first = true;
  EXPECT_FALSE(JudgeDispatch(silent, CS_OK).ok());
}

TEST(JudgeDispatchTest, OneNonblocking) {
  constexpr int kType = CS_DISPATCH_ONE_NONBLOCKING;
  EXPECT_TRUE(JudgeDispatch(Facts(kType, 1), CS_OK).ok());
  EXPECT_FALSE(JudgeDispatch(Facts(kType, 2), CS_OK).ok());
  EXPECT_FALSE(JudgeDispatch(Facts(kType, 0), CS_ERR_TRY_AGAIN).ok());
  const DispatchFacts idle{.type = kType, .handle = kMember};
  EXPECT_TRUE(JudgeDispatch(idle, CS_ERR_TRY_AGAIN).ok());
  EXPECT_FALSE(JudgeDispatch(idle, CS_OK).ok());
}

TEST(JudgeDispatchTest, All) {
  DispatchFacts facts = Facts(CS_DISPATCH_ALL, 3);
  EXPECT_TRUE(JudgeDispatch(facts, CS_OK).ok());
  EXPECT_FALSE(JudgeDispatch(facts, CS_ERR_TRY_AGAIN).ok());
  facts.all_taken = false;
  EXPECT_FALSE(JudgeDispatch(facts, CS_OK).ok());
}

TEST(JudgeDispatchTest, TheServiceIsGone) {
  DispatchFacts facts{.type = CS_DISPATCH_ALL, .handle = kCut};
  facts.all_taken = true;
  EXPECT_TRUE(JudgeDispatch(facts, CS_ERR_LIBRARY).ok());
  EXPECT_FALSE(JudgeDispatch(facts, CS_OK).ok());
  facts.type = CS_DISPATCH_BLOCKING;
  EXPECT_TRUE(JudgeDispatch(facts, CS_ERR_LIBRARY).ok());
  EXPECT_FALSE(JudgeDispatch(facts, CS_OK).ok());
}

TEST(JudgeDispatchTest, TypesThatDoNotExist) {
  DispatchFacts facts = Facts(0, 1);
  facts.handle.reach = Reach::kEnded;
  EXPECT_TRUE(JudgeDispatch(facts, CS_ERR_LIBRARY).ok());
  facts.all_taken = false;
  EXPECT_FALSE(JudgeDispatch(facts, CS_ERR_LIBRARY).ok());
  EXPECT_FALSE(JudgeDispatch(facts, CS_ERR_INVALID_PARAM).ok());
  facts.callbacks = 0;
  EXPECT_TRUE(JudgeDispatch(facts, CS_ERR_INVALID_PARAM).ok());
  EXPECT_FALSE(JudgeDispatch(facts, CS_OK).ok());
}

TEST(JudgeDispatchTest, FinalizedInACallback) {
  DispatchFacts facts = Facts(CS_DISPATCH_ALL, 1);
  facts.finalized = true;
  EXPECT_TRUE(JudgeDispatch(facts, CS_ERR_BAD_HANDLE).ok());
  EXPECT_TRUE(JudgeDispatch(facts, CS_OK).ok());
  EXPECT_FALSE(JudgeDispatch(facts, CS_ERR_LIBRARY).ok());
}

}  // namespace
}  // namespace cpgcert::fuzz
