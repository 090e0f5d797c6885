#include "reports/compare.h"

#include <map>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "reports/certificate.h"
#include "reports/example.h"

namespace cpgcert::reports {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

// "case A-1/One: pass > fail".
std::vector<std::string> Lines(const std::vector<Change>& changes) {
  std::vector<std::string> lines;
  for (const Change& change : changes) {
    lines.push_back(change.kind + " " + change.name + ": " + change.before +
                    " > " + change.after);
  }
  return lines;
}

// The one case of both certificates with these verdicts.
Comparison CompareVerdicts(const std::string& before, const std::string& after,
                           bool was_known = false, bool is_known = false) {
  Certificate old_certificate;
  old_certificate.cases = {ExampleCase("A-1/X", "A-1", before)};
  old_certificate.cases[0].deviation = was_known;
  Certificate new_certificate;
  new_certificate.cases = {ExampleCase("A-1/X", "A-1", after)};
  new_certificate.cases[0].deviation = is_known;
  return Compare(old_certificate, new_certificate);
}

// "worse", "better", "changed" or "" for the one case.
std::string Direction(const Comparison& comparison) {
  EXPECT_THAT(comparison.appeared, IsEmpty());
  EXPECT_THAT(comparison.vanished, IsEmpty());
  if (!comparison.worse.empty()) return "worse";
  if (!comparison.better.empty()) return "better";
  return comparison.changed.empty() ? "" : "changed";
}

TEST(CompareTest, TheSameIsTheSame) {
  for (const Certificate& certificate :
       {FullCertificate(), GoodCertificate(), Certificate()}) {
    const Comparison comparison = Compare(certificate, certificate);
    EXPECT_EQ(Direction(comparison), "");
    EXPECT_THAT(comparison.facts, IsEmpty());
  }
}

TEST(CompareTest, APassThatBecameAnythingElseIsWorse) {
  for (const char* verdict : {"fail", "crash", "hang", "unsupported",
                              "inconclusive", "error", "untested"}) {
    EXPECT_EQ(Direction(CompareVerdicts("pass", verdict)), "worse") << verdict;
    EXPECT_EQ(Direction(CompareVerdicts("pass", verdict, false, true)), "worse")
        << verdict;
    EXPECT_EQ(Direction(CompareVerdicts(verdict, "pass")), "better") << verdict;
  }
}

TEST(CompareTest, NotToBeJudgedAnyMoreIsNotBetter) {
  for (const char* was : {"fail", "crash", "hang"}) {
    for (const char* is :
         {"unsupported", "inconclusive", "error", "untested"}) {
      EXPECT_EQ(Direction(CompareVerdicts(was, is)), "changed") << was << is;
      EXPECT_EQ(Direction(CompareVerdicts(is, was)), "worse") << was << is;
    }
  }
  EXPECT_EQ(Direction(CompareVerdicts("unsupported", "untested")), "worse");
  EXPECT_EQ(Direction(CompareVerdicts("fail", "crash")), "worse");
  EXPECT_EQ(Direction(CompareVerdicts("hang", "fail")), "better");
  EXPECT_EQ(Direction(CompareVerdicts("hang", "crash")), "changed");
}

TEST(CompareTest, ToBeExpectedMakesAVerdictNoBetter) {
  EXPECT_EQ(Direction(CompareVerdicts("fail", "fail", false, true)), "changed");
  EXPECT_EQ(Direction(CompareVerdicts("fail", "fail", true, false)), "changed");
  EXPECT_EQ(Direction(CompareVerdicts("crash", "crash", true, true)), "");
  EXPECT_THAT(Lines(CompareVerdicts("fail", "fail", false, true).changed),
              ElementsAre("case A-1/X: fail > fail, known deviation"));
}

TEST(CompareTest, RequirementsProfilesAndTheWholeAreCompared) {
  Certificate after = GoodCertificate();
  after.certified = after.profiles[0].certified = false;
  after.profiles[0].pass = 1;
  after.profiles[0].hang = 1;
  after.requirements[0].verdict = after.cases[1].verdict = "hang";
  EXPECT_THAT(
      Lines(Compare(GoodCertificate(), after).worse),
      ElementsAre("certificate as a whole: certified > not certified",
                  "profile api documented: certified (pass 2) > not certified "
                  "(pass 1, hang 1)",
                  "requirement A-1: pass > hang", "case A-1/Two: pass > hang"));
  EXPECT_THAT(Compare(after, GoodCertificate()).worse, IsEmpty());
  EXPECT_EQ(Compare(after, GoodCertificate()).better.size(), 4u);
}

TEST(CompareTest, CountsAloneAreNoVerdict) {
  Certificate after = GoodCertificate();
  after.profiles[0].deviation = 1;
  const Comparison comparison = Compare(GoodCertificate(), after);
  EXPECT_THAT(comparison.worse, IsEmpty());
  EXPECT_THAT(Lines(comparison.changed),
              ElementsAre("profile api documented: certified (pass 2) > "
                          "certified (pass 2, deviation 1)"));
}

TEST(CompareTest, APassThatIsGoneIsWorseInTheSameSuite) {
  Certificate after = GoodCertificate();
  after.cases.pop_back();
  after.requirements.clear();
  EXPECT_THAT(Lines(Compare(GoodCertificate(), after).worse),
              ElementsAre("requirement A-1: pass > ", "case A-1/Two: pass > "));
  after.suite.version = "0.2";
  const Comparison other = Compare(GoodCertificate(), after);
  EXPECT_THAT(other.worse, IsEmpty());
  EXPECT_EQ(other.vanished.size(), 2u);
  EXPECT_THAT(Lines(Compare(after, GoodCertificate()).appeared),
              ElementsAre("requirement A-1:  > pass", "case A-1/Two:  > pass"));
}

TEST(CompareTest, TheFingerprintTellsWhetherTheSuiteIsTheSame) {
  Certificate before = GoodCertificate();
  Certificate after = GoodCertificate();
  after.cases.pop_back();
  before.suite.fingerprint = after.suite.fingerprint = "ab";
  after.suite.commit = "another";
  EXPECT_EQ(Compare(before, after).worse.size(), 1u);
  after.suite = before.suite;
  after.suite.fingerprint = "cd";
  EXPECT_THAT(Compare(before, after).worse, IsEmpty());
}

TEST(CompareTest, AFailThatIsGoneIsNotWorse) {
  Certificate after = ExampleCertificate();
  after.cases.erase(after.cases.begin() + 1);
  const Comparison comparison = Compare(ExampleCertificate(), after);
  EXPECT_THAT(comparison.worse, IsEmpty());
  EXPECT_THAT(Lines(comparison.vanished),
              ElementsAre("case A-1/Fail: fail > "));
}

TEST(CompareTest, ACertifiedProfileThatIsNotJudgedAnyMoreIsWorse) {
  Certificate after = GoodCertificate();
  after.suite.version = "0.2";
  after.profiles.clear();
  EXPECT_THAT(Lines(Compare(GoodCertificate(), after).worse),
              ElementsAre("profile api documented: certified (pass 2) > "));
}

TEST(CompareTest, ANewRootCauseIsWorse) {
  Certificate before = FullCertificate();
  before.campaigns[0].causes.clear();
  EXPECT_THAT(Lines(Compare(before, FullCertificate()).worse),
              ElementsAre("root cause event_decoder: deliver: size > bytes:  > "
                          "found"));
  const Comparison gone = Compare(FullCertificate(), before);
  EXPECT_THAT(gone.worse, IsEmpty());
  EXPECT_EQ(gone.vanished.size(), 1u);
}

TEST(CompareTest, ARunThatIsNotCompleteAndAProblemAreWorse) {
  Certificate after = GoodCertificate();
  after.complete = false;
  after.deviations.problems = {"d.toml:2: stale line"};
  EXPECT_THAT(Lines(Compare(GoodCertificate(), after).worse),
              ElementsAre("run of all cases: complete > incomplete",
                          "problem d.toml:2: stale line:  > withholds it"));
}

TEST(CompareTest, AnotherLibraryIsStated) {
  Certificate after = GoodCertificate();
  after.implementation.sha256 = "11ee";
  after.host["kernel"] = "6.2";
  const Comparison comparison = Compare(GoodCertificate(), after);
  EXPECT_THAT(comparison.facts,
              ElementsAre("another library hash: 00ff, now 11ee",
                          "another host's kernel: 6.1, now 6.2"));
  EXPECT_EQ(Direction(comparison), "");
}

TEST(CompareTest, TheTextIsGolden) {
  Certificate after = GoodCertificate();
  after.implementation.sha256 = "11ee";
  after.cases[1] = ExampleCase("A-1/Two", "A-1", "fail");
  after.cases.push_back(ExampleCase("A-1/Three", "A-1", "pass"));
  EXPECT_EQ(ComparisonText(GoodCertificate(), after,
                           Compare(GoodCertificate(), after)),
            "old: corosync 3.1.7, sha256 00ff, judged 2024-05-01T12:00:00Z: "
            "CERTIFIED\n"
            "new: corosync 3.1.7, sha256 11ee, judged 2024-05-01T12:00:00Z: "
            "CERTIFIED\n"
            "another library hash: 00ff, now 11ee\n"
            "\n"
            "worse: 1\n"
            "  case A-1/Two: pass, now fail\n"
            "    fail of A-1/Two\n"
            "    expected: 1\n"
            "    actual:   2\n"
            "\n"
            "appeared: 1\n"
            "  case A-1/Three: pass\n"
            "\n"
            "1 thing got worse\n");
}

TEST(CompareTest, TextAndPageHoldNoText) {
  const Certificate hostile =
      HostileCertificate("</pre><script>\x1b[2J{{x}}</script>\n");
  const Comparison comparison = Compare(GoodCertificate(), hostile);
  const std::string text =
      ComparisonText(GoodCertificate(), hostile, comparison);
  EXPECT_EQ(text.find('\x1b'), std::string::npos);
  const std::string page =
      ComparisonHtml(GoodCertificate(), hostile, comparison);
  EXPECT_THAT(page, Not(HasSubstr("<script")));
  EXPECT_THAT(page, HasSubstr("&lt;script&gt;"));
  EXPECT_THAT(page, HasSubstr("default-src &apos;none&apos;"));
}

}  // namespace
}  // namespace cpgcert::reports
