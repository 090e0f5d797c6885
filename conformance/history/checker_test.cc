#include "conformance/history/checker.h"

#include <fmt/core.h>

#include <chrono>
#include <string>

#include "conformance/history/model.h"
#include "gtest/gtest.h"

namespace cpgcert::conformance::history {
namespace {

using Kind = Event::Kind;

constexpr size_t kLarge = kAtomicSizeMax + 1;

// ---- Histories that are as they should be.

TEST(GoodHistoryTest, MessagesToAll) {
  Model model = Four();
  model.Send("m1", "a-0");
  model.Send("m2", "b-0", kLarge);
  model.Send("m1", "a-1");
  model.End();
  const CheckResult result = Check(model.history());
  EXPECT_EQ(Text(result), "pass");
  EXPECT_EQ(result.messages, 4U);
  EXPECT_EQ(result.changes, 4U);
}

TEST(GoodHistoryTest, EveryKindOfDeparture) {
  Model model = Four();
  model.Send("m1", "a-0");
  model.Leave("m1");
  model.Send("m2", "b-0");
  model.Kill("m2");
  model.Send("m3", "c-0");
  model.Finalize("m3");
  model.End();
  EXPECT_EQ(Judge(model), "pass");
}

TEST(GoodHistoryTest, AProcessComesAgain) {
  Model model = Four();
  for (const char* name : {"m1.2", "m1.3"}) {
    model.Send("m2", fmt::format("b-{}", name));
    model.Leave(name == std::string("m1.2") ? "m1" : "m1.2");
    model.Join(name);
    model.Send(name, fmt::format("a-{}", name));
  }
  model.Finalize("m1.3");
  model.Join("m1.4");
  model.End();
  EXPECT_EQ(Judge(model), "pass");
}

TEST(GoodHistoryTest, WhatADeadMemberHadSentMayBeLostFromAnyPointOn) {
  Model model = Four();
  model.Send("m1", "a-0");
  model.Call("m1", "a-1", CS_OK);
  model.Call("m1", "a-2", CS_OK);
  model.CallWithoutReturn("m1", "a-3", kLarge);
  model.Kill("m1");
  model.End();
  EXPECT_EQ(Judge(model), "pass");
}

TEST(GoodHistoryTest, WhatADyingMemberWasSendingMayArriveAtAll) {
  Model model = Four();
  model.CallWithoutReturn("m1", "a-0", kLarge);
  model.StopRecording("m1");
  model.Give("m1", "a-0");
  model.Send("m2", "b-0");
  model.Kill("m1");
  model.End();
  EXPECT_EQ(Judge(model), "pass");
}

TEST(GoodHistoryTest, ARefusedOrInterruptedMessageIsSentAgain) {
  Model model = Four();
  model.Call("m1", "a-0", CS_ERR_INTERRUPT, kLarge);
  model.Send("m1", "a-0", kLarge);
  model.Call("m1", "a-1", CS_ERR_TRY_AGAIN);
  model.Send("m1", "a-2");
  model.End();
  EXPECT_EQ(Judge(model), "pass");
}

TEST(GoodHistoryTest, ALeaverIsNotAskedWhatItWasGivenAfterwards) {
  Model model = Four();
  model.Leave("m1");
  model.session("m1").events.push_back(
      {.kind = Kind::kMessage, .message = "x", .group = "group"});
  model.Call("m1", "a-0", CS_OK);  // dropped
  model.End();
  EXPECT_EQ(Judge(model), "pass");
}

TEST(GoodHistoryTest, ALeaveUnderWayAtDeathMayCountOrNot) {
  for (const bool as_leave : {false, true}) {
    Model model = Four();
    model.StopRecording("m1");
    model.session("m1").events.push_back(
        {.kind = Kind::kLeave, .returned = false});
    model.Kill("m1");
    if (as_leave) {
      for (const char* name : {"m0", "m2", "m3"}) {
        Given(&model, name, Left("m1")).left[0].reason = CPG_REASON_LEAVE;
      }
    }
    model.End();
    EXPECT_EQ(Judge(model), "pass");
  }
}

// ---- Histories that cannot be judged.

TEST(InconclusiveHistoryTest, SaysWhy) {
  EXPECT_EQ(Text(Check({})), "inconclusive: nobody was there");
  Model model = Four();
  model.End();
  Model cut = model;
  cut.session("m2").end = Session::End::kCut;
  cut.session("m2").cut = "waited in vain for 1 messages end";
  EXPECT_EQ(Judge(cut), "inconclusive: m2: waited in vain for 1 messages end");
  Model overflowed = model;
  overflowed.session("m2").overflowed = true;
  EXPECT_EQ(Judge(overflowed), "inconclusive: the record of m2 is not whole");
  Model ambiguous = model;
  ambiguous.Call("m1", "end", CS_OK);
  EXPECT_EQ(Judge(ambiguous), "inconclusive: two messages have the name end");
  Model gone = model;
  gone.session("m0").end = Session::End::kEnded;
  EXPECT_EQ(Judge(gone), "inconclusive: m0, the witness, did not stay");
}

TEST(InconclusiveHistoryTest, AContradictionCountsAllTheSame) {
  Model model = Four();
  model.Send("m1", "a-0");
  model.Send("m1", "a-1");
  SwapWithNext(&model, "m2", Message("a-0"));
  model.session("m3").end = Session::End::kCut;
  EXPECT_TRUE(Judge(model).starts_with("ORD-01"));
}

TEST(ExcuseTest, ExcusesTheFirstMessageInFragmentsAfterAJoinAlone) {
  Model model = Four();
  model.Call("m2", "b-1", CS_OK, kLarge);
  model.Join("m4");
  model.Give("m2", "b-1");
  model.Send("m2", "b-2", kLarge);
  model.Send("m1", "a-3");
  Model first = model;
  Remove(&first, "m4", Message("b-1"));
  History history = first.history();
  EXPECT_TRUE(Text(Check(history)).starts_with("JOIN-10"));
  history.excuses_joins_amid_fragments = true;
  EXPECT_EQ(Text(Check(history)), "pass");
  EXPECT_EQ(Check(history).excused, 1U);
  Model second = model;
  Remove(&second, "m4", Message("b-2"));
  history = second.history();
  history.excuses_joins_amid_fragments = true;
  EXPECT_TRUE(Text(Check(history)).starts_with("MCAST-01"));
  // Not if its sender had been told of the join before.
  Model told = Four();
  told.Join("m4");
  told.Send("m2", "b-1", kLarge);
  told.Send("m1", "a-3");
  Remove(&told, "m4", Message("b-1"));
  history = told.history();
  history.excuses_joins_amid_fragments = true;
  EXPECT_TRUE(Text(Check(history)).starts_with("MCAST-01"));
}

TEST(SpeedTest, ManyMembersAndEventsTakeNoTime) {
  Model model;
  constexpr int kMembers = 64;
  for (int i = 0; i < kMembers; ++i) {
    model.Join(fmt::format("m{}", i));
  }
  for (int i = 0; i < 5000; ++i) {
    model.Send(fmt::format("m{}", i % kMembers), fmt::format("a-{}", i));
  }
  model.End();
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_EQ(Judge(model), "pass");
  const std::chrono::duration<double> duration =
      std::chrono::steady_clock::now() - begin;
  // Quadratic would be minutes.
  EXPECT_LT(duration.count(), 10.0);
}

}  // namespace
}  // namespace cpgcert::conformance::history
