// A campaign finds nothing in a library that does what it owes, and in others
// what was planted there, once.
//
// usage: campaign_test REFERENCE FOLDER-OF-MUTANTS

#include "fuzz/events/findings/campaign.h"

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "fuzz/campaign/report.h"
#include "gtest/gtest.h"

namespace cpgcert::fuzz {
namespace {

constexpr char kSystemLibrary[] = "libcpg.so.4";

std::string reference_path;  // NOLINT(runtime/string)
std::string mutant_folder;   // NOLINT(runtime/string)

// What is systematic, and so many inputs at random.
CampaignReport Search(const std::string& library, uint64_t inputs,
                      EventCampaignOptions options = {}) {
  std::string error;
  // Never freed: libraries stay loaded.
  static std::vector<std::unique_ptr<harness::CpgApi>> loaded;
  loaded.push_back(harness::LoadCpgApi(library, &error));
  if (loaded.back() == nullptr) {
    ADD_FAILURE() << error;
    return {};
  }
  options.duration = std::chrono::seconds(120);
  options.inputs_max = inputs;
  options.tries = 3;
  return RunEventCampaign(*loaded.back(), options);
}

std::vector<std::string> Keys(const CampaignReport& report) {
  std::vector<std::string> keys;
  for (const Finding& finding : report.findings) {
    keys.push_back(finding.key + " (" + NameOf(finding.tier) + ")");
  }
  return keys;
}

std::vector<std::string> KeysOfMutant(const std::string& name) {
  return Keys(Search(mutant_folder + "/" + name + ".so", 0));
}

std::vector<std::string> HonestButWrong(const std::string& part) {
  return {part + ": honest, and yet a callback with wrong contents " +
          "(conformant)"};
}

TEST(CampaignTest, TheReferenceHasNone) {
  const CampaignReport report = Search(reference_path, 6000);
  EXPECT_EQ(Keys(report), std::vector<std::string>()) << ReportText(report);
  EXPECT_TRUE(report.not_reproduced.empty());
  EXPECT_GT(report.inputs, 9000U);
}

TEST(CampaignTest, AMissingBoundIsNamed) {
  const std::string tail = ": group.length > 128 (hostile)";
  EXPECT_EQ(KeysOfMutant("name_of_any_length_believed"),
            (std::vector<std::string>{"configuration" + tail, "deliver" + tail,
                                      "partial deliver" + tail}));
}

TEST(CampaignTest, AWrongFieldOfAnHonestEventIsNamed) {
  EXPECT_EQ(KeysOfMutant("crash_decoded_as_leave"),
            HonestButWrong("configuration: reasons"));
  EXPECT_EQ(KeysOfMutant("lists_in_order_of_counts"),
            HonestButWrong("configuration: lists"));
  EXPECT_EQ(KeysOfMutant("ring_sequence_backwards"),
            HonestButWrong("totem: ring"));
  EXPECT_EQ(KeysOfMutant("sender_fields_swapped"),
            HonestButWrong("deliver: sender"));
}

// corosync's, or whatever the machine has: the same from different seeds. Of
// one tier, for the sake of time.
TEST(CampaignTest, TheSeedDoesNotMatter) {
  const CampaignReport first =
      Search(kSystemLibrary, 1000, {.tier = Trust::kConsistent});
  EXPECT_EQ(Keys(first), Keys(Search(kSystemLibrary, 1000,
                                     {.seed = 2, .tier = Trust::kConsistent})));
  EXPECT_TRUE(first.not_reproduced.empty()) << ReportText(first);
  for (const Finding& finding : first.findings) {
    EXPECT_EQ(finding.reproductions, finding.tries) << finding.key;
  }
}

TEST(CampaignTest, OnlyInputsOfTheTierAreMade) {
  const auto library = mutant_folder + "/name_of_any_length_believed.so";
  const CampaignReport report =
      Search(library, 2000, {.tier = Trust::kConsistent});
  EXPECT_EQ(Keys(report), std::vector<std::string>()) << ReportText(report);
  EXPECT_GT(report.inputs, 500U);
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
