#include "conformance/certification.h"

#include <string>
#include <string_view>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "harness/verdict.h"

namespace cpgcert::conformance {
namespace {

using harness::Verdict;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr Tier kDocumented = Tier::kDocumented;
constexpr Tier kHeader = Tier::kHeader;
constexpr Tier kObserved = Tier::kObserved;
constexpr RunFacts kGoodRun = {.complete = true,
                               .has_deviation_problems = false};

RequirementRow Row(const std::string& id, Tier tier = kDocumented,
                   const std::string& profile = "api") {
  return {.id = id, .tier = tier, .profile = profile, .optional = false};
}

RequirementRow Optional(const std::string& id, Tier tier = kDocumented) {
  return {.id = id, .tier = tier, .profile = "api", .optional = true};
}

CaseOutcome Outcome(const std::string& name,
                    const std::vector<std::string>& requirements,
                    Verdict verdict) {
  CaseOutcome outcome;
  outcome.name = name;
  outcome.requirements = requirements;
  outcome.profile = "api";
  outcome.verdict = verdict;
  return outcome;
}

// A failed case that holds something against each of `failing`.
CaseOutcome Failing(const std::string& name,
                    const std::vector<std::string>& requirements,
                    const std::vector<std::string>& failing) {
  CaseOutcome outcome = Outcome(name, requirements, Verdict::kFail);
  for (const std::string& id : failing) outcome.failures.push_back({id, "no"});
  return outcome;
}

CaseOutcome Predicted(CaseOutcome outcome) {
  outcome.is_deviation = true;
  outcome.deviation_reason = "known";
  return outcome;
}

Certification Judge(const std::vector<RequirementRow>& rows,
                    const std::vector<CaseOutcome>& outcomes) {
  return Certify(rows, outcomes, Scope{}, kGoodRun);
}

// The verdict of the only requirement of `rows`.
Verdict VerdictOfOne(const std::vector<CaseOutcome>& outcomes) {
  const Certification result = Judge({Row("A-1")}, outcomes);
  return result.requirements.at(0).verdict;
}

TEST(VerdictForTest, AFailConcernsOnlyTheRequirementsThatItNames) {
  const CaseOutcome outcome = Failing("A-1/X", {"A-1", "A-2"}, {"A-2"});
  EXPECT_EQ(VerdictFor(outcome, "A-1"), Verdict::kPass);
  EXPECT_EQ(VerdictFor(outcome, "A-2"), Verdict::kFail);
  EXPECT_THAT(FailingRequirements(outcome), ElementsAre("A-2"));
}

TEST(VerdictForTest, AFailThatNamesNothingConcernsAll) {
  const CaseOutcome outcome = Failing("A-1/X", {"A-1", "A-2"}, {});
  EXPECT_EQ(VerdictFor(outcome, "A-1"), Verdict::kFail);
  EXPECT_EQ(VerdictFor(outcome, "A-2"), Verdict::kFail);
  EXPECT_THAT(FailingRequirements(outcome), ElementsAre("A-1", "A-2"));
}

TEST(VerdictForTest, AFailThatNamesAForeignRequirementConcernsAll) {
  const CaseOutcome outcome = Failing("A-1/X", {"A-1", "A-2"}, {"A-2", "B-9"});
  EXPECT_EQ(VerdictFor(outcome, "A-1"), Verdict::kFail);
  EXPECT_EQ(VerdictFor(outcome, "A-2"), Verdict::kFail);
}

TEST(VerdictForTest, OtherVerdictsConcernAllRequirements) {
  for (const Verdict verdict :
       {Verdict::kUnsupported, Verdict::kUntested, Verdict::kInconclusive,
        Verdict::kCrash, Verdict::kHang, Verdict::kError}) {
    const CaseOutcome outcome = Outcome("A-1/X", {"A-1", "A-2"}, verdict);
    EXPECT_EQ(VerdictFor(outcome, "A-1"), verdict) << ToString(verdict);
    EXPECT_EQ(VerdictFor(outcome, "A-2"), verdict) << ToString(verdict);
    EXPECT_THAT(FailingRequirements(outcome), IsEmpty()) << ToString(verdict);
  }
}

TEST(VerdictForTest, ACrashStaysACrashWhateverFailedBefore) {
  CaseOutcome outcome = Failing("A-1/X", {"A-1", "A-2"}, {"A-2"});
  outcome.verdict = Verdict::kCrash;
  EXPECT_EQ(VerdictFor(outcome, "A-1"), Verdict::kCrash);
}

TEST(VerdictForTest, FailuresAreNotLostInABetterVerdict) {
  for (const Verdict verdict :
       {Verdict::kPass, Verdict::kUnsupported, Verdict::kUntested}) {
    CaseOutcome outcome = Failing("A-1/X", {"A-1", "A-2"}, {"A-1"});
    outcome.verdict = verdict;
    EXPECT_EQ(EffectiveVerdict(outcome), Verdict::kFail) << ToString(verdict);
    EXPECT_EQ(VerdictFor(outcome, "A-1"), Verdict::kFail) << ToString(verdict);
  }
  CaseOutcome noisy = Failing("A-1/X", {"A-1"}, {"A-1"});
  noisy.verdict = Verdict::kInconclusive;
  EXPECT_EQ(EffectiveVerdict(noisy), Verdict::kInconclusive);
}

TEST(RequirementTest, PassesIfAllItsCasesPass) {
  EXPECT_EQ(VerdictOfOne({Outcome("A-1/X", {"A-1"}, Verdict::kPass),
                          Outcome("A-1/Y", {"A-1"}, Verdict::kPass)}),
            Verdict::kPass);
}

TEST(RequirementTest, TheWorstOfItsCasesCounts) {
  for (std::size_t i = 0; i < harness::kAllVerdicts.size(); ++i) {
    for (std::size_t j = i; j < harness::kAllVerdicts.size(); ++j) {
      const Verdict better = harness::kAllVerdicts[i];
      const Verdict worse = harness::kAllVerdicts[j];
      EXPECT_EQ(VerdictOfOne({Outcome("A-1/X", {"A-1"}, better),
                              Outcome("A-1/Y", {"A-1"}, worse)}),
                worse);
      EXPECT_EQ(VerdictOfOne({Outcome("A-1/X", {"A-1"}, worse),
                              Outcome("A-1/Y", {"A-1"}, better)}),
                worse);
    }
  }
}

TEST(RequirementTest, WithoutACaseIsUntestedAndNotCertified) {
  const Certification result = Judge(
      {Row("A-1"), Row("A-2")}, {Outcome("A-1/X", {"A-1"}, Verdict::kPass)});
  EXPECT_EQ(result.requirements.at(1).verdict, Verdict::kUntested);
  EXPECT_THAT(result.requirements.at(1).cases, IsEmpty());
  EXPECT_EQ(result.tiers.at(0).counts, (Counts{.pass = 1, .untested = 1}));
  EXPECT_FALSE(result.tiers.at(0).certified);
  EXPECT_FALSE(result.certified);
}

TEST(RequirementTest, ListsItsCasesOnceAndInOrder) {
  const Certification result =
      Judge({Row("A-1")}, {Outcome("A-1/Y", {"A-1", "A-1"}, Verdict::kPass),
                           Outcome("A-1/X", {"A-1"}, Verdict::kPass)});
  EXPECT_THAT(result.requirements.at(0).cases, ElementsAre("A-1/Y", "A-1/X"));
}

TEST(RequirementTest, AFailLeavesTheCasesOtherRequirementsAlone) {
  const Certification result = Judge(
      {Row("A-1"), Row("A-2")}, {Failing("A-1/X", {"A-1", "A-2"}, {"A-2"})});
  EXPECT_EQ(result.requirements.at(0).verdict, Verdict::kPass);
  EXPECT_EQ(result.requirements.at(1).verdict, Verdict::kFail);
}

TEST(TierTest, OnlyAPassCertifies) {
  for (const Verdict verdict : harness::kAllVerdicts) {
    for (const Tier tier : {kDocumented, kHeader, kObserved}) {
      const Certification result =
          Judge({Row("A-1", tier)}, {Outcome("A-1/X", {"A-1"}, verdict)});
      const bool expected = verdict == Verdict::kPass;
      EXPECT_EQ(result.tiers.at(0).certified, expected) << ToString(verdict);
      EXPECT_EQ(result.certified, expected) << ToString(verdict);
    }
  }
}

TEST(TierTest, AnOptionalRequirementMayAlsoBeUnsupported) {
  for (const Verdict verdict : harness::kAllVerdicts) {
    const Certification result =
        Judge({Optional("A-1")}, {Outcome("A-1/X", {"A-1"}, verdict)});
    EXPECT_EQ(result.certified,
              verdict == Verdict::kPass || verdict == Verdict::kUnsupported)
        << ToString(verdict);
  }
}

TEST(TierTest, CountsEveryVerdictInItsOwnPlace) {
  std::vector<CaseOutcome> outcomes;
  int number = 0;
  for (const Verdict verdict : harness::kAllVerdicts) {
    for (int i = 0; i <= static_cast<int>(verdict); ++i) {
      outcomes.push_back(
          Outcome("A-1/" + std::to_string(++number), {"A-1"}, verdict));
    }
  }
  outcomes.push_back(Predicted(Failing("A-1/P", {"A-1"}, {"A-1"})));
  const Certification result = Judge({Row("A-1")}, outcomes);
  EXPECT_EQ(result.tiers.at(0).counts, (Counts{.pass = 1,
                                               .unsupported = 2,
                                               .untested = 3,
                                               .inconclusive = 4,
                                               .fail = 5,
                                               .crash = 6,
                                               .hang = 7,
                                               .error = 8,
                                               .deviation = 1}));
}

TEST(TierTest, ACaseCountsInEachTierWithWhatItSaysThere) {
  const Certification result =
      Judge({Row("A-1"), Row("A-2", kHeader), Row("A-3", kHeader)},
            {Failing("A-1/X", {"A-1", "A-2", "A-3"}, {"A-3"})});
  ASSERT_EQ(result.tiers.size(), 2u);
  EXPECT_EQ(result.tiers[0].tier, kDocumented);
  EXPECT_EQ(result.tiers[0].counts, (Counts{.pass = 1}));
  EXPECT_TRUE(result.tiers[0].certified);
  EXPECT_EQ(result.tiers[1].tier, kHeader);
  EXPECT_EQ(result.tiers[1].counts, (Counts{.fail = 1}));
  EXPECT_FALSE(result.tiers[1].certified);
  EXPECT_FALSE(result.certified);
}

TEST(TierTest, RowsComeByProfileThenTierAndOnlyWhereThereAreRequirements) {
  const Certification result =
      Judge({Row("B-1", kObserved, "faults"), Row("A-1", kHeader, "api"),
             Row("B-2", kDocumented, "faults")},
            {Outcome("B-1/X", {"B-1", "B-2", "A-1"}, Verdict::kPass)});
  std::vector<std::string> rows;
  for (const TierResult& row : result.tiers) {
    rows.push_back(row.profile + " " + std::string(ToString(row.tier)));
  }
  EXPECT_THAT(
      rows, ElementsAre("faults documented", "faults observed", "api header"));
  EXPECT_TRUE(result.certified);
}

TEST(DeviationTest, IsAcceptedExceptInTheDocumentedTier) {
  for (const Tier tier : {kDocumented, kHeader, kObserved}) {
    const Certification result = Judge(
        {Row("A-1", tier)}, {Predicted(Failing("A-1/X", {"A-1"}, {"A-1"})),
                             Outcome("A-1/Y", {"A-1"}, Verdict::kPass)});
    EXPECT_EQ(result.requirements.at(0).verdict, Verdict::kFail);
    EXPECT_TRUE(result.requirements.at(0).is_deviation);
    EXPECT_EQ(result.tiers.at(0).counts, (Counts{.pass = 1, .deviation = 1}));
    EXPECT_EQ(result.certified, tier != kDocumented) << ToString(tier);
  }
}

TEST(DeviationTest, OneUnpredictedFailureOutweighsIt) {
  const Certification result = Judge(
      {Row("A-1", kHeader)}, {Predicted(Failing("A-1/X", {"A-1"}, {"A-1"})),
                              Failing("A-1/Y", {"A-1"}, {"A-1"})});
  EXPECT_FALSE(result.requirements.at(0).is_deviation);
  EXPECT_EQ(result.tiers.at(0).counts, (Counts{.fail = 1, .deviation = 1}));
  EXPECT_FALSE(result.certified);
}

TEST(DeviationTest, DoesNotHideACaseThatDecidedNothing) {
  for (const Verdict verdict : {Verdict::kUnsupported, Verdict::kUntested,
                                Verdict::kInconclusive, Verdict::kError}) {
    const Certification result =
        Judge({Row("A-1", kHeader)},
              {Predicted(Outcome("A-1/X", {"A-1"}, Verdict::kCrash)),
               Outcome("A-1/Y", {"A-1"}, verdict)});
    EXPECT_FALSE(result.requirements.at(0).is_deviation) << ToString(verdict);
    EXPECT_FALSE(result.certified) << ToString(verdict);
  }
}

TEST(DeviationTest, AnOptionalRequirementMayBePartlyUnsupported) {
  const Certification result =
      Judge({Optional("A-1", kHeader)},
            {Predicted(Outcome("A-1/X", {"A-1"}, Verdict::kCrash)),
             Outcome("A-1/Y", {"A-1"}, Verdict::kUnsupported)});
  EXPECT_TRUE(result.requirements.at(0).is_deviation);
  EXPECT_TRUE(result.certified);
}

TEST(DeviationTest, TheMarkMeansNothingOnVerdictsThatCannotBePredicted) {
  for (const Verdict verdict :
       {Verdict::kUntested, Verdict::kInconclusive, Verdict::kError}) {
    const Certification result = Judge(
        {Row("A-1", kHeader)}, {Predicted(Outcome("A-1/X", {"A-1"}, verdict))});
    EXPECT_FALSE(result.requirements.at(0).is_deviation) << ToString(verdict);
    EXPECT_EQ(result.tiers.at(0).counts.deviation, 0) << ToString(verdict);
    EXPECT_FALSE(result.certified) << ToString(verdict);
  }
}

const std::vector<RequirementRow> kTwoRows = {Row("A-1"),
                                              Row("B-1", kHeader, "faults")};
const std::vector<CaseOutcome> kTwoPasses = {
    Outcome("A-1/X", {"A-1"}, Verdict::kPass),
    Outcome("B-1/X", {"B-1"}, Verdict::kPass)};
const std::vector<CaseOutcome> kPassAndFail = {
    Outcome("A-1/X", {"A-1"}, Verdict::kPass),
    Failing("B-1/X", {"B-1"}, {"B-1"})};

TEST(CertifiedTest, NeedsACompleteRun) {
  const RunFacts interrupted = {.complete = false,
                                .has_deviation_problems = false};
  EXPECT_TRUE(Certify(kTwoRows, kTwoPasses, {}, kGoodRun).certified);
  EXPECT_FALSE(Certify(kTwoRows, kTwoPasses, {}, interrupted).certified);
}

TEST(CertifiedTest, NeedsThatNoPredictionIsWrong) {
  const RunFacts wrong = {.complete = true, .has_deviation_problems = true};
  EXPECT_FALSE(Certify(kTwoRows, kTwoPasses, {}, wrong).certified);
}

TEST(CertifiedTest, FactsThatNobodyFilledInDoNotCertify) {
  EXPECT_FALSE(Certify(kTwoRows, kTwoPasses, {}, RunFacts{}).certified);
}

TEST(CertifiedTest, NothingAtAllIsNotCertified) {
  const Certification result = Certify({}, {}, {}, kGoodRun);
  EXPECT_FALSE(result.certified);
  EXPECT_THAT(result.tiers, IsEmpty());
  EXPECT_THAT(result.problems, ElementsAre("no requirement was asked for"));
}

TEST(ScopeTest, WhatWasNotAskedForDoesNotCount) {
  EXPECT_FALSE(Certify(kTwoRows, kPassAndFail, {}, kGoodRun).certified);
  for (const Scope& scope :
       {Scope{.profiles = {"api"}, .tiers = {}, .requirements = {}},
        Scope{.profiles = {}, .tiers = {kDocumented}, .requirements = {}},
        Scope{.profiles = {}, .tiers = {}, .requirements = {"A-1"}}}) {
    const Certification result =
        Certify(kTwoRows, kPassAndFail, scope, kGoodRun);
    EXPECT_TRUE(result.certified);
    EXPECT_THAT(result.problems, IsEmpty());
    ASSERT_EQ(result.requirements.size(), 1u);
    EXPECT_EQ(result.requirements[0].id, "A-1");
    ASSERT_EQ(result.tiers.size(), 1u);
    EXPECT_EQ(result.tiers[0].counts, (Counts{.pass = 1}));
  }
}

TEST(ScopeTest, WhatWasAskedForMustExist) {
  const Certification profile = Certify(
      kTwoRows, kTwoPasses,
      {.profiles = {"api", "wire"}, .tiers = {}, .requirements = {}}, kGoodRun);
  EXPECT_FALSE(profile.certified);
  EXPECT_THAT(profile.problems,
              ElementsAre("profile wire has no requirement among those asked "
                          "for"));
  const Certification tier = Certify(
      kTwoRows, kTwoPasses,
      {.profiles = {}, .tiers = {kObserved}, .requirements = {}}, kGoodRun);
  EXPECT_FALSE(tier.certified);
  EXPECT_THAT(tier.problems, ElementsAre("no requirement was asked for"));
  const Certification both = Certify(kTwoRows, kTwoPasses,
                                     {.profiles = {"api", "faults"},
                                      .tiers = {kDocumented},
                                      .requirements = {}},
                                     kGoodRun);
  EXPECT_FALSE(both.certified);
  EXPECT_THAT(both.problems,
              ElementsAre("profile faults has no requirement among those asked "
                          "for"));
}

struct Unsound {
  std::vector<RequirementRow> rows;
  std::vector<CaseOutcome> outcomes;
  std::string problem;
};

TEST(ProblemsTest, AnUnsoundJudgementIsNotCertifiedAndSaysWhy) {
  const CaseOutcome pass = Outcome("A-1/X", {"A-1"}, Verdict::kPass);
  const Unsound unsound[] = {
      {{Row("A-1"), Row("A-1")}, {pass}, "requirement A-1 is listed twice"},
      {{Row("A-1")}, {pass, pass}, "case A-1/X is listed twice"},
      {{Row("A-1")},
       {pass, Outcome("Z/X", {}, Verdict::kPass)},
       "case Z/X decides no requirement"},
      {{Row("A-1")},
       {pass, Outcome("Z/X", {"Z-1"}, Verdict::kFail)},
       "case Z/X decides Z-1, which is not a requirement"},
      {{Row("A-1")},
       {pass, Failing("A-1/Y", {"A-1"}, {"Z-1"})},
       "case A-1/Y fails \"Z-1\", which is not among its requirements"}};
  for (const Unsound& example : unsound) {
    const Certification result = Judge(example.rows, example.outcomes);
    EXPECT_FALSE(result.certified) << example.problem;
    EXPECT_THAT(result.problems, ElementsAre(example.problem));
  }
}

TEST(TierNameTest, IsTheWordOfTheCommandLine) {
  EXPECT_EQ(ToString(kDocumented), "documented");
  EXPECT_EQ(ToString(kHeader), "header");
  EXPECT_EQ(ToString(kObserved), "observed");
}

}  // namespace
}  // namespace cpgcert::conformance
