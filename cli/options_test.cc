#include "cli/options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

namespace cpgcert::cli {
namespace {

using conformance::Tier;
using testing::AllOf;
using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

struct Parsed {
  ParsedOptions result;
  std::string out;
  std::string error;
};

Parsed Parse(const std::vector<const char*>& arguments) {
  std::vector<const char*> argv = {"/some/where/certify"};
  argv.insert(argv.end(), arguments.begin(), arguments.end());
  testing::internal::CaptureStdout();
  testing::internal::CaptureStderr();
  Parsed parsed;
  parsed.result = ParseOptions(static_cast<int>(argv.size()), argv.data());
  parsed.out = testing::internal::GetCapturedStdout();
  parsed.error = testing::internal::GetCapturedStderr();
  return parsed;
}

TEST(ParseOptionsTest, Defaults) {
  const Parsed parsed = Parse({});
  EXPECT_FALSE(parsed.result.stop);
  EXPECT_EQ(parsed.out + parsed.error, "");
  const Options& options = parsed.result.options;
  EXPECT_EQ(options.libcpg, "");
  EXPECT_EQ(options.service, "corosync");
  EXPECT_THAT(options.profiles, IsEmpty());
  EXPECT_EQ(options.tier, Tier::kObserved);
  EXPECT_EQ(options.only, "");
  EXPECT_FALSE(options.list);
  EXPECT_FALSE(options.list_exclusions);
  EXPECT_EQ(options.jobs, 0);
  EXPECT_EQ(options.seed, 1);
  EXPECT_EQ(options.deviations, "");
  EXPECT_EQ(options.out, "");
  EXPECT_EQ(options.implementation_name, "");
}

TEST(ParseOptionsTest, TakesEachOption) {
  const Parsed parsed = Parse({"--libcpg",
                               "a b.so",
                               "--service",
                               "running",
                               "--profile",
                               "api,faults",
                               "--tier",
                               "header",
                               "--only",
                               "DISPATCH-05/*",
                               "--list",
                               "--list-exclusions",
                               "--list-requirements",
                               "--reproducer",
                               "PART-05/*",
                               "--jobs",
                               "3",
                               "--seed",
                               "18446744073709551",
                               "--out",
                               "/out",
                               "--deviations",
                               "none",
                               "--implementation-name",
                               "Ours \"1\""});
  EXPECT_FALSE(parsed.result.stop) << parsed.error;
  const Options& options = parsed.result.options;
  EXPECT_EQ(options.libcpg, "a b.so");
  EXPECT_EQ(options.service, "running");
  EXPECT_THAT(options.profiles, ElementsAre("api", "faults"));
  EXPECT_EQ(options.tier, Tier::kHeader);
  EXPECT_EQ(options.only, "DISPATCH-05/*");
  EXPECT_TRUE(options.list);
  EXPECT_TRUE(options.list_exclusions);
  EXPECT_TRUE(options.list_requirements);
  EXPECT_EQ(options.reproducer, "PART-05/*");
  EXPECT_EQ(options.jobs, 3);
  EXPECT_EQ(options.seed, 18446744073709551U);
  EXPECT_EQ(options.deviations, "none");
  EXPECT_EQ(options.out, "/out");
  EXPECT_EQ(options.implementation_name, "Ours \"1\"");
}

TEST(ParseOptionsTest, EachTierHasItsName) {
  EXPECT_EQ(Parse({"--tier", "documented"}).result.options.tier,
            Tier::kDocumented);
  EXPECT_EQ(Parse({"--tier=header"}).result.options.tier, Tier::kHeader);
  EXPECT_EQ(Parse({"--tier=observed"}).result.options.tier, Tier::kObserved);
}

TEST(ParseOptionsTest, HelpIsNoError) {
  const Parsed parsed = Parse({"--help"});
  EXPECT_TRUE(parsed.result.stop);
  EXPECT_EQ(parsed.result.status, kCertified);
  EXPECT_EQ(parsed.error, "");
  EXPECT_THAT(parsed.out, HasSubstr("Usage: certify [OPTIONS]"));
  for (const char* option :
       {"--libcpg FILE", "--service KIND", "--profile NAME[,NAME]",
        "--tier TIER", "--only GLOB", "--list ", "--list-exclusions",
        "--list-requirements", "--reproducer CASE", "--jobs N", "--seed N",
        "--deviations FILE", "--out DIR", "--implementation-name TEXT",
        "Exit status: 0 "}) {
    EXPECT_THAT(parsed.out, HasSubstr(option));
  }
}

struct BadUsage {
  std::vector<const char*> arguments;
  const char* says;
};

TEST(ParseOptionsTest, BadUsageIsOneLine) {
  const std::vector<BadUsage> all = {
      {{"--nonsense"}, "--nonsense"},
      {{"stray"}, "stray"},
      {{"--only"}, "--only"},
      {{"--reproducer"}, "--reproducer"},
      {{"--reproducer", ""}, "--reproducer: the name of a case is missing"},
      {{"--jobs", "0"}, "--jobs: Value 0 not in range 1 to 1024"},
      {{"--jobs", "-1"}, "--jobs"},
      {{"--jobs", "1025"}, "--jobs"},
      {{"--jobs", "many"}, "--jobs"},
      {{"--tier", "all"},
       "--tier: 'all' is no tier; there are documented, header, observed"},
      {{"--tier", "0"}, "'0' is no tier"},
      {{"--tier", ""}, "'' is no tier"},
      {{"--seed", "-1"}, "--seed: '-1' is no whole number"},
      {{"--seed", "99999999999999999999"}, "--seed"},
      {{"--seed", "x"}, "--seed"},
      {{"--libcpg", "a", "--libcpg", "b"}, "--libcpg"},
      {{"--two\nlines"}, "--two lines"}};
  for (const BadUsage& bad : all) {
    const Parsed parsed = Parse(bad.arguments);
    EXPECT_TRUE(parsed.result.stop) << bad.says;
    EXPECT_EQ(parsed.result.status, kCouldNotJudge);
    EXPECT_EQ(parsed.out, "");
    EXPECT_THAT(parsed.error,
                AllOf(StartsWith("certify: "), HasSubstr(bad.says),
                      EndsWith("; see certify --help\n")));
    EXPECT_EQ(std::ranges::count(parsed.error, '\n'), 1) << parsed.error;
  }
}

TEST(TiersUpToTest, HoldsTheStricterOnesToo) {
  EXPECT_THAT(TiersUpTo(Tier::kDocumented), ElementsAre(Tier::kDocumented));
  EXPECT_THAT(TiersUpTo(Tier::kHeader),
              ElementsAre(Tier::kDocumented, Tier::kHeader));
  EXPECT_THAT(TiersUpTo(Tier::kObserved),
              ElementsAre(Tier::kDocumented, Tier::kHeader, Tier::kObserved));
}

}  // namespace
}  // namespace cpgcert::cli
