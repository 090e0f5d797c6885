#include "cli/verify.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

#include "cli/certificate_builder.h"
#include "cli/fingerprint.h"
#include "cli/options.h"
#include "cli/run.h"
#include "cli/selection.h"
#include "conformance/case.h"
#include "conformance/case_runner.h"
#include "conformance/deviations.h"
#include "reports/certificate.h"

namespace cpgcert::cli {
namespace {

using conformance::CaseInfo;
using conformance::CaseRun;
using harness::Verdict;
using reports::Certificate;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::IsSupersetOf;

constexpr const char* kDeviations = R"(
implementation = "x"
[[deviation]]
case = "JOIN-04/*"
requirement = "JOIN-04"
verdict = "fail"
why = "it is known"
url = "https://example.org/"
)";

constexpr const char* kCampaign = R"({
  "target": "event_decoder", "tier": "hostile", "seed": 1, "seconds": 1.5,
  "inputs": 1000, "findings": [{"key": "size > frame", "tier": "hostile",
    "field": "size", "relation": "size > frame", "damages": ["crash"],
    "owed": "", "came": "", "annotated": "", "reproductions": 9,
    "tries": 10}]})";

// One case that passes, one that fails, one that is known to fail, a campaign.
void RegisterFourCases() {
  static const bool once = [] {
    const auto nothing = [](conformance::CaseContext&) {};
    conformance::RegisterCase({"JOIN-01/Passes", {"JOIN-01"}, "api"}, nothing);
    conformance::RegisterCase({"JOIN-02/Fails", {"JOIN-02"}, "api"}, nothing);
    conformance::RegisterCase({"JOIN-04/Known", {"JOIN-04"}, "api"}, nothing);
    conformance::RegisterCase(
        {"WIRE-HOSTILE/EventDecoder", {"WIRE-HOSTILE"}, "wire"}, nothing);
    return true;
  }();
  (void)once;
}

conformance::Deviations ReadDeviations() {
  std::string error;
  auto read = conformance::Deviations::Parse(kDeviations, "x.toml", &error);
  EXPECT_TRUE(read.has_value()) << error;
  return read.value_or(conformance::Deviations());
}

// As a run writes it.
Certificate Honest(bool all_pass = false) {
  RegisterFourCases();
  Options options;
  options.only = "*/*";
  Preparation preparation;
  preparation.library.path = "/lib/x.so";
  preparation.library.sha256 = "abc";
  preparation.deviations = ReadDeviations();
  preparation.selection = Select(options);
  CertificateBuilder builder(options, preparation);
  for (const CaseInfo& info : conformance::AllCases()) {
    CaseRun run;
    run.outcome.name = info.name;
    run.outcome.requirements = info.requirements;
    run.outcome.profile = info.profile;
    run.outcome.verdict = Verdict::kPass;
    if (info.name != "JOIN-01/Passes" && !all_pass) {
      run.outcome.verdict = Verdict::kFail;
      run.outcome.failures = {{info.requirements.front(), "owed: x"}};
      run.message = "requires x";
    }
    if (info.profile == "wire") run.attachment = kCampaign;
    builder.Add(run);
  }
  return builder.Build(true, 1);
}

std::vector<std::string> Reasons(const Certificate& certificate) {
  return WhyRefused(certificate, {.library_sha256 = "abc",
                                  .deviations = ReadDeviations(),
                                  .fingerprint = SuiteFingerprint()});
}

reports::Case& CaseNamed(Certificate* certificate, const std::string& name) {
  for (reports::Case& each : certificate->cases) {
    if (each.name == name) return each;
  }
  ADD_FAILURE() << name;
  return certificate->cases.front();
}

TEST(Verify, WhatARunWroteIsNotRefused) {
  const Certificate certificate = Honest();
  EXPECT_EQ(certificate.cases.size(), 4U);
  EXPECT_FALSE(certificate.certified);
  EXPECT_THAT(Reasons(certificate), IsEmpty());
}

struct Tampering {
  const char* what;
  std::function<void(Certificate*)> tamper;
  std::vector<std::string> reasons;  // some of those that are given
};

void PrintTo(const Tampering& tampering, std::ostream* out) {
  *out << tampering.what;
}

class TamperedTest : public testing::TestWithParam<Tampering> {};

TEST_P(TamperedTest, IsRefusedWithTheReason) {
  Certificate certificate = Honest();
  GetParam().tamper(&certificate);
  EXPECT_THAT(Reasons(certificate), IsSupersetOf(GetParam().reasons));
}

