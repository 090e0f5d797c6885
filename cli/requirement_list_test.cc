#include "cli/requirement_list.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "cli/options.h"
#include "conformance/case.h"
#include "conformance/certification.h"

namespace cpgcert::cli {
namespace {

using conformance::Tier;
using testing::ContainsRegex;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

std::string Listed(const Options& options) {
  std::string text;
  EXPECT_EQ(ListRequirements(options, &text), "");
  return text;
}

TEST(RequirementListTest, ABlockSaysAllOfARequirement) {
  Options options;
  options.only = "DISPATCH-02/*";
  const std::string text = Listed(options);
  EXPECT_THAT(text, StartsWith("DISPATCH-02 api documented, cpg_dispatch\n  "));
  EXPECT_THAT(text, HasSubstr("\n  source: cpg_dispatch(3)"));
  EXPECT_THAT(text, HasSubstr("\n  decided by 2 cases\n\nMCAST-01 api "));
  EXPECT_THAT(text, HasSubstr("\n  decided by 1 case\n\n"
                              "2 requirements: api 2 documented\n"));
}

// All of them, also those that no case of this test decides.
TEST(RequirementListTest, EverythingByDefault) {
  const std::string text = Listed({});
  EXPECT_THAT(text, HasSubstr("\nTOTEM-01 api documented, "));
  EXPECT_THAT(text, HasSubstr(", optional\n"));
  EXPECT_THAT(text, HasSubstr("\n  readings: "));
  EXPECT_THAT(text, HasSubstr("\n  decided by 0 cases\n"));
  EXPECT_THAT(text, HasSubstr("\nNot required, and why:\n\nCONF-04\n  "));
  EXPECT_THAT(text, ContainsRegex(
                        "\n[0-9]+ requirements: api [0-9]+ documented, [0-9]+ "
                        "header, [0-9]+ observed; faults [0-9]+ documented"));
}

TEST(RequirementListTest, ProfileAndTierNarrowIt) {
  Options options;
  options.profiles = {"faults"};
  options.tier = Tier::kDocumented;
  const std::string text = Listed(options);
  EXPECT_THAT(text, HasSubstr("DISPATCH-09 faults documented"));
  EXPECT_THAT(text, Not(ContainsRegex("[0-9] api [a-z]+")));
  EXPECT_THAT(text, Not(ContainsRegex("[0-9] faults (header|observed)")));
}

TEST(RequirementListTest, RefusesWhatThereIsNot) {
  std::string text;
  Options options;
  options.profiles = {"nope"};
  EXPECT_THAT(ListRequirements(options, &text),
              StartsWith("no profile is called 'nope'"));
  options = {};
  options.only = "NOBODY*";
  EXPECT_THAT(ListRequirements(options, &text), StartsWith("no case matches"));
  EXPECT_EQ(text, "");
}

}  // namespace
}  // namespace cpgcert::cli

// A few cases instead of the whole suite.
int main(int argc, char** argv) {
  testing::InitGoogleMock(&argc, argv);
  using cpgcert::conformance::CaseContext;
  for (const cpgcert::conformance::CaseInfo& info :
       std::vector<cpgcert::conformance::CaseInfo>{
           {"DISPATCH-02/One", {"DISPATCH-02"}, "api"},
           {"DISPATCH-02/One/Joined", {"DISPATCH-02", "MCAST-01"}, "api"},
           {"DISPATCH-09/Killed", {"DISPATCH-09"}, "faults"}}) {
    cpgcert::conformance::RegisterCase(info, [](CaseContext&) {});
  }
  return RUN_ALL_TESTS();
}
