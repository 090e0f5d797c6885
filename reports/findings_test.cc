#include "reports/findings.h"

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "reports/certificate.h"
#include "reports/example.h"

namespace cpgcert::reports {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::vector<std::string> Names(const std::vector<const Case*>& cases) {
  std::vector<std::string> names;
  for (const Case* result : cases) names.push_back(result->name);
  return names;
}

std::vector<std::string> FoundIds(const Certificate& certificate) {
  std::vector<std::string> ids;
  for (const Finding& finding : Findings(certificate)) {
    ids.push_back(finding.requirement->id);
  }
  return ids;
}

TEST(UnfavourableTest, ByVerdictUnlessPredicted) {
  std::vector<std::string> unfavourable;
  for (const char* verdict : {"pass", "fail", "crash", "hang", "unsupported",
                              "inconclusive", "error", "untested"}) {
    Case result = ExampleCase("A-1/X", "A-1", verdict);
    if (IsUnfavourable(result)) unfavourable.push_back(verdict);
    result.deviation = true;
    EXPECT_FALSE(IsUnfavourable(result)) << verdict;
  }
  EXPECT_THAT(unfavourable,
              ElementsAre("fail", "crash", "hang", "inconclusive", "error"));
}

TEST(VerdictForTest, AFailConcernsWhatItNames) {
  Case result = ExampleCase("A-1/X", "A-1", "fail");
  result.requirements = {"A-1", "A-2"};
  EXPECT_EQ(VerdictFor(result, "A-1"), "fail");
  EXPECT_EQ(VerdictFor(result, "A-2"), "pass");
  result.failures.push_back({"Z-1", "foreign"});
  EXPECT_EQ(VerdictFor(result, "A-2"), "fail");
  result.failures.clear();
  EXPECT_EQ(VerdictFor(result, "A-2"), "fail");
  result.verdict = "crash";
  EXPECT_EQ(VerdictFor(result, "A-2"), "crash");
}

TEST(FindingsTest, AreTheRequirementsThatWithhold) {
  const Certificate certificate = ExampleCertificate();
  const std::vector<Finding> findings = Findings(certificate);
  ASSERT_EQ(findings.size(), 2u);
  EXPECT_EQ(findings[0].requirement->id, "A-1");
  EXPECT_THAT(Names(findings[0].cases), ElementsAre("A-1/Fail", "A-1/Crash"));
  EXPECT_EQ(findings[1].requirement->id, "B-1");
  EXPECT_THAT(
      Names(findings[1].cases),
      ElementsAre("B-1/Hang", "B-1/Inconclusive", "B-1/Error", "B-1/Untested"));
  EXPECT_THAT(Findings(GoodCertificate()), IsEmpty());
}

TEST(FindingsTest, UnsupportedWithholdsUnlessOptional) {
  Certificate certificate = GoodCertificate();
  certificate.requirements[0].verdict = "unsupported";
  EXPECT_THAT(FoundIds(certificate), ElementsAre("A-1"));
  certificate.requirements[0].optional = true;
  EXPECT_THAT(FoundIds(certificate), IsEmpty());
}

TEST(FindingsTest, ARequirementWithoutCasesIsOne) {
  Certificate certificate = GoodCertificate();
  certificate.requirements.emplace_back().id = "A-9";
  EXPECT_THAT(FoundIds(certificate), ElementsAre("A-9"));
  EXPECT_THAT(Findings(certificate)[0].cases, IsEmpty());
  EXPECT_THAT(Objections(certificate), ElementsAre("no case decides A-9"));
}

TEST(ObjectionsTest, NameSomeOfManyRequirementsWithoutCases) {
  Certificate certificate = GoodCertificate();
  for (int i = 1; i <= 8; ++i) {
    certificate.requirements.emplace_back().id = "B-" + std::to_string(i);
  }
  const std::string named = "no case decides B-1, B-2, B-3, B-4, B-5, B-6, B-7";
  EXPECT_THAT(Objections(certificate), ElementsAre(named + ", B-8"));
  certificate.requirements.emplace_back().id = "B-9";
  EXPECT_THAT(Objections(certificate),
              ElementsAre(named + ", B-8 and 1 more requirement"));
}

TEST(FindingsTest, LeaveOutKnownDeviationsAndWhatPassed) {
  Certificate certificate = ExampleCertificate();
  certificate.cases[1].deviation = true;
  certificate.cases[2].requirements = {"A-1", "A-2"};
  certificate.cases[2].verdict = "fail";
  certificate.cases[2].failures = {{"A-2", "only this"}};
  EXPECT_THAT(Findings(certificate)[0].cases, IsEmpty());
}

TEST(DeviationsTest, AreGroupedByReason) {
  Certificate certificate = ExampleCertificate();
  for (const int i : {1, 5}) {
    certificate.cases[i].deviation = true;
    certificate.cases[i].deviation_reason = i == 1 ? "returns 2" : "waits";
  }
  const std::vector<DeviationGroup> groups = DeviationsByReason(certificate);
  ASSERT_EQ(groups.size(), 2u);
  EXPECT_EQ(groups[0].reason, "returns 2");
  EXPECT_EQ(groups[0].reproducer, "./certify --reproducer 'A-2/Known'");
  EXPECT_THAT(Names(groups[0].cases), ElementsAre("A-1/Fail", "A-2/Known"));
  EXPECT_EQ(groups[1].reason, "waits");
  EXPECT_EQ(groups[1].reproducer, "");
  EXPECT_THAT(Names(groups[1].cases), ElementsAre("B-1/Hang"));
}

TEST(TabulateTest, HasARowForEachTierAndAColumnForEachVerdict) {
  Certificate certificate = ExampleCertificate();
  certificate.requirements.push_back(certificate.requirements[0]);
  certificate.requirements.back().verdict = "pass";
  const RequirementTable table = TabulateRequirements(certificate);
  EXPECT_THAT(table.columns, ElementsAre("requirements", "pass", "deviation",
                                         "crash", "unsupported", "error"));
  ASSERT_EQ(table.rows.size(), 5u);
  EXPECT_EQ(table.rows[0].label, "api documented");
  EXPECT_THAT(table.rows[0].counts, ElementsAre(2, 1, 0, 1, 0, 0));
  EXPECT_EQ(table.rows[1].label, "api header");
  EXPECT_THAT(table.rows[1].counts, ElementsAre(1, 0, 1, 0, 0, 0));
  EXPECT_EQ(table.rows[3].label, "faults documented");
  EXPECT_THAT(table.rows[3].counts, ElementsAre(1, 0, 0, 0, 0, 1));
  EXPECT_EQ(table.rows[4].label, "all");
  EXPECT_THAT(table.rows[4].counts, ElementsAre(5, 1, 1, 1, 1, 1));
}

TEST(TabulateTest, OneTierIsItsOwnSum) {
  const RequirementTable table = TabulateRequirements(GoodCertificate());
  EXPECT_THAT(table.columns, ElementsAre("requirements", "pass"));
  ASSERT_EQ(table.rows.size(), 1u);
  EXPECT_THAT(table.rows[0].counts, ElementsAre(1, 1));
}

TEST(DescribeTest, CountsEveryCaseOnce) {
  EXPECT_EQ(DescribeCases(ExampleCertificate().cases),
            "1 pass, 1 fail, 1 crash, 1 hang, 1 unsupported, 1 inconclusive, "
            "1 error, 1 untested, 1 deviation");
  EXPECT_EQ(DescribeCases(GoodCertificate().cases), "2 pass");
  EXPECT_EQ(DescribeCases({}), "no cases");
}

TEST(DescribeTest, Profiles) {
  Profile profile{.name = "api", .tier = "documented"};
  profile.pass = 9;
  EXPECT_EQ(DescribeProfile(profile), "NOT CERTIFIED");
  profile.fail = 3;
  profile.crash = 1;
  profile.deviation = 2;
  EXPECT_EQ(DescribeProfile(profile),
            "NOT CERTIFIED: 3 fail, 1 crash, 2 documented deviations");
  profile.tier = "header";
  profile.hang = profile.unsupported = profile.inconclusive = profile.error =
      profile.untested = 1;
  EXPECT_EQ(DescribeProfile(profile),
            "NOT CERTIFIED: 3 fail, 1 crash, 1 hang, 1 unsupported, "
            "1 inconclusive, 1 error, 1 untested, 2 deviations");
  Profile good{.name = "api", .tier = "header", .certified = true};
  EXPECT_EQ(DescribeProfile(good), "CERTIFIED");
  good.deviation = 1;
  EXPECT_EQ(DescribeProfile(good), "CERTIFIED, with 1 deviation");
}

TEST(DescribeTest, TheCertificateSaysWhatNarrowsIt) {
  Certificate certificate = GoodCertificate();
  EXPECT_EQ(DescribeCertificate(certificate), "CERTIFIED");
  certificate.asked = {
      .profiles = {"api"}, .tier = "documented", .only = "A-*"};
  EXPECT_EQ(DescribeCertificate(certificate),
            "CERTIFIED (profile api; tier documented; only cases A-*)");
  certificate.asked = {.profiles = {"api", "wire"}, .tier = "", .only = ""};
  certificate.certified = certificate.complete = false;
  EXPECT_EQ(DescribeCertificate(certificate),
            "NOT CERTIFIED (incomplete; profiles api, wire)");
}

TEST(ObjectionsTest, AreAllThatIsNoVerdictOfACase) {
  EXPECT_THAT(Objections(ExampleCertificate()), IsEmpty());
  Certificate certificate = GoodCertificate();
  certificate.complete = false;
  certificate.deviations.problems = {"d.toml:2: stale line"};
  certificate.problems = {"case X is listed twice"};
  EXPECT_THAT(Objections(certificate),
              ElementsAre("the run is incomplete: not every case was run",
                          "d.toml:2: stale line", "case X is listed twice"));
}

TEST(MessageTest, FallsBackOnTheFailures) {
  Case result = ExampleCase("A-1/X", "A-1", "fail");
  EXPECT_EQ(MessageOf(result), "fail of A-1/X\nexpected: 1\nactual:   2");
  result.message = "";
  result.failures.push_back({"A-2", "too"});
  EXPECT_EQ(MessageOf(result), "A-1: expected 1, was 2\nA-2: too");
  EXPECT_EQ(MessageOf(ExampleCase("A-1/X", "A-1", "pass")), "");
}

}  // namespace
}  // namespace cpgcert::reports
