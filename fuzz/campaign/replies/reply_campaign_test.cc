// A campaign finds nothing in a library that does what it owes, and in others
// what is wrong there, once.
//
// usage: reply_campaign_test REFERENCE FOLDER-OF-MUTANTS

#include "fuzz/campaign/replies/reply_campaign.h"

#include <memory>
#include <string>
#include <vector>

#include "fuzz/campaign/report.h"
#include "gtest/gtest.h"

namespace cpgcert::fuzz {
namespace {

std::string reference_path;  // NOLINT(runtime/string)

CampaignReport Search(const std::string& library, uint64_t seed,
                      uint64_t inputs) {
  std::string error;
  // Never freed: libraries stay loaded.
  static std::vector<std::unique_ptr<harness::CpgApi>> loaded;
  loaded.push_back(harness::LoadCpgApi(library, &error));
  if (loaded.back() == nullptr) {
    ADD_FAILURE() << error;
    return {};
  }
  return RunReplyCampaign(*loaded.back(),
                          {.duration = std::chrono::seconds(240),
                           .inputs_max = inputs,
                           .seed = seed,
                           .tries = 3,
                           .log = {}});
}

std::vector<std::string> Keys(const CampaignReport& report) {
  std::vector<std::string> keys;
  for (const Finding& finding : report.findings) keys.push_back(finding.key);
  return keys;
}

TEST(ReplyCampaignTest, TheReferenceHasNone) {
  const CampaignReport report = Search(reference_path, 1, 2000);
  EXPECT_TRUE(report.findings.empty()) << ReportText(report);
  EXPECT_TRUE(report.not_reproduced.empty());
  EXPECT_GT(report.inputs, 5000U);
}

// corosync's, or whatever the machine has: the same from different seeds.
TEST(ReplyCampaignTest, TheSeedDoesNotMatter) {
  const CampaignReport first = Search("libcpg.so.4", 1, 500);
  const CampaignReport second = Search("libcpg.so.4", 2, 500);
  ASSERT_EQ(Keys(first), Keys(second));
  for (size_t i = 0; i < first.findings.size(); ++i) {
    const Finding& finding = first.findings[i];
    EXPECT_EQ(finding.reproductions, finding.tries) << finding.key;
    EXPECT_TRUE(finding.input == second.findings[i].input) << finding.key;
    EXPECT_EQ(finding.tier, second.findings[i].tier) << finding.key;
    EXPECT_EQ(finding.damages, second.findings[i].damages) << finding.key;
  }
}

}  // namespace
}  // namespace cpgcert::fuzz

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  if (argc < 2) return 2;
  cpgcert::fuzz::reference_path = argv[1];
  // By its name it is found as long as no other of that name is loaded.
  std::string error;
  const auto system = cpgcert::harness::LoadCpgApi("libcpg.so.4", &error);
  if (system == nullptr) return 2;
  return RUN_ALL_TESTS();
}