std::vector<Tampering> WithCases() {
  return {
      {"OneVerdictChanged",
       [](Certificate* it) { CaseNamed(it, "JOIN-02/Fails").verdict = "pass"; },
       {"JOIN-02/Fails says pass and holds 1 failures",
        "JOIN-02/Fails says pass with a message"}},
      {"OneFailureForgotten",
       [](Certificate* it) {
         CaseNamed(it, "JOIN-02/Fails").verdict = "pass";
         CaseNamed(it, "JOIN-02/Fails").failures.clear();
         CaseNamed(it, "JOIN-02/Fails").message.clear();
       },
       {"JOIN-02: pass by its cases, not fail",
        "the counts of api documented are not those of its cases"}},
      {"OneRequirementChanged",
       [](Certificate* it) { it->requirements[1].verdict = "pass"; },
       {"JOIN-02: fail by its cases, not pass"}},
      {"CaseRemoved",
       [](Certificate* it) { it->cases.erase(it->cases.begin() + 1); },
       {"JOIN-02/Fails is missing",
        "JOIN-02: untested by its cases, not fail"}},
      {"CaseTwice",
       [](Certificate* it) { it->cases.push_back(it->cases[0]); },
       {"JOIN-01/Passes is listed twice"}},
      {"CaseInvented",
       [](Certificate* it) {
         it->cases.push_back(it->cases[0]);
         it->cases.back().name = "JOIN-01/Invented";
       },
       {"JOIN-01/Invented is no case of what was asked for"}},
  };
}

std::vector<Tampering> WithTheJudgement() {
  return {
      {"OtherLibrary",
       [](Certificate* it) { it->implementation.sha256 = "def"; },
       {"it is about another library: SHA-256 def, and this one has abc"}},
      {"OtherSuite",
       [](Certificate* it) { it->suite.fingerprint = "0"; },
       {"it was made by a suite with other requirements or cases: version "
        "0.1.0, commit "}},
      {"CountChanged",
       [](Certificate* it) { ++it->profiles[0].pass; },
       {"the counts of api documented are not those of its cases"}},
      {"TierCertified",
       [](Certificate* it) { it->profiles[0].certified = true; },
       {"api documented: certified: no by its cases, not yes"}},
      {"AllCertified",
       [](Certificate* it) { it->certified = true; },
       {"certified: no by its cases, not yes"}},
      {"RequirementRemoved",
       [](Certificate* it) {
         it->requirements.erase(it->requirements.begin());
       },
       {"the requirement JOIN-01 is missing"}},
      {"SentenceSoftened",
       [](Certificate* it) { it->requirements[0].sentence = "It may work."; },
       {"JOIN-01 is not what this suite's table says"}},
      {"RequirementMadeOptional",
       [](Certificate* it) { it->requirements[0].optional = true; },
       {"JOIN-01 is not what this suite's table says"}},
      {"DeviationClaimed",
       [](Certificate* it) {
         CaseNamed(it, "JOIN-02/Fails").deviation = true;
         CaseNamed(it, "JOIN-02/Fails").deviation_reason = "because";
       },
       {"JOIN-02/Fails is not a deviation by the file of known deviations"}},
      {"DeviationHidden",
       [](Certificate* it) {
         CaseNamed(it, "JOIN-04/Known").deviation = false;
         CaseNamed(it, "JOIN-04/Known").deviation_reason.clear();
       },
       {"JOIN-04/Known is a deviation by the file of known deviations"}},
      {"CaseNoLongerDecides",
       [](Certificate* it) {
         CaseNamed(it, "JOIN-02/Fails").requirements = {"JOIN-01"};
       },
       {"JOIN-02/Fails no longer decides JOIN-02"}},
      {"RootCauseRemoved",
       [](Certificate* it) { it->campaigns[0].causes.clear(); },
       {"WIRE-HOSTILE/EventDecoder holds 1 failures; its campaign, of 1000 "
        "inputs, 0"}},
      {"CampaignRemoved",
       [](Certificate* it) { it->campaigns.clear(); },
       {"the campaign of WIRE-HOSTILE/EventDecoder is missing"}},
      {"AskedForLess",
       [](Certificate* it) { it->asked.only = "JOIN-01/*"; },
       {"JOIN-02/Fails is no case of what was asked for",
        "the requirement JOIN-02 is none of what was asked for"}},
      {"AskedForNoTier",
       [](Certificate* it) { it->asked.tier = "best"; },
       {"asked.tier: 'best' is no tier"}},
  };
}

std::string NameOf(const testing::TestParamInfo<Tampering>& info) {
  return info.param.what;
}

INSTANTIATE_TEST_SUITE_P(WithCases, TamperedTest,
                         testing::ValuesIn(WithCases()), NameOf);
INSTANTIATE_TEST_SUITE_P(WithTheJudgement, TamperedTest,
                         testing::ValuesIn(WithTheJudgement()), NameOf);

TEST(Verify, ADeviationThatDidNotComeIsAProblem) {
  Certificate certificate = Honest(true);
  EXPECT_FALSE(certificate.certified);
  certificate.deviations.problems.clear();
  EXPECT_THAT(
      Reasons(certificate),
      testing::Contains("the file of known deviations has 1 problems, not 0"));
}

TEST(Verify, WithoutTheLibraryItsHashIsNotLookedAt) {
  EXPECT_THAT(WhyRefused(Honest(), {.deviations = ReadDeviations(),
                                    .fingerprint = SuiteFingerprint()}),
              IsEmpty());
}

}  // namespace
}  // namespace cpgcert::cli
