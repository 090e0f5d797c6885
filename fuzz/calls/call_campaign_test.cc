// A campaign finds nothing in a library that does what it owes, and in others
// what is wrong there, once, whatever the seed is.
//
// usage: call_campaign_test REFERENCE FOLDER-OF-MUTANTS

#include "fuzz/calls/call_campaign.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "fuzz/campaign/report.h"

namespace cpgcert::fuzz {
namespace {

using testing::Contains;

std::string reference_path;  // NOLINT(runtime/string)
std::string mutants;         // NOLINT(runtime/string)

CampaignReport Search(const std::string& library, uint64_t seed) {
  std::string error;
  // Never freed: libraries stay loaded.
  static std::vector<std::unique_ptr<harness::CpgApi>> loaded;
  loaded.push_back(harness::LoadCpgApi(library, &error));
  if (loaded.back() == nullptr) {
    ADD_FAILURE() << error;
    return {};
  }
  constexpr uint64_t kAtRandom = 500;
  return RunCallCampaign(*loaded.back(), {.duration = std::chrono::seconds(240),
                                          .inputs_max = kAtRandom,
                                          .seed = seed,
                                          .tier = {},
                                          .tries = 3,
                                          .log = {}});
}

std::vector<std::string> Keys(const CampaignReport& report) {
  std::vector<std::string> keys;
  for (const Finding& finding : report.findings) keys.push_back(finding.key);
  return keys;
}

TEST(CallCampaignTest, TheReferenceHasNone) {
  const CampaignReport report = Search(reference_path, 1);
  EXPECT_TRUE(report.findings.empty()) << ReportText(report);
  EXPECT_TRUE(report.not_reproduced.empty());
  EXPECT_GT(report.inputs, 1000U);
}

TEST(CallCampaignTest, MutantsAreFound) {
  for (const auto& [mutant, key] :
       {std::pair("busy_join_reported_as_ok", "cpg_join: ERR-01"),
        {"refused_flags_leave_connection",
         "cpg_model_initialize, with unknown flags: INIT-03"}}) {
    EXPECT_THAT(Keys(Search(mutants + "/" + mutant + ".so", 1)), Contains(key));
  }
}

// corosync's, or whatever the machine has.
TEST(CallCampaignTest, TheSeedDoesNotMatter) {
  const CampaignReport first = Search("libcpg.so.4", 1);
  const CampaignReport second = Search("libcpg.so.4", 2);
  EXPECT_EQ(Keys(first), Keys(second));
  for (const Finding& finding : first.findings) {
    EXPECT_EQ(finding.reproductions, finding.tries) << finding.key;
    EXPECT_EQ(finding.tier, Trust::kConformant);
  }
}

TEST(CallCampaignTest, NoProgramIsOfAnotherTier) {
  std::string error;
  const auto api = harness::LoadCpgApi(reference_path, &error);
  ASSERT_NE(api, nullptr) << error;
  EXPECT_EQ(RunCallCampaign(*api, {.tier = Trust::kHostile}).inputs, 0U);
}

}  // namespace
}  // namespace cpgcert::fuzz

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  if (argc != 3) {
    std::fprintf(stderr, "usage: call_campaign_test REFERENCE MUTANTS\n");
    return 2;
  }
  cpgcert::fuzz::reference_path = argv[1];
  cpgcert::fuzz::mutants = argv[2];
  return RUN_ALL_TESTS();
}
