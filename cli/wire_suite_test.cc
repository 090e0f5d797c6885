#include "cli/wire_suite.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>

#include "cli/options.h"
#include "conformance/case.h"
#include "conformance/requirements/requirements.h"
#include "fuzz/campaign/finding.h"
#include "reports/certificate.h"

namespace cpgcert::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr const char* kReport = R"({
  "target": "event_decoder", "library": "x.so", "tier": "hostile", "seed": 7,
  "seconds": 1.5, "inputs": 1000, "hidden": 3, "not_reproduced": {},
  "findings": [{"key": "size > frame", "name": "size", "tier": "hostile",
    "field": "size", "relation": "size > frame", "damages": ["crash"],
    "owed": "an error\n", "came": "SIGSEGV\n", "where": "", "annotated": "e\n",
    "reproductions": 9, "tries": 10, "input_hex": "00"}]})";

TEST(WireSuite, EachRequirementOfTheProfileIsDecidedByACampaign) {
  RegisterWireSuite(Options());
  std::map<std::string, int> campaigns;
  for (const conformance::CaseInfo& info : conformance::AllCases()) {
    EXPECT_EQ(info.profile, "wire") << info.name;
    EXPECT_GE(info.extra_time, std::chrono::seconds(10)) << info.name;
    for (const std::string& id : info.requirements) ++campaigns[id];
  }
  for (const auto& requirement : conformance::Requirements()) {
    EXPECT_EQ(campaigns[std::string(requirement.id)] > 0,
              requirement.profile == "wire")
        << requirement.id;
  }
}

TEST(WireSuite, AReportBecomesACampaign) {
  reports::Campaign campaign;
  ASSERT_EQ(ReadCampaign(kReport, &campaign), "");
  EXPECT_EQ(campaign.target, "event_decoder");
  EXPECT_EQ(campaign.tier, "hostile");
  EXPECT_EQ(campaign.inputs, 1000U);
  EXPECT_EQ(campaign.seed, 7U);
  EXPECT_EQ(campaign.seconds, 1.5);
  ASSERT_EQ(campaign.causes.size(), 1U);
  EXPECT_EQ(campaign.causes[0].key, "size > frame");
  EXPECT_EQ(campaign.causes[0].reproduced, "9 of 10");
  EXPECT_THAT(campaign.causes[0].damages, ElementsAre("crash"));
}

TEST(WireSuite, ACampaignKnowsItsCase) {
  reports::Campaign campaign;
  ASSERT_EQ(ReadCampaign(kReport, &campaign), "");
  EXPECT_EQ(CampaignCaseName(campaign), "WIRE-HOSTILE/EventDecoder");
  campaign.tier = "friendly";
  EXPECT_EQ(CampaignCaseName(campaign), "");
  campaign = {.target = "call_sequence"};
  EXPECT_EQ(CampaignCaseName(campaign), "WIRE-CALLS/CallSequence");
}

TEST(WireSuite, ARootCauseBreaksTheRequirementOfItsOwnTier) {
  reports::Campaign campaign;
  ASSERT_EQ(ReadCampaign(kReport, &campaign), "");
  reports::RootCause cause = campaign.causes[0];
  EXPECT_EQ(RequirementBroken(campaign, cause), "WIRE-HOSTILE");
  cause.tier = "conformant";
  EXPECT_EQ(RequirementBroken(campaign, cause), "");
  campaign.tier = "conformant";
  EXPECT_EQ(RequirementBroken(campaign, cause), "WIRE-CONFORMANT");
  campaign.target = "request_decoder";
  EXPECT_EQ(RequirementBroken(campaign, cause), "WIRE-REQUESTS");
}

TEST(WireSuite, OfACorrectServiceALeakIsNoWrongDecoding) {
  reports::Campaign campaign;
  ASSERT_EQ(ReadCampaign(kReport, &campaign), "");
  reports::RootCause cause = campaign.causes[0];
  cause.damages = {fuzz::kLeakDamage};
  EXPECT_EQ(RequirementBroken(campaign, cause), "WIRE-HOSTILE");
  campaign.tier = "conformant";
  cause.tier = "conformant";
  EXPECT_EQ(RequirementBroken(campaign, cause), "WIRE-MEMORY");
  cause.damages = {"crash", fuzz::kLeakDamage};
  EXPECT_EQ(RequirementBroken(campaign, cause), "WIRE-CONFORMANT");
}

TEST(WireSuite, WhatIsNoReportIsSaidToBeNone) {
  reports::Campaign campaign;
  EXPECT_THAT(ReadCampaign("", &campaign), HasSubstr("unreadable"));
  EXPECT_THAT(ReadCampaign("{}", &campaign), HasSubstr("target"));
  std::string cut = kReport;
  cut.resize(cut.size() / 2);
  EXPECT_THAT(ReadCampaign(cut, &campaign), HasSubstr("unreadable"));
}

}  // namespace
}  // namespace cpgcert::cli
