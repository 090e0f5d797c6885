#include "conformance/dispatch/owed.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <string>
#include <vector>

namespace cpgcert::conformance::dispatch {
namespace {

constexpr auto kTypes = std::to_array<Type>(
    {Type::kOne, Type::kAll, Type::kBlocking, Type::kOneNonblocking,
     Type::kInvalid0, Type::kInvalid5, Type::kInvalidMinus1});

constexpr auto kSituations = std::to_array<Situation>(
    {Situation::kBadHandle, Situation::kNothingWaits, Situation::kCallbackWaits,
     Situation::kSilentThenCallback, Situation::kSilentFragmentsThenCallback,
     Situation::kOnlySilent, Situation::kFragmentsThenMessage,
     Situation::kFinalizedByCallback});

// Calls `check(type, situation, outcome)` for everything that is allowed.
template <typename Check>
void ForEachOutcome(const Check& check) {
  for (const OwedRow& row : OwedTable()) {
    for (const Type type : row.types) {
      for (const Outcome& outcome : row.allowed) {
        SCOPED_TRACE(std::string(Name(type)) + ": " + Describe({outcome}) +
                     "; " + std::string(row.source));
        check(type, row.situation, outcome);
      }
    }
  }
}

bool Answers(const Outcome& outcome, cs_error_t code) {
  return !outcome.blocks &&
         std::ranges::find(outcome.codes, code) != outcome.codes.end();
}

// Would be content with no callback although one waits.
bool MayRunNone(const Outcome& outcome) { return Matches(outcome.ran, 0, 1); }

TEST(OwedTable, HasOneRowForEachTypeAndSituation) {
  for (const Type type : kTypes) {
    for (const Situation situation : kSituations) {
      const auto count =
          std::ranges::count_if(OwedTable(), [&](const OwedRow& row) {
            return row.situation == situation &&
                   std::ranges::count(row.types, type) == 1;
          });
      ASSERT_EQ(count, 1) << Name(type) << ", situation "
                          << static_cast<int>(situation);
      EXPECT_EQ(OwedFor(type, situation).situation, situation);
    }
  }
}

TEST(OwedTable, RowsSayWhatAndWhy) {
  for (const OwedRow& row : OwedTable()) {
    SCOPED_TRACE(row.source);
    EXPECT_FALSE(row.source.empty());
    EXPECT_FALSE(row.types.empty());
    EXPECT_FALSE(row.allowed.empty());
    for (const Outcome& outcome : row.allowed) {
      EXPECT_EQ(outcome.blocks, outcome.codes.empty());
    }
  }
}

TEST(OwedTable, InvalidTypeNeverSucceedsWithNothingDone) {
  ForEachOutcome([](Type type, Situation, const Outcome& outcome) {
    EXPECT_FALSE(IsInvalid(type) && Answers(outcome, CS_OK) &&
                 MayRunNone(outcome));
  });
}

TEST(OwedTable, NonblockingTypesNeverBlock) {
  ForEachOutcome([](Type type, Situation, const Outcome& outcome) {
    EXPECT_FALSE(outcome.blocks && !MayBlock(type));
  });
}

TEST(OwedTable, BlockingComesBackOnlyAfterFinalizeOrWithError) {
  ForEachOutcome([](Type type, Situation situation, const Outcome& outcome) {
    EXPECT_FALSE(type == Type::kBlocking && Answers(outcome, CS_OK) &&
                 situation != Situation::kFinalizedByCallback);
  });
}

TEST(OwedTable, OneWaitsForTheCallbackThatIsOwed) {
  ForEachOutcome([](Type type, Situation situation, const Outcome& outcome) {
    const bool owed = situation == Situation::kCallbackWaits ||
                      situation == Situation::kFragmentsThenMessage;
    EXPECT_FALSE(type == Type::kOne && owed && MayRunNone(outcome));
  });
}

TEST(OwedTable, OneNonblockingRunsAtMostOne) {
  ForEachOutcome([](Type type, Situation, const Outcome& outcome) {
    EXPECT_FALSE(type == Type::kOneNonblocking && Matches(outcome.ran, 2, 2));
  });
}

// After an error nothing has happened; a finalize inside has, whatever the
// enclosing call answers.
TEST(OwedTable, ErrorsRunNothing) {
  ForEachOutcome([](Type, Situation situation, const Outcome& outcome) {
    const bool only_ok = outcome.codes == std::vector<cs_error_t>{CS_OK};
    if (!outcome.blocks && !only_ok &&
        situation != Situation::kFinalizedByCallback) {
      EXPECT_EQ(outcome.ran, Ran::kNone);
    }
  });
}

TEST(OwedTable, BadHandleIsAnsweredAlike) {
  for (const Type type : kTypes) {
    EXPECT_EQ(Describe(OwedFor(type, Situation::kBadHandle).allowed),
              "returns CS_ERR_BAD_HANDLE, having run no callback");
  }
}

TEST(SituationOf, FollowsTheFirstEventAndTheOthers) {
  using Kind = Event::Kind;
  const Event message = {Kind::kMessage, "message m1 from self", true};
  const Event silent = {Kind::kOwnJoin, "change", false};
  const Event fragment = {Kind::kFragment, "", false};
  EXPECT_EQ(SituationOf({}), Situation::kNothingWaits);
  EXPECT_EQ(SituationOf({message}), Situation::kCallbackWaits);
  EXPECT_EQ(SituationOf({message, silent}), Situation::kCallbackWaits);
  EXPECT_EQ(SituationOf({silent}), Situation::kOnlySilent);
  EXPECT_EQ(SituationOf({silent, silent}), Situation::kOnlySilent);
  EXPECT_EQ(SituationOf({fragment, fragment}), Situation::kOnlySilent);
  EXPECT_EQ(SituationOf({silent, message}), Situation::kSilentThenCallback);
  EXPECT_EQ(SituationOf({fragment, fragment, message}),
            Situation::kFragmentsThenMessage);
  EXPECT_EQ(SituationOf({fragment, silent, message}),
            Situation::kSilentFragmentsThenCallback);
  EXPECT_EQ(SituationOf({silent, fragment, message}),
            Situation::kSilentThenCallback);
}

struct MatchesExample {
  Ran ran = Ran::kNone;
  // Whether 0, 1, 2 or 3 callbacks of three are right.
  std::array<bool, 4> right;
};

TEST(Matches, CountsCallbacks) {
  for (const MatchesExample& example :
       {MatchesExample{Ran::kNone, {true, false, false, false}},
        MatchesExample{Ran::kFirst, {false, true, false, false}},
        MatchesExample{Ran::kFirstOrMore, {false, true, true, true}},
        MatchesExample{Ran::kAll, {false, false, false, true}},
        MatchesExample{Ran::kAnyNumber, {true, true, true, true}}}) {
    for (size_t count = 0; count < example.right.size(); ++count) {
      EXPECT_EQ(Matches(example.ran, count, 3), example.right.at(count))
          << static_cast<int>(example.ran) << " with " << count;
    }
  }
  EXPECT_TRUE(Matches(Ran::kAll, 0, 0));
  EXPECT_FALSE(Matches(Ran::kFirst, 0, 0));
}

TEST(Describe, Golden) {
  EXPECT_EQ(Describe(OwedFor(Type::kOne, Situation::kOnlySilent).allowed),
            "returns CS_OK, having run no callback; or sleeps, having run no "
            "callback");
  EXPECT_EQ(
      Describe(OwedFor(Type::kInvalid5, Situation::kCallbackWaits).allowed),
      "returns CS_ERR_INVALID_PARAM, having run no callback; or sleeps, "
      "having run all callbacks");
  EXPECT_EQ(
      Describe(OwedFor(Type::kAll, Situation::kFinalizedByCallback).allowed),
      "returns CS_OK or CS_ERR_BAD_HANDLE, having run exactly the first "
      "callback");
  EXPECT_EQ(
      Describe(OwedFor(Type::kOne, Situation::kFragmentsThenMessage).allowed),
      "returns CS_OK, having run the first callback at least");
  EXPECT_EQ(
      Describe(OwedFor(Type::kAll, Situation::kFragmentsThenMessage).allowed),
      "returns CS_OK, having run what waited");
}

}  // namespace
}  // namespace cpgcert::conformance::dispatch
