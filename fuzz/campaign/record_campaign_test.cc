#include "fuzz/campaign/record_campaign.h"

#include <fmt/core.h>
#include <gmock/gmock.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "fuzz/campaign/child_run.h"
#include "fuzz/campaign/report.h"

namespace cpgcert::fuzz {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

// Inputs are letters. To play 'k' kills, 'e' ends the process without a word,
// and 'b' after 'a' is wrong; 's' spoils what comes after it in the process.
// Capital letters are of a service that is not to be trusted: 'W' is wrong.
bool spoiled = false;

Wrong PlayLetters(const std::string& input) {
  if (spoiled) return {.damage = "spoiled"};
  bool after_a = false;
  for (const char letter : input) {
    if (letter == 'k') std::raise(SIGSEGV);
    if (letter == 'e') _exit(0);
    if (letter == 's') spoiled = true;
    if (letter == 'W') return {.damage = "wrong", .part = "W"};
    if (letter == 'b' && after_a) {
      return {.damage = "wrong", .part = "b", .owed = "c\n", .came = "b\xff\n"};
    }
    after_a = after_a || letter == 'a';
  }
  return {};
}

std::vector<std::string> WithoutOneLetter(const std::string& input) {
  std::vector<std::string> simpler;
  for (size_t i = 0; i < input.size() && input.size() > 1; ++i) {
    simpler.push_back(std::string(input).erase(i, 1));
  }
  return simpler;
}

Trust TierOfLetters(const std::string& input) {
  return input.find('W') == std::string::npos ? Trust::kConformant
                                              : Trust::kHostile;
}

RecordTarget Letters() {
  RecordTarget target;
  target.name = "letters";
  target.systematic = [] {
    return std::vector<std::string>{"xyz", "xaxbx", "xkx", "xex",
                                    "W",   "aWb",   "xs",  "ok"};
  };
  target.random = [](uint64_t number, Trust worst) {
    constexpr std::string_view kLetters = "xyzabW";
    std::string input;
    for (; number > 0; number /= 64) {
      const char letter = kLetters[number % kLetters.size()];
      input += letter == 'W' && worst != Trust::kHostile ? 'x' : letter;
    }
    return input;
  };
  target.tier_of = TierOfLetters;
  target.play = PlayLetters;
  target.simpler = WithoutOneLetter;
  target.explain = [](const std::string& input, const Wrong& wrong,
                      const PlayAlone& play) -> Cause {
    EXPECT_FALSE(play(input).ok());
    return {.key = fmt::format("{}: {} > {}", input, wrong.damage, wrong.part),
            .field = wrong.part,
            .relation = wrong.damage};
  };
  target.describe = [](const std::string& input) { return input + "\n"; };
  return target;
}

CampaignReport Search(uint64_t seed, std::optional<Trust> tier = {}) {
  return RunRecordCampaign(Letters(), {.duration = std::chrono::minutes(1),
                                       .inputs_max = 500,
                                       .seed = seed,
                                       .tier = tier,
                                       .tries = 3});
}

std::vector<std::string> Keys(const CampaignReport& report) {
  std::vector<std::string> keys;
  for (const Finding& finding : report.findings) keys.push_back(finding.key);
  return keys;
}

TEST(RecordCampaign, NamesEveryCauseOnceWhateverTheSeed) {
  for (const uint64_t seed : {1, 2, 3}) {
    EXPECT_THAT(Keys(Search(seed)), ElementsAre("W: wrong > W", "ab: wrong > b",
                                                "e: crash > ", "k: crash > "))
        << "seed " << seed;
  }
}

TEST(RecordCampaign, MakesOnlyInputsOfTheTier) {
  const CampaignReport report = Search(1, Trust::kHostile);
  EXPECT_THAT(Keys(report), ElementsAre("W: wrong > W", "ab: wrong > b"));
  EXPECT_EQ(report.findings.front().tier, Trust::kHostile);
  EXPECT_THAT(Keys(Search(1, Trust::kConformant)),
              ElementsAre("ab: wrong > b", "e: crash > ", "k: crash > "));
  EXPECT_THAT(Keys(Search(1, Trust::kConsistent)), ElementsAre());
}

TEST(RecordCampaign, SaysWhatHappened) {
  const CampaignReport report = Search(1);
  const Finding& wrong = report.findings.at(1);
  EXPECT_EQ(wrong.name, "ab-wrong-b");
  EXPECT_EQ(wrong.input, "ab");
  EXPECT_EQ(wrong.annotated, "ab\n");
  EXPECT_EQ(wrong.owed, "c\n");
  EXPECT_EQ(wrong.reproductions, 3);
  EXPECT_EQ(wrong.tries, 3);
  EXPECT_EQ(report.findings.at(2).came, "the process exits with 0\n");
  EXPECT_EQ(report.findings.at(3).came, "SIGSEGV\n");
  EXPECT_EQ(report.findings.at(3).tier, Trust::kConformant);
}

TEST(RecordCampaign, TellsWhatHappensOnlyAfterOthers) {
  EXPECT_GT(Search(1).not_reproduced.at("spoiled"), 0U);
}

TEST(RecordCampaign, DoesNotRunWhatIsHidden) {
  RecordTarget target = Letters();
  target.hides = [](const std::string& input, const Cause& known) {
    return known.field == "W" && input.find('W') != std::string::npos;
  };
  const CampaignReport report =
      RunRecordCampaign(target, {.inputs_max = 500, .tries = 1});
  EXPECT_GT(report.hidden, 10U);
}

TEST(RecordCampaign, ReportsAreTextAndJson) {
  CampaignReport report = Search(1);
  report.library = "letters.so";
  EXPECT_THAT(ReportText(report), HasSubstr("ab: wrong > b"));
  const auto json = nlohmann::json::parse(ReportJson(report));
  EXPECT_EQ(json.at("library"), "letters.so");
  EXPECT_EQ(json.at("tier"), nullptr);
  EXPECT_EQ(json.at("findings").at(1).at("input_hex"), "6162");
  EXPECT_EQ(json.at("findings").at(0).at("tier"), "hostile");
}

TEST(ChildRun, EndsWhatRunsForEver) {
  ChildRun child(nullptr);
  const ChildEnd end = child.Run([](ChildRun::Voice* voice) {
    voice->Done();
    for (volatile int i = 0;; i = i + 1) {
    }
  });
  EXPECT_TRUE(end.lost);
  EXPECT_TRUE(end.hung);
  EXPECT_EQ(end.done, 1U);
}

TEST(ChildRun, NamesThePlaceOfACrash) {
  ChildRun child(reinterpret_cast<const void*>(&std::abort));
  const ChildEnd end = child.Run([](ChildRun::Voice*) { std::abort(); });
  EXPECT_TRUE(end.lost);
  EXPECT_FALSE(end.hung);
  EXPECT_EQ(end.death, "SIGABRT");
  EXPECT_NE(end.where, "outside of the library");
}

TEST(ChildRun, BringsBackWhatWasSaid) {
  ChildRun child(nullptr);
  const ChildEnd end =
      child.Run([](ChildRun::Voice* voice) { voice->Say("a\0b"); });
  EXPECT_FALSE(end.lost);
  EXPECT_EQ(end.said, "a");
  EXPECT_EQ(child.Run([](ChildRun::Voice*) {}).said, "");
}

}  // namespace
}  // namespace cpgcert::fuzz
