#include "reports/page_data.h"

#include <nlohmann/json.hpp>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "reports/certificate.h"
#include "reports/example.h"

namespace cpgcert::reports {
namespace {

using Json = nlohmann::json;
using testing::HasSubstr;

constexpr std::size_t kAmple = 1'000'000;

Json Data(const Certificate& certificate) {
  return Json::parse(PageData(certificate, kAmple));
}

TEST(PageDataTest, RequirementsNameTheirCasesByNumber) {
  Certificate certificate = ExampleCertificate();
  certificate.requirements[0].cases.emplace_back("A-1/DidNotRun");
  const Json requirement = Data(certificate)["requirements"][0];
  EXPECT_EQ(requirement["cases"], Json({0, 1, 2}));
  EXPECT_EQ(requirement["missing"], 1);
  EXPECT_EQ(requirement["sentence"], "The sentence of A-1.");
}

TEST(PageDataTest, CommandsAreCutWhereTheyNameTheCase) {
  const Json data = Data(ExampleCertificate());
  const Json result = data["cases"][1];
  EXPECT_EQ(data["commands"][result["reproduce"].get<int>()],
            Json({"./certify --only '", "'"}));
  EXPECT_EQ(result["reproduce"], data["cases"][2]["reproduce"]);
}

TEST(PageDataTest, TheSubjectIsWhatAReportOfAFailureNamesFirst) {
  EXPECT_EQ(Data(ExampleCertificate())["subject"],
            "corosync 3.1.7: /usr/lib/libcpg.so.4, SHA-256 00ff, build id abcd;"
            " service corosync 3.1.7; cpgcert 0.1, seed 7");
}

TEST(PageDataTest, ADeviationHasItsReason) {
  const Json data = Data(ExampleCertificate());
  EXPECT_EQ(data["reasons"][data["cases"][3]["reason"].get<int>()],
            "returns 2");
  EXPECT_FALSE(data["cases"][1].contains("reason"));
}

TEST(PageDataTest, ACellIsANumberOnEachAxis) {
  const Json data = Data(FullCertificate());
  EXPECT_EQ(data["cases"][1]["cell"], Json({0, 0, 0, 1, 0}));
  EXPECT_EQ(data["axes"][3]["values"][1]["name"], "None");
  EXPECT_EQ(data["steps"][data["cases"][0]["steps"].get<int>()],
            Json({"cpg_initialize", "cpg_dispatch"}));
  EXPECT_FALSE(data["cases"][2].contains("cell"));
}

TEST(PageDataTest, AnUnknownValueMakesNoCell) {
  Certificate certificate = FullCertificate();
  certificate.cases[0].cell["handle"] = "Borrowed";
  certificate.cases[1].cell.erase("type");
  const Json data = Data(certificate);
  EXPECT_FALSE(data["cases"][0].contains("cell"));
  EXPECT_FALSE(data["cases"][1].contains("cell"));
}

TEST(PageDataTest, NothingCanEndTheScriptElement) {
  const std::string hostile = "</script><!--<script>&\"\\ \n";
  const std::string text = PageData(HostileCertificate(hostile), kAmple);
  for (const char mark : {'<', '>', '&'}) {
    EXPECT_EQ(text.find(mark), std::string::npos);
  }
  EXPECT_EQ(Json::parse(text)["cases"][1]["message"], hostile);
}

TEST(PageDataTest, LongTextsAreShortenedWhereTheyAreTooMuch) {
  Certificate certificate = ExampleCertificate();
  certificate.cases[1].message = std::string(40'000, 'x');
  EXPECT_EQ(Data(certificate)["cases"][1]["message"],
            certificate.cases[1].message);
  const std::string text = PageData(certificate, 20'000);
  EXPECT_LT(text.size(), 20'000u);
  EXPECT_THAT(Json::parse(text)["cases"][1]["message"].get<std::string>(),
              HasSubstr("x\n... 35000 bytes more are in certificate.json"));
}

TEST(PageDataTest, NoCharacterIsCutInTwo) {
  Certificate certificate = ExampleCertificate();
  certificate.cases[1].message = "ab";
  for (int i = 0; i < 4000; ++i) certificate.cases[1].message += "\u20AC";
  const std::string message =
      Json::parse(PageData(certificate, 100))["cases"][1]["message"];
  EXPECT_THAT(message, HasSubstr("\u20AC\n... "));
  EXPECT_EQ(message.find("\xEF\xBF\xBD"), std::string::npos);
}

}  // namespace
}  // namespace cpgcert::reports
