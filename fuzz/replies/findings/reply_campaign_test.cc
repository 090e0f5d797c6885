// A campaign finds nothing in a library that does what it owes, and in others
// what is wrong there, once.
//
// usage: reply_campaign_test REFERENCE FOLDER-OF-MUTANTS

#include "fuzz/replies/findings/reply_campaign.h"

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "fuzz/campaign/report.h"
#include "gtest/gtest.h"

namespace cpgcert::fuzz {
namespace {

std::string reference_path;  // NOLINT(runtime/string)
std::string mutant_folder;   // NOLINT(runtime/string)

CampaignReport Search(const std::string& library, uint64_t seed,
                      uint64_t inputs, std::optional<Trust> tier = {}) {
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
                           .tier = tier,
                           .tries = 3,
                           .log = {}});
}

std::vector<std::string> Keys(const CampaignReport& report) {
  std::vector<std::string> keys;
  for (const Finding& finding : report.findings) keys.push_back(finding.key);
  return keys;
}

std::vector<std::string> KeysOfMutant(const std::string& name) {
  return Keys(Search(mutant_folder + "/" + name + ".so", 1, 0));
}

TEST(ReplyCampaignTest, TheReferenceHasNone) {
  const CampaignReport report = Search(reference_path, 1, 500);
  EXPECT_TRUE(report.findings.empty()) << ReportText(report);
  EXPECT_TRUE(report.not_reproduced.empty());
  EXPECT_GT(report.inputs, 4000U);
}

TEST(ReplyCampaignTest, AMissingCheckIsNamed) {
  using List = std::vector<std::string>;
  EXPECT_EQ(KeysOfMutant("reply_body_size_unchecked"),
            List{"cpg_membership_get, cpg_local_get, cpg_iteration_initialize, "
                 "cpg_iteration_next: frame ends before its fields do"});
  EXPECT_EQ(KeysOfMutant("error_codes_above_19_unknown"),
            List{"any reply: an error code"});
}

TEST(ReplyCampaignTest, OneTierOnly) {
  const CampaignReport report = Search("libcpg.so.4", 1, 0, Trust::kConformant);
  for (const Finding& finding : report.findings) {
    EXPECT_EQ(finding.tier, Trust::kConformant) << finding.key;
  }
}

// corosync's, or whatever the machine has: the same from different seeds.
TEST(ReplyCampaignTest, TheSeedDoesNotMatter) {
  const CampaignReport first = Search("libcpg.so.4", 1, 500);
  const CampaignReport second = Search("libcpg.so.4", 2, 500);
  ASSERT_EQ(Keys(first), Keys(second));
  for (size_t i = 0; i < first.findings.size(); ++i) {
    const Finding& finding = first.findings[i];
    EXPECT_EQ(finding.reproductions, finding.tries) << finding.key;
    EXPECT_FALSE(finding.program.empty()) << finding.key;
    EXPECT_TRUE(finding.input == second.findings[i].input) << finding.key;
    EXPECT_EQ(finding.tier, second.findings[i].tier) << finding.key;
    EXPECT_EQ(finding.damages, second.findings[i].damages) << finding.key;
  }
}

}  // namespace
}  // namespace cpgcert::fuzz

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  if (argc < 3) return 2;
  cpgcert::fuzz::reference_path = argv[1];
  cpgcert::fuzz::mutant_folder = argv[2];
  // By its name it is found as long as no other of that name is loaded.
  std::string error;
  const auto system = cpgcert::harness::LoadCpgApi("libcpg.so.4", &error);
  if (system == nullptr) return 2;
  return RUN_ALL_TESTS();
}
