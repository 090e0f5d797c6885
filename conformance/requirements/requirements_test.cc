// The table, the cases that decide it, and a golden file of its sentences: a
// sentence that changes under its cases shows in review.

#include "conformance/requirements/requirements.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "conformance/case.h"
#include "conformance/certification.h"
#include "conformance/suites.h"
#include "harness/cpg_api.h"

namespace cpgcert::conformance {
namespace {

using testing::AnyOf;
using testing::EndsWith;
using testing::MatchesRegex;

constexpr char kGoldenFile[] = "conformance/requirements/requirements.golden";

// One line for each requirement: id, tier, profile, sentence.
std::string Golden() {
  std::string text;
  for (const Requirement& requirement : Requirements()) {
    text.append(requirement.id).append(" ");
    text.append(ToString(requirement.tier)).append(" ");
    text.append(requirement.profile).append(" ");
    text.append(requirement.sentence).append("\n");
  }
  return text;
}

std::string ReadGolden() {
  std::ifstream file(kGoldenFile);
  return {std::istreambuf_iterator<char>(file), {}};
}

TEST(RequirementsTest, IdsAreUniqueAndWellFormed) {
  std::set<std::string_view> ids;
  for (const Requirement& requirement : Requirements()) {
    EXPECT_THAT(
        std::string(requirement.id),
        MatchesRegex(requirement.profile == "wire" ? "WIRE-[A-Z]+"
                                                   : "[A-Z]+-[0-9][0-9]"));
    EXPECT_TRUE(ids.insert(requirement.id).second) << requirement.id;
  }
  EXPECT_FALSE(ids.empty());
}

TEST(RequirementsTest, SentencesAreUniqueAndEndWithAFullStop) {
  std::set<std::string_view> sentences;
  for (const Requirement& requirement : Requirements()) {
    EXPECT_THAT(std::string(requirement.sentence), EndsWith("."));
    EXPECT_EQ(requirement.sentence.find('\n'), std::string_view::npos);
    EXPECT_TRUE(sentences.insert(requirement.sentence).second)
        << requirement.sentence;
  }
}

TEST(RequirementsTest, ColumnsAreFilled) {
  for (const Requirement& requirement : Requirements()) {
    SCOPED_TRACE(requirement.id);
    EXPECT_FALSE(requirement.source.empty());
    EXPECT_THAT(std::string(requirement.profile),
                AnyOf("api", "faults", "wire"));
    EXPECT_THAT(requirement.tier,
                AnyOf(Tier::kDocumented, Tier::kHeader, Tier::kObserved));
    const bool is_function =
        std::ranges::find(harness::CpgSymbols(), requirement.function) !=
        harness::CpgSymbols().end();
    EXPECT_TRUE(requirement.function.empty() || is_function)
        << requirement.function;
  }
}

TEST(RequirementsTest, RowsForCertificationSayTheSame) {
  const std::vector<RequirementRow> rows = RequirementRows();
  ASSERT_EQ(rows.size(), Requirements().size());
  for (size_t i = 0; i < rows.size(); ++i) {
    const Requirement& requirement = Requirements()[i];
    EXPECT_EQ(rows[i].id, requirement.id);
    EXPECT_EQ(rows[i].tier, requirement.tier);
    EXPECT_EQ(rows[i].profile, requirement.profile);
    EXPECT_EQ(rows[i].optional, requirement.optional);
    EXPECT_EQ(FindRequirement(rows[i].id), &requirement);
  }
  EXPECT_EQ(FindRequirement("DISPATCH-00"), nullptr);
  EXPECT_EQ(FindRequirement(""), nullptr);
}

// Of "wire", the cases are campaigns: //cli:wire_suite_test.
bool IsDecidedHere(const Requirement& requirement) {
  return requirement.profile != "wire";
}

TEST(RequirementsTest, EachIsDecidedByACase) {
  std::map<std::string, int> deciding;
  for (const CaseInfo& info : AllCases()) {
    for (const std::string& id : info.requirements) {
      ++deciding[id];
    }
  }
  for (const Requirement& requirement : Requirements()) {
    EXPECT_EQ(deciding[std::string(requirement.id)] > 0,
              IsDecidedHere(requirement))
        << requirement.id;
  }
}

TEST(CasesTest, DecideOnlyWhatIsInTheTable) {
  EXPECT_FALSE(AllCases().empty());
  for (const CaseInfo& info : AllCases()) {
    const std::set<std::string> ids(info.requirements.begin(),
                                    info.requirements.end());
    EXPECT_EQ(ids.size(), info.requirements.size()) << info.name;
    for (const std::string& id : ids) {
      EXPECT_NE(FindRequirement(id), nullptr) << id << " of " << info.name;
    }
  }
}

// Otherwise --profile would run them for nothing.
TEST(CasesTest, BelongToTheProfileOfOneOfTheirRequirements) {
  for (const CaseInfo& info : AllCases()) {
    const bool belongs =
        std::ranges::any_of(info.requirements, [&info](const std::string& id) {
          const Requirement* requirement = FindRequirement(id);
          return requirement != nullptr && requirement->profile == info.profile;
        });
    EXPECT_TRUE(belongs) << info.name << " in " << info.profile;
  }
}

// Whoever asks for one profile gets a trial of everything in it.
TEST(RequirementsTest, EachIsDecidedByACaseOfItsOwnProfile) {
  std::set<std::string> decided;
  for (const CaseInfo& info : AllCases()) {
    for (const std::string& id : info.requirements) {
      const Requirement* requirement = FindRequirement(id);
      if (requirement != nullptr && requirement->profile == info.profile) {
        decided.insert(id);
      }
    }
  }
  for (const Requirement& requirement : Requirements()) {
    EXPECT_EQ(decided.contains(std::string(requirement.id)),
              IsDecidedHere(requirement))
        << requirement.id << " in " << requirement.profile;
  }
}

TEST(CasesTest, NamesAreMadeOfCamelCase) {
  for (const CaseInfo& info : AllCases()) {
    EXPECT_THAT(info.name,
                MatchesRegex("[A-Z]+-[0-9][0-9](/[A-Z][A-Za-z0-9]*)+"));
  }
}

TEST(GoldenTest, NoSentenceChangesUnseen) {
  EXPECT_EQ(ReadGolden(), Golden())
      << "The table and " << kGoldenFile << " differ. Does each case still "
      << "decide what its requirement now says? A new meaning needs a new id. "
      << "Then write the file anew and commit it:\n"
      << "  bazel run //conformance/requirements:requirements_test -- --accept";
}

// Writes the golden file of the checkout from which `bazel run` was called.
int Accept() {
  const char* checkout = std::getenv("BUILD_WORKSPACE_DIRECTORY");
  if (checkout == nullptr) {
    std::fputs("--accept works with `bazel run` only\n", stderr);
    return 2;
  }
  std::ofstream file(std::string(checkout) + "/" + kGoldenFile);
  file << Golden();
  file.close();
  return file ? 0 : 2;
}

}  // namespace
}  // namespace cpgcert::conformance

int main(int argc, char** argv) {
  testing::InitGoogleMock(&argc, argv);
  if (argc > 1 && std::string_view(argv[1]) == "--accept") {
    return cpgcert::conformance::Accept();
  }
  cpgcert::conformance::RegisterSuites();
  return RUN_ALL_TESTS();
}
