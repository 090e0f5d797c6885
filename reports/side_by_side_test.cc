#include "reports/side_by_side.h"

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

Certificate Other() {
  Certificate certificate = GoodCertificate();
  certificate.implementation.name = "reference";
  return certificate;
}

TEST(SideBySideTest, ARequirementHasAVerdictOfEach) {
  const SideBySide all = PutSideBySide({ExampleCertificate(), Other()});
  EXPECT_THAT(all.names, ElementsAre("corosync 3.1.7", "reference"));
  ASSERT_EQ(all.requirements.size(), 4u);
  EXPECT_EQ(all.requirements[0].id, "A-1");
  EXPECT_THAT(all.requirements[0].verdicts, ElementsAre("crash", "pass"));
  EXPECT_TRUE(all.requirements[0].differs);
  EXPECT_THAT(all.requirements[1].verdicts,
              ElementsAre("fail, known deviation", ""));
  EXPECT_THAT(all.facts, IsEmpty());
}

TEST(SideBySideTest, WhatIsTheSameDoesNotDiffer) {
  const SideBySide all = PutSideBySide({GoodCertificate(), Other()});
  EXPECT_FALSE(all.requirements[0].differs);
  EXPECT_THAT(all.profiles[0].verdicts, ElementsAre("certified", "certified"));
}

TEST(SideBySideTest, WhatOnlyALaterOneHasComesLast) {
  const SideBySide all =
      PutSideBySide({GoodCertificate(), Other(), ExampleCertificate()});
  EXPECT_EQ(all.requirements.back().id, "B-1");
  EXPECT_THAT(all.requirements.back().verdicts, ElementsAre("", "", "error"));
}

TEST(SideBySideTest, SameNamesAreNumbered) {
  EXPECT_THAT(PutSideBySide({GoodCertificate(), GoodCertificate()}).names,
              ElementsAre("corosync 3.1.7", "corosync 3.1.7 (2)"));
}

TEST(SideBySideTest, WhatMakesThemHardToCompareIsSaid) {
  Certificate other = Other();
  other.suite.version = "0.2";
  other.complete = false;
  other.asked.only = "A-*";
  EXPECT_THAT(PutSideBySide({GoodCertificate(), other}).facts,
              ElementsAre("reference was judged by another suite than corosync "
                          "3.1.7",
                          "the run of reference is incomplete",
                          "of reference only cases A-* were run"));
}

TEST(SideBySideTest, TheTextIsGolden) {
  EXPECT_EQ(SideBySideText({ExampleCertificate(), Other()}),
            "1  corosync 3.1.7, sha256 00ff: NOT CERTIFIED\n"
            "2  reference, sha256 00ff: CERTIFIED\n"
            "\n"
            "profile and tier   1              2          differs\n"
            "api documented     not certified  certified  *\n"
            "api header         certified      -          *\n"
            "api observed       certified      -          *\n"
            "faults documented  not certified  -          *\n"
            "\n"
            "requirement  1                      2     differs\n"
            "A-1          crash                  pass  *\n"
            "A-2          fail, known deviation  -     *\n"
            "A-3          unsupported            -     *\n"
            "B-1          error                  -     *\n");
}

TEST(SideBySideTest, NoneAtAllIsNoHarm) {
  EXPECT_THAT(PutSideBySide({}).names, IsEmpty());
  EXPECT_THAT(SideBySideHtml({}), HasSubstr("All: 0 requirements"));
}

TEST(SideBySideTest, ThePageHoldsNoText) {
  const std::string page = SideBySideHtml(
      {GoodCertificate(), HostileCertificate("</td><script>\x1b[2J{{x}}")});
  EXPECT_THAT(page, Not(HasSubstr("<script")));
  EXPECT_EQ(page.find('\x1b'), std::string::npos);
  EXPECT_THAT(page, HasSubstr("Where they differ: "));
}

}  // namespace
}  // namespace cpgcert::reports
