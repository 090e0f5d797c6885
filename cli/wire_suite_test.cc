#include "cli/wire_suite.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>

#include "cli/options.h"
#include "conformance/case.h"
#include "conformance/requirements/requirements.h"
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

TEST(WireSuite, EachRequirementOfTheProfileIsDecidedByCampaigns) {
  RegisterWireSuite(Options());
  std::map<std::string, std::set<std::string>> targets;
  for (const conformance::CaseInfo& info : conformance::AllCases()) {
    EXPECT_EQ(info.profile, "wire") << info.name;
    EXPECT_GE(info.extra_time, std::chrono::seconds(10)) << info.name;
    ASSERT_EQ(info.requirements.size(), 1U) << info.name;
    const std::string& id = info.requirements.front();
    targets[id].insert(info.name.substr(id.size() + 1));
  }
  size_t rows = 0;
  for (const auto& requirement : conformance::Requirements()) {
    if (requirement.profile != "wire") continue;
    ++rows;
    EXPECT_TRUE(targets[std::string(requirement.id)].contains("EventDecoder"))
        << requirement.id;
  }
  EXPECT_EQ(rows, targets.size());
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
