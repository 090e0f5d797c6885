// A campaign finds nothing in a library that does what it owes, and in others
// what was planted there, once.
//
// usage: campaign_test REFERENCE FOLDER-OF-MUTANTS

#include "fuzz/findings/campaign.h"

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "fuzz/findings/report.h"
#include "fuzz/findings/reproducer.h"
#include "gtest/gtest.h"

namespace cpgcert::fuzz {
namespace {

std::string reference_path;  // NOLINT(runtime/string)
std::string mutant_folder;   // NOLINT(runtime/string)

CampaignResult Search(const std::string& library, uint64_t seed = 1,
                      uint64_t inputs = 2000) {
  std::string error;
  // Never freed: libraries stay loaded.
  static std::vector<std::unique_ptr<harness::CpgApi>> loaded;
  loaded.push_back(harness::LoadCpgApi(library, &error));
  if (loaded.back() == nullptr) {
    ADD_FAILURE() << error;
    return {};
  }
  return RunCampaign(*loaded.back(), {.duration = std::chrono::seconds(120),
                                      .inputs_max = inputs,
                                      .seed = seed,
                                      .tries = 3,
                                      .log = {}});
}

std::vector<std::string> Keys(const CampaignResult& result) {
  std::vector<std::string> keys;
  for (const RootCause& cause : result.causes) keys.push_back(cause.Key());
  return keys;
}

std::vector<std::string> KeysOfMutant(const std::string& name) {
  return Keys(Search(mutant_folder + "/" + name + ".so", 1, 500));
}

TEST(CampaignTest, TheReferenceHasNone) {
  const CampaignResult result = Search(reference_path);
  EXPECT_EQ(Keys(result), std::vector<std::string>()) << ReportText(result, "");
  EXPECT_TRUE(result.not_reproduced.empty());
  EXPECT_GT(result.inputs, 5000U);
}

TEST(CampaignTest, AMissingBoundIsNamed) {
  const std::string tail = "group.length: group.length > 128";
  EXPECT_EQ(KeysOfMutant("name_of_any_length_believed"),
            (std::vector<std::string>{"configuration event: " + tail,
                                      "deliver event: " + tail,
                                      "partial deliver event: " + tail}));
}

TEST(CampaignTest, AWrongFieldOfAnHonestEventIsNamed) {
  const std::string wrong = "honest, and yet a callback with wrong contents";
  EXPECT_EQ(KeysOfMutant("lists_in_order_of_counts"),
            std::vector<std::string>{"configuration event: lists: " + wrong});
  EXPECT_EQ(KeysOfMutant("ring_sequence_backwards"),
            std::vector<std::string>{"totem event: ring: " + wrong});
}

// corosync's, or whatever the machine has: the same from different seeds.
TEST(CampaignTest, TheSeedDoesNotMatter) {
  const CampaignResult first = Search("libcpg.so.4", 1, 1000);
  EXPECT_EQ(Keys(first), Keys(Search("libcpg.so.4", 2, 1000)));
  for (const RootCause& cause : first.causes) {
    EXPECT_EQ(cause.reproductions, cause.tries) << cause.Key();
    EXPECT_LE(cause.input.size(), 3U) << AnnotatedInput(cause);
  }
}

TEST(ReportTest, AReproducerShowsItsFinding) {
  const CampaignResult result = Search("libcpg.so.4", 1, 0);
  const std::string folder = testing::TempDir() + "/findings";
  ASSERT_EQ(WriteReport(result, "libcpg.so.4", folder), "");
  const std::string name =
      "deliver_event_message_size_message_size_beyond_bytes_that_follow";
  const std::string source = folder + "/reproducers/" + name + ".cc";
  const std::string program = folder + "/reproducer";
  ASSERT_TRUE(std::filesystem::exists(source));
  EXPECT_TRUE(std::filesystem::exists(folder + "/regressions/" + name));
  ASSERT_EQ(std::system(("clang++-19 -std=c++17 -Wall -Wextra -Werror -o " +
                         program + " " + source + " -lcpg -lqb")
                            .c_str()),
            0);
  const int status =
      std::system(("timeout 60 " + program + " > " + program + ".txt").c_str());
  std::ifstream file(program + ".txt");
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  EXPECT_EQ(WEXITSTATUS(status), 1) << text;
  EXPECT_NE(text.find("NOT as owed"), std::string::npos) << text;
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
