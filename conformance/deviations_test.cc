#include "conformance/deviations.h"

#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "conformance/certification.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "harness/verdict.h"

namespace cpgcert::conformance {
namespace {

using harness::Verdict;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr std::string_view kGood = R"(implementation = "corosync 3.1.7"

[[deviation]]
case = "A-1/*"
requirement = "A-1"
verdict = "fail"
why = "returns 2"
url = "https://example.org/1"

[[deviation]]
case = ["A-2/X/*", "A-3/?"]
requirement = "A-2"
verdict = "crash"
why = "null pointer"
url = "http://example.org/2"
reproducer = "null_pointer"
)";

// One line for cases that match `glob`.
std::string Line(std::string_view glob, std::string_view requirement,
                 std::string_view verdict, std::string_view why = "known") {
  std::string text = "[[deviation]]\ncase = \"";
  text.append(glob).append("\"\nrequirement = \"").append(requirement);
  text.append("\"\nverdict = \"").append(verdict).append("\"\nwhy = \"");
  text.append(why).append("\"\nurl = \"https://example.org\"\n");
  return text;
}

// The deviations of a file "d.toml" made of `lines`; the first is at line 2.
Deviations File(const std::string& lines) {
  std::string error;
  std::optional<Deviations> deviations =
      Deviations::Parse("implementation = \"i\"\n" + lines, "d.toml", &error);
  EXPECT_TRUE(deviations.has_value()) << error;
  return deviations.value_or(Deviations());
}

CaseOutcome Outcome(const std::string& name,
                    const std::vector<std::string>& requirements,
                    Verdict verdict) {
  CaseOutcome outcome;
  outcome.name = name;
  outcome.requirements = requirements;
  outcome.verdict = verdict;
  return outcome;
}

CaseOutcome Failing(const std::string& name,
                    const std::vector<std::string>& requirements,
                    const std::vector<std::string>& failing) {
  CaseOutcome outcome = Outcome(name, requirements, Verdict::kFail);
  for (const std::string& id : failing) outcome.failures.push_back({id, "no"});
  return outcome;
}

// Applies to one case, which is also the whole registry.
struct Applied {
  CaseOutcome outcome;
  std::vector<std::string> problems;
};

Applied Apply(const std::string& lines, const CaseOutcome& outcome) {
  std::vector<CaseOutcome> outcomes = {outcome};
  std::vector<std::string> problems =
      File(lines).Apply({{outcome.name, outcome.requirements}}, outcomes);
  return {outcomes.at(0), problems};
}

TEST(DeviationsFileTest, ReadsEveryKey) {
  std::string error;
  const std::optional<Deviations> read =
      Deviations::Parse(kGood, "d.toml", &error);
  ASSERT_TRUE(read.has_value()) << error;
  EXPECT_EQ(read->file(), "d.toml");
  EXPECT_EQ(read->implementation(), "corosync 3.1.7");
  ASSERT_EQ(read->lines().size(), 2u);
  const Deviation& first = read->lines()[0];
  EXPECT_THAT(first.cases, ElementsAre("A-1/*"));
  EXPECT_EQ(first.requirement, "A-1");
  EXPECT_EQ(first.verdict, Verdict::kFail);
  EXPECT_EQ(first.why, "returns 2");
  EXPECT_EQ(first.url, "https://example.org/1");
  EXPECT_EQ(first.reproducer, "");
  EXPECT_EQ(first.line, 3);
  const Deviation& second = read->lines()[1];
  EXPECT_THAT(second.cases, ElementsAre("A-2/X/*", "A-3/?"));
  EXPECT_EQ(second.verdict, Verdict::kCrash);
  EXPECT_EQ(second.reproducer, "null_pointer");
  EXPECT_EQ(second.line, 10);
}

TEST(DeviationsFileTest, MayPredictNothing) {
  EXPECT_THAT(File("").lines(), IsEmpty());
}

// What Parse says after one text in kGood is replaced by another.
std::string ErrorAfter(const std::string& from, const std::string& to) {
  std::string text(kGood);
  const std::size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  text.replace(at, from.size(), to);
  std::string error;
  EXPECT_FALSE(Deviations::Parse(text, "d.toml", &error)) << text;
  return error;
}

TEST(DeviationsFileTest, ErrorsNameFileLineAndRule) {
  EXPECT_EQ(ErrorAfter("implementation = \"corosync 3.1.7\"\n", ""),
            "d.toml:1: the file must have the key \"implementation\"");
  EXPECT_EQ(ErrorAfter("corosync 3.1.7", " "),
            "d.toml:1: implementation must not be empty");
  EXPECT_EQ(ErrorAfter("\"corosync 3.1.7\"", "3"),
            "d.toml:1: implementation must be a text");
  EXPECT_EQ(ErrorAfter("implementation", "x = 1\nimplementation"),
            "d.toml:1: the file has an unknown key \"x\"");
  EXPECT_EQ(ErrorAfter("why = \"returns 2\"\n", "why = \"r\"\nwy = \"\"\n"),
            "d.toml:8: a deviation has an unknown key \"wy\"");
  for (const char* line :
       {"case = \"A-1/*\"\n", "requirement = \"A-1\"\n", "verdict = \"fail\"\n",
        "why = \"returns 2\"\n", "url = \"https://example.org/1\"\n"}) {
    const std::string key =
        std::string(line).substr(0, std::string_view(line).find(' '));
    EXPECT_EQ(ErrorAfter(line, ""),
              "d.toml:3: a deviation must have the key \"" + key + "\"");
  }
  EXPECT_EQ(ErrorAfter("A-1/*", ""), "d.toml:4: case must not be empty");
  EXPECT_EQ(ErrorAfter("returns 2", ""), "d.toml:7: why must not be empty");
  EXPECT_EQ(ErrorAfter("https://example.org/1", ""),
            "d.toml:8: url must not be empty");
  EXPECT_EQ(ErrorAfter("https://example.org/1", "see below"),
            "d.toml:8: url must start with https:// or http://, not \"see "
            "below\"");
  EXPECT_EQ(ErrorAfter("\"A-1/*\"", "[]"), "d.toml:4: case must name a glob");
  EXPECT_EQ(ErrorAfter("\"A-1/*\"", "[\"A\", \"\"]"),
            "d.toml:4: case must hold texts that are not empty");
  EXPECT_EQ(ErrorAfter("\"A-1/*\"", "7"), "d.toml:4: case must be a text");
  EXPECT_EQ(ErrorAfter("null_pointer", " "),
            "d.toml:16: reproducer must not be empty");
}

TEST(DeviationsFileTest, OnlyUnfavourableVerdictsCanBePredicted) {
  for (const std::string verdict :
       {"pass", "unsupported", "untested", "inconclusive", "error", "Fail"}) {
    EXPECT_EQ(ErrorAfter("verdict = \"fail\"", "verdict = \"" + verdict + "\""),
              "d.toml:6: verdict must be \"fail\", \"crash\" or \"hang\", not "
              "\"" +
                  verdict + "\"");
  }
}

TEST(DeviationsFileTest, ErrorsOfTomlItselfNameTheLine) {
  EXPECT_THAT(ErrorAfter("why = \"returns 2\"", "why = \"returns 2"),
              testing::StartsWith("d.toml:7: "));
  EXPECT_THAT(ErrorAfter("why = \"returns 2\"", "verdict = \"hang\""),
              testing::StartsWith("d.toml:7: "));
  EXPECT_EQ(ErrorAfter("[[deviation]]", "[one]"),
            "d.toml:3: the file has an unknown key \"one\"");
}

// Every byte in turn gives way to, and is preceded by, one that means something
// in TOML or nothing at all.
TEST(DeviationsFileTest, AnyTextIsReadOrRefusedInOneLine) {
  // With the NUL at its end.
  static constexpr char kText[] = "[]{}=\"'.,#\n\r\t \\0a-\x7f\xc3";
  constexpr std::string_view kBytes(kText, sizeof(kText));
  const std::string good(kGood);
  int refused = 0;
  for (std::size_t i = 0; i < good.size(); ++i) {
    for (const char byte : kBytes) {
      for (const std::size_t replaced : {0, 1}) {
        const std::string text =
            std::string(good).replace(i, replaced, 2, byte);
        std::string error;
        if (Deviations::Parse(text, "d.toml", &error)) continue;
        ++refused;
        EXPECT_THAT(error, testing::StartsWith("d.toml:")) << text;
        EXPECT_EQ(error.find('\n'), std::string::npos) << error;
      }
    }
  }
  EXPECT_GT(refused, 1000);
}

TEST(DeviationsFileTest, ASingleTableIsRefused) {
  std::string error;
  EXPECT_FALSE(Deviations::Parse(
      "implementation = \"i\"\n[deviation]\ncase = \"*\"\n", "d.toml", &error));
  EXPECT_EQ(error, "d.toml:2: write [[deviation]], not [deviation]");
  EXPECT_FALSE(Deviations::Parse("implementation = \"i\"\ndeviation = [1]\n",
                                 "d.toml", &error));
  EXPECT_EQ(error, "d.toml:2: a deviation must be a table");
}

TEST(DeviationsFileTest, IsReadFromDisk) {
  const std::string path = testing::TempDir() + "/deviations_test.toml";
  std::FILE* file = std::fopen(path.c_str(), "w");
  ASSERT_NE(file, nullptr);
  std::fwrite(kGood.data(), 1, kGood.size(), file);
  std::fclose(file);
  std::string error;
  const std::optional<Deviations> read = Deviations::Read(path, &error);
  ASSERT_TRUE(read.has_value()) << error;
  EXPECT_EQ(read->lines().size(), 2u);
  EXPECT_EQ(read->file(), path);
  std::remove(path.c_str());
}

TEST(DeviationsFileTest, AFileThatCannotBeReadIsAnError) {
  std::string error;
  EXPECT_FALSE(Deviations::Read("/nonexistent/d.toml", &error));
  EXPECT_EQ(error,
            "/nonexistent/d.toml: cannot be read: No such file or directory");
  EXPECT_FALSE(Deviations::Read("/", &error));
  EXPECT_EQ(error, "/: cannot be read: Is a directory");
}

// The name of the reproducer of a case.
std::string ReproducerOf(const Deviations& deviations, const std::string& name,
                         const std::vector<std::string>& requirements) {
  const Deviation* line = deviations.WithReproducer({name, requirements});
  return line == nullptr ? "" : line->reproducer;
}

TEST(ReproducerTest, IsThatOfTheFirstLineThatHasOne) {
  const std::string plain = Line("A-1/*", "A-1", "fail");
  const Deviations deviations =
      File(plain + plain + "reproducer = \"first\"\n" +
           Line("A-1/X", "A-2", "fail") + "reproducer = \"second\"\n");
  EXPECT_EQ(ReproducerOf(deviations, "A-1/X", {"A-1", "A-2"}), "first");
  EXPECT_EQ(ReproducerOf(deviations, "A-1/X", {"A-2"}), "second");
  EXPECT_EQ(ReproducerOf(deviations, "A-1/Y", {"A-2"}), "");
  EXPECT_EQ(ReproducerOf(deviations, "B-1/X", {"A-1"}), "");
}

TEST(ReproducerTest, ACrashComesBeforeAFail) {
  const Deviations deviations =
      File(Line("A-1/*", "A-1", "fail") + "reproducer = \"fails\"\n" +
           Line("A-1/X", "A-1", "crash") + "reproducer = \"crashes\"\n");
  EXPECT_EQ(ReproducerOf(deviations, "A-1/X", {"A-1"}), "crashes");
  EXPECT_EQ(ReproducerOf(deviations, "A-1/Y", {"A-1"}), "fails");
}

TEST(ApplyTest, APredictedFailIsADeviation) {
  const Applied applied = Apply(Line("A-1/*", "A-1", "fail", "returns 2"),
                                Failing("A-1/X/Y", {"A-1"}, {"A-1"}));
  EXPECT_TRUE(applied.outcome.is_deviation);
  EXPECT_EQ(applied.outcome.deviation_reason, "returns 2");
  EXPECT_THAT(applied.problems, IsEmpty());
}

TEST(ApplyTest, WithoutALineNothingIsADeviation) {
  std::vector<CaseOutcome> outcomes = {Failing("A-1/X", {"A-1"}, {"A-1"})};
  outcomes[0].is_deviation = true;
  outcomes[0].deviation_reason = "left over";
  EXPECT_THAT(Deviations().Apply({{"A-1/X", {"A-1"}}}, outcomes), IsEmpty());
  EXPECT_FALSE(outcomes[0].is_deviation);
  EXPECT_EQ(outcomes[0].deviation_reason, "");
}

TEST(ApplyTest, AnotherNameIsNotPredicted) {
  std::vector<CaseOutcome> outcomes = {Failing("A-1/X", {"A-1"}, {"A-1"})};
  EXPECT_THAT(File(Line("A-1/Y", "A-1", "fail"))
                  .Apply({{"A-1/X", {"A-1"}}, {"A-1/Y", {"A-1"}}}, outcomes),
              IsEmpty());
  EXPECT_FALSE(outcomes[0].is_deviation);
}

TEST(ApplyTest, AnotherVerdictIsNotPredicted) {
  for (const Verdict verdict :
       {Verdict::kCrash, Verdict::kHang, Verdict::kError,
        Verdict::kInconclusive, Verdict::kUntested, Verdict::kUnsupported}) {
    const Applied applied =
        Apply(Line("A-1/*", "A-1", "fail"), Outcome("A-1/X", {"A-1"}, verdict));
    EXPECT_FALSE(applied.outcome.is_deviation) << ToString(verdict);
    EXPECT_THAT(applied.problems, IsEmpty()) << ToString(verdict);
  }
  EXPECT_FALSE(
      Apply(Line("A-1/*", "A-1", "crash"), Failing("A-1/X", {"A-1"}, {"A-1"}))
          .outcome.is_deviation);
  EXPECT_FALSE(Apply(Line("A-1/*", "A-1", "crash"),
                     Outcome("A-1/X", {"A-1"}, Verdict::kHang))
                   .outcome.is_deviation);
}

TEST(ApplyTest, EveryFailingRequirementMustBePredicted) {
  const CaseOutcome both = Failing("A-1/X", {"A-1", "A-2"}, {"A-1", "A-2"});
  const std::string one = Line("A-1/*", "A-1", "fail", "first");
  const std::string two = Line("*", "A-2", "fail", "second");
  EXPECT_FALSE(Apply(one, both).outcome.is_deviation);
  EXPECT_FALSE(Apply(two, both).outcome.is_deviation);
  const Applied applied = Apply(one + two, both);
  EXPECT_TRUE(applied.outcome.is_deviation);
  EXPECT_EQ(applied.outcome.deviation_reason, "first; second");
}

TEST(ApplyTest, ALineForARequirementThatHeldCoversNothing) {
  const Applied applied = Apply(Line("A-1/*", "A-2", "fail"),
                                Failing("A-1/X", {"A-1", "A-2"}, {"A-1"}));
  EXPECT_FALSE(applied.outcome.is_deviation);
  EXPECT_THAT(applied.problems,
              ElementsAre("d.toml:2: unexpected pass: A-1/X satisfies A-2, but "
                          "\"fail\" was predicted"));
}

TEST(ApplyTest, AFailThatNamesNothingNeedsAllItsRequirementsPredicted) {
  const CaseOutcome vague = Failing("A-1/X", {"A-1", "A-2"}, {});
  const std::string one = Line("*", "A-1", "fail");
  EXPECT_FALSE(Apply(one, vague).outcome.is_deviation);
  EXPECT_TRUE(
      Apply(one + Line("*", "A-2", "fail"), vague).outcome.is_deviation);
}

TEST(ApplyTest, ACaseWithoutRequirementsIsNeverPredicted) {
  for (const Verdict verdict : {Verdict::kFail, Verdict::kCrash}) {
    std::vector<CaseOutcome> outcomes = {Outcome("A-1/X", {}, verdict)};
    File(Line("*", "A-1", "fail") + Line("*", "A-1", "crash"))
        .Apply({{"A-1/X", {}}}, outcomes);
    EXPECT_FALSE(outcomes[0].is_deviation);
  }
}

TEST(ApplyTest, ACrashOrHangIsPredictedByOneOfItsRequirements) {
  for (const auto& [verdict, word] : {std::pair(Verdict::kCrash, "crash"),
                                      std::pair(Verdict::kHang, "hang")}) {
    const CaseOutcome outcome = Outcome("A-1/X", {"A-1", "A-2"}, verdict);
    const Applied applied = Apply(Line("A-1/*", "A-2", word), outcome);
    EXPECT_TRUE(applied.outcome.is_deviation) << word;
    EXPECT_THAT(applied.problems, IsEmpty()) << word;
    EXPECT_FALSE(
        Apply(Line("A-1/*", "A-3", word), outcome).outcome.is_deviation)
        << word;
  }
}

TEST(ApplyTest, GlobsCrossSlashes) {
  const CaseOutcome outcome = Failing("A-1/X/Y/Z", {"A-1"}, {"A-1"});
  EXPECT_TRUE(
      Apply(Line("A-1*Z", "A-1", "fail"), outcome).outcome.is_deviation);
  EXPECT_TRUE(
      Apply(Line("A-1/[XY]/?/Z", "A-1", "fail"), outcome).outcome.is_deviation);
  EXPECT_FALSE(
      Apply(Line("A-1/X", "A-1", "fail"), outcome).outcome.is_deviation);
  EXPECT_FALSE(
      Apply(Line("a-1*", "A-1", "fail"), outcome).outcome.is_deviation);
}

TEST(ApplyTest, AnyGlobOfAnArrayWillDo) {
  std::string error;
  const std::optional<Deviations> read =
      Deviations::Parse(kGood, "d.toml", &error);
  ASSERT_TRUE(read.has_value()) << error;
  for (const char* name : {"A-2/X/Y", "A-3/Z"}) {
    std::vector<CaseOutcome> outcomes = {
        Outcome(name, {"A-2"}, Verdict::kCrash)};
    read->Apply({}, outcomes);
    EXPECT_TRUE(outcomes[0].is_deviation) << name;
    EXPECT_EQ(outcomes[0].deviation_reason, "null pointer") << name;
  }
}

TEST(ApplyTest, TheSameReasonIsGivenOnce) {
  const Applied applied = Apply(Line("A-1/*", "A-1", "fail", "known") +
                                    Line("A-1/X", "A-1", "fail", "known"),
                                Failing("A-1/X", {"A-1"}, {"A-1"}));
  EXPECT_EQ(applied.outcome.deviation_reason, "known");
}

TEST(ProblemsTest, AnUnexpectedPassNamesFileLineAndCase) {
  for (const char* verdict : {"fail", "crash", "hang"}) {
    const Applied applied = Apply(Line("A-1/*", "A-1", verdict),
                                  Outcome("A-1/X", {"A-1"}, Verdict::kPass));
    EXPECT_FALSE(applied.outcome.is_deviation);
    EXPECT_THAT(applied.problems,
                ElementsAre("d.toml:2: unexpected pass: A-1/X satisfies A-1, "
                            "but \"" +
                            std::string(verdict) + "\" was predicted"));
  }
}

TEST(ProblemsTest, APassThatHoldsFailuresIsNoUnexpectedPass) {
  CaseOutcome outcome = Failing("A-1/X", {"A-1"}, {"A-1"});
  outcome.verdict = Verdict::kPass;
  const Applied applied = Apply(Line("A-1/*", "A-1", "fail"), outcome);
  EXPECT_TRUE(applied.outcome.is_deviation);
  EXPECT_THAT(applied.problems, IsEmpty());
}

TEST(ProblemsTest, APassOfAnotherRequirementsCaseIsExpected) {
  std::vector<CaseOutcome> outcomes = {
      Outcome("A-2/X", {"A-2"}, Verdict::kPass)};
  EXPECT_THAT(File(Line("*", "A-1", "fail"))
                  .Apply({{"A-1/X", {"A-1"}}, {"A-2/X", {"A-2"}}}, outcomes),
              IsEmpty());
}

TEST(ProblemsTest, ACaseThatWasNotSelectedIsNoProblem) {
  std::vector<CaseOutcome> outcomes;
  EXPECT_THAT(
      File(Line("A-1/*", "A-1", "fail")).Apply({{"A-1/X", {"A-1"}}}, outcomes),
      IsEmpty());
}

TEST(ProblemsTest, AStaleLineIsNamed) {
  std::vector<CaseOutcome> outcomes;
  EXPECT_THAT(
      File(Line("A-9/*", "A-1", "fail")).Apply({{"A-1/X", {"A-1"}}}, outcomes),
      ElementsAre("d.toml:2: stale line: no case that decides A-1 "
                  "matches \"A-9/*\""));
  EXPECT_THAT(
      File(Line("A-1/*", "A-9", "fail")).Apply({{"A-1/X", {"A-1"}}}, outcomes),
      ElementsAre("d.toml:2: stale line: no case that decides A-9 "
                  "matches \"A-1/*\""));
}

TEST(ProblemsTest, EveryGlobOfAnArrayMustBeAlive) {
  std::vector<CaseOutcome> outcomes;
  std::string error;
  const std::optional<Deviations> read =
      Deviations::Parse(kGood, "d.toml", &error);
  ASSERT_TRUE(read.has_value()) << error;
  EXPECT_THAT(
      read->Apply({{"A-1/X", {"A-1"}}, {"A-2/X/Y", {"A-2"}}}, outcomes),
      ElementsAre("d.toml:10: stale line: no case that decides A-2 matches "
                  "\"A-3/?\""));
  EXPECT_THAT(
      read->Apply(
          {{"A-1/X", {"A-1"}}, {"A-2/X/Y", {"A-2"}}, {"A-3/Z", {"A-2"}}},
          outcomes),
      IsEmpty());
}

TEST(ProblemsTest, AnEmptyRegistryMakesEveryLineStale) {
  std::vector<CaseOutcome> outcomes;
  EXPECT_EQ(File(Line("*", "A-1", "fail")).Apply({}, outcomes).size(), 1u);
}

}  // namespace
}  // namespace cpgcert::conformance
