#include "cli/selection.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

#include "conformance/case.h"

namespace cpgcert::cli {
namespace {

using conformance::Tier;
using testing::AnyOf;
using testing::Contains;
using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

// Bazel's variables; those of the test that runs here are put away.
class SelectTest : public testing::Test {
 protected:
  SelectTest() { SetShard(nullptr, nullptr, nullptr); }
  ~SelectTest() override { SetShard(nullptr, nullptr, nullptr); }

  static void SetShard(const char* count, const char* index,
                       const char* status_file) {
    for (const auto& [name, value] :
         {std::pair<const char*, const char*>{"TEST_TOTAL_SHARDS", count},
          {"TEST_SHARD_INDEX", index},
          {"TEST_SHARD_STATUS_FILE", status_file}}) {
      if (value == nullptr) {
        unsetenv(name);
      } else {
        setenv(name, value, 1);
      }
    }
  }
};

// The names of the selected cases, in their order.
std::vector<std::string> Names(const Selection& selection) {
  std::vector<std::string> names;
  for (const size_t index : selection.cases) {
    names.push_back(conformance::AllCases().at(index).name);
  }
  return names;
}

Options In(const std::vector<std::string>& profiles, const char* only = "") {
  Options options;
  options.profiles = profiles;
  options.only = only;
  return options;
}

Options Only(const char* glob) { return In({}, glob); }

Options UpTo(Tier tier) {
  Options options;
  options.tier = tier;
  return options;
}

std::vector<std::string> AllNames() { return Names(Select({})); }

TEST_F(SelectTest, EverythingByDefault) {
  const Selection selection = Select({});
  EXPECT_EQ(selection.error, "");
  EXPECT_EQ(selection.cases.size(), conformance::AllCases().size());
  EXPECT_THAT(selection.scope.profiles, IsEmpty());
  EXPECT_THAT(selection.scope.tiers,
              ElementsAre(Tier::kDocumented, Tier::kHeader, Tier::kObserved));
  EXPECT_THAT(selection.scope.requirements, IsEmpty());
}

TEST_F(SelectTest, GlobCrossesSlashes) {
  EXPECT_THAT(Names(Select(Only("DISPATCH-02/*"))),
              ElementsAre("DISPATCH-02/One", "DISPATCH-02/One/Joined"));
  EXPECT_THAT(Names(Select(Only("*Joined"))),
              ElementsAre("DISPATCH-02/One/Joined", "PART-01/Joined"));
  EXPECT_THAT(Names(Select(Only("DISPATCH-02/One"))),
              ElementsAre("DISPATCH-02/One"));
  EXPECT_THAT(Names(Select(Only("*-0[16]/*"))),
              ElementsAre("DISPATCH-06/Invalid0", "PART-01/Joined"));
  EXPECT_THAT(Names(Select(Only("PART-0?/Joined"))),
              ElementsAre("PART-01/Joined"));
}

// What is not asked for is not held against the implementation.
TEST_F(SelectTest, GlobNarrowsTheRequirements) {
  EXPECT_THAT(Select(Only("DISPATCH-02/One/*")).scope.requirements,
              ElementsAre("DISPATCH-02", "MCAST-01"));
}

TEST_F(SelectTest, Profile) {
  const Selection selection = Select(In({"faults"}));
  EXPECT_THAT(Names(selection), ElementsAre("DISPATCH-09/Killed"));
  EXPECT_THAT(selection.scope.profiles, ElementsAre("faults"));
  EXPECT_THAT(selection.scope.requirements, IsEmpty());
  EXPECT_EQ(Names(Select(In({"faults", "api"}))), AllNames());
}

TEST_F(SelectTest, TierTakesCasesThatDecideAnyOfIt) {
  const Selection documented = Select(UpTo(Tier::kDocumented));
  EXPECT_THAT(Names(documented),
              ElementsAre("DISPATCH-02/One", "DISPATCH-02/One/Joined",
                          "DISPATCH-09/Killed"));
  EXPECT_THAT(documented.scope.tiers, ElementsAre(Tier::kDocumented));
  EXPECT_THAT(Names(Select(UpTo(Tier::kHeader))), Contains("PART-01/Joined"));
  EXPECT_THAT(Names(Select(UpTo(Tier::kHeader))),
              Not(Contains("DISPATCH-06/Invalid0")));
}

TEST_F(SelectTest, UnknownProfile) {
  const Selection selection = Select(In({"api", "cluster"}));
  EXPECT_THAT(selection.cases, IsEmpty());
  EXPECT_EQ(selection.error,
            "no profile is called 'cluster'; there are api, faults, wire");
}

TEST_F(SelectTest, NothingMatches) {
  const Selection selection = Select(Only("TOTEM-*"));
  EXPECT_THAT(selection.cases, IsEmpty());
  EXPECT_EQ(selection.error,
            "no case matches --only 'TOTEM-*'; certify --list prints them all");
  EXPECT_THAT(Select(In({"faults"}, "PART-01/*")).error,
              HasSubstr("in the profiles asked for"));
}

TEST_F(SelectTest, ShardsAreDisjointAndTogetherEverything) {
  for (const size_t count : {1, 2, 3, 5, 8}) {
    std::vector<int> times(conformance::AllCases().size(), 0);
    for (size_t index = 0; index < count; ++index) {
      SetShard(std::to_string(count).c_str(), std::to_string(index).c_str(),
               nullptr);
      const Selection selection = Select({});
      EXPECT_EQ(selection.error, "");
      for (const size_t item : selection.cases) {
        ++times.at(item);
      }
      const size_t share = conformance::AllCases().size() / count;
      EXPECT_THAT(selection.cases.size(), AnyOf(share, share + 1));
    }
    EXPECT_THAT(times, Each(1)) << count << " shards";
  }
}

TEST_F(SelectTest, ShardsShareWhatTheGlobLeaves) {
  SetShard("2", "1", nullptr);
  const Selection selection = Select(Only("DISPATCH-02/*"));
  EXPECT_THAT(Names(selection), ElementsAre("DISPATCH-02/One/Joined"));
  EXPECT_THAT(selection.scope.requirements,
              ElementsAre("DISPATCH-02", "MCAST-01"));
  SetShard("3", "2", nullptr);
  EXPECT_THAT(Select(Only("DISPATCH-02/*")).cases, IsEmpty());
  EXPECT_EQ(Select(Only("DISPATCH-02/*")).error, "");
}

TEST_F(SelectTest, TellsBazelThatShardingIsHonoured) {
  const std::string file = testing::TempDir() + "/shard_status";
  unlink(file.c_str());
  SetShard("2", "0", file.c_str());
  (void)Select({});
  EXPECT_EQ(access(file.c_str(), F_OK), 0);
  unlink(file.c_str());
}

}  // namespace
}  // namespace cpgcert::cli

// A few cases of all profiles and tiers, instead of the whole suite.
int main(int argc, char** argv) {
  testing::InitGoogleMock(&argc, argv);
  using cpgcert::conformance::CaseContext;
  for (const cpgcert::conformance::CaseInfo& info :
       std::vector<cpgcert::conformance::CaseInfo>{
           {"DISPATCH-02/One", {"DISPATCH-02"}, "api"},
           {"DISPATCH-02/One/Joined", {"DISPATCH-02", "MCAST-01"}, "api"},
           {"DISPATCH-06/Invalid0", {"DISPATCH-06"}, "api"},
           {"DISPATCH-09/Killed", {"DISPATCH-09"}, "faults"},
           {"PART-01/Joined", {"PART-01"}, "api"}}) {
    cpgcert::conformance::RegisterCase(info, [](CaseContext&) {});
  }
  return RUN_ALL_TESTS();
}
