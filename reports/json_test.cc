#include "reports/json.h"

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "reports/certificate.h"
#include "reports/example.h"

namespace cpgcert::reports {
namespace {

using Json = nlohmann::ordered_json;
using testing::ElementsAre;
using testing::StartsWith;

std::vector<std::string> Keys(const Json& object) {
  std::vector<std::string> keys;
  for (const auto& [key, value] : object.items()) keys.push_back(key);
  return keys;
}

Certificate ReadBack(const std::string& text) {
  std::string error;
  const std::optional<Certificate> read = FromJson(text, &error);
  EXPECT_TRUE(read.has_value()) << error;
  return read.value_or(Certificate());
}

std::string ErrorOf(const std::string& text) {
  std::string error;
  EXPECT_FALSE(FromJson(text, &error).has_value()) << text;
  return error;
}

TEST(JsonTest, HasTheFixedKeysInOrder) {
  const Json json = Json::parse(ToJson(ExampleCertificate()));
  EXPECT_THAT(
      Keys(json),
      ElementsAre("schema", "certified", "complete", "implementation", "suite",
                  "host", "figures", "seed", "started", "duration_s", "asked",
                  "deviations", "problems", "profiles", "requirements", "cases",
                  "matrix", "campaigns"));
  EXPECT_THAT(Keys(json["implementation"]),
              ElementsAre("name", "library", "sha256", "build_id", "service",
                          "service_version"));
  EXPECT_THAT(Keys(json["suite"]),
              ElementsAre("version", "commit", "fingerprint"));
  EXPECT_THAT(Keys(json["profiles"][0]),
              ElementsAre("name", "tier", "certified", "pass", "fail", "crash",
                          "hang", "unsupported", "inconclusive", "error",
                          "deviation", "untested"));
  EXPECT_THAT(
      Keys(json["requirements"][0]),
      ElementsAre("id", "tier", "function", "sentence", "source", "profile",
                  "optional", "verdict", "deviation", "cases"));
  EXPECT_THAT(
      Keys(json["cases"][1]),
      ElementsAre("name", "requirements", "profile", "verdict", "deviation",
                  "deviation_reason", "message", "failures", "notes",
                  "duration_ms", "reproduce", "reproducer"));
}

TEST(JsonTest, IsGolden) {
  Certificate certificate;
  certificate.suite = {.version = "0.1", .commit = ""};
  certificate.host = {{"os", "Debian"}};
  certificate.figures = {{"proof_us", 3.5}};
  certificate.seed = std::numeric_limits<std::uint64_t>::max();
  certificate.duration_s = 1.5;
  certificate.problems = {"one"};
  EXPECT_EQ(ToJson(certificate), R"({
  "schema": 1,
  "certified": false,
  "complete": false,
  "implementation": {
    "name": "",
    "library": "",
    "sha256": "",
    "build_id": "",
    "service": "",
    "service_version": ""
  },
  "suite": {
    "version": "0.1",
    "commit": "",
    "fingerprint": ""
  },
  "host": {
    "os": "Debian"
  },
  "figures": {
    "proof_us": 3.5
  },
  "seed": 18446744073709551615,
  "started": "",
  "duration_s": 1.5,
  "asked": {
    "profiles": [],
    "tier": "",
    "only": ""
  },
  "deviations": {
    "file": "",
    "problems": []
  },
  "problems": [
    "one"
  ],
  "profiles": [],
  "requirements": [],
  "cases": [],
  "matrix": {
    "axes": [],
    "left_out": []
  },
  "campaigns": []
}
)");
}

TEST(JsonTest, ReadsBackWhatItWrote) {
  for (const Certificate& certificate :
       {FullCertificate(), GoodCertificate(), Certificate()}) {
    const std::string text = ToJson(certificate);
    EXPECT_EQ(ToJson(ReadBack(text)), text);
  }
  const Certificate read = ReadBack(ToJson(ExampleCertificate()));
  EXPECT_EQ(read.implementation.sha256, "00ff");
  EXPECT_EQ(read.host.at("kernel"), "6.1");
  EXPECT_EQ(read.seed, 7u);
  EXPECT_EQ(read.profiles.at(3).hang, 1);
  EXPECT_TRUE(read.requirements.at(2).optional);
  EXPECT_TRUE(read.cases.at(3).deviation);
  EXPECT_EQ(read.cases.at(1).failures.at(0).text, "expected 1, was 2");
  EXPECT_THAT(read.cases.at(0).notes, ElementsAre("took two calls"));
}

TEST(JsonTest, IllFormedTextIsReplaced) {
  Certificate certificate = ExampleCertificate();
  certificate.cases[1].message = "bytes \xFF\xC3( and \x01";
  certificate.host["k\xFF"] = "v";
  EXPECT_EQ(ReadBack(ToJson(certificate)).cases[1].message,
            "bytes \xEF\xBF\xBD\xEF\xBF\xBD( and \x01");
}

TEST(JsonTest, ADurationThatIsNoNumberBecomesZero) {
  Certificate certificate = ExampleCertificate();
  certificate.duration_s = std::nan("");
  certificate.cases[0].duration_ms = std::numeric_limits<double>::infinity();
  const Certificate read = ReadBack(ToJson(certificate));
  EXPECT_EQ(read.duration_s, 0);
  EXPECT_EQ(read.cases[0].duration_ms, 0);
}

TEST(JsonTest, PassesOverKeysThatItDoesNotKnow) {
  Json json = Json::parse(ToJson(ExampleCertificate()));
  json["future"] = {1, 2};
  json["cases"][0]["future"] = nullptr;
  EXPECT_EQ(ToJson(ReadBack(json.dump())), ToJson(ExampleCertificate()));
}

// Every key but those that came later is required: removing any one of them is
// an error that names it.
void ExpectEveryKeyRequired(const Json& whole, const Json::json_pointer& at,
                            const std::string& path) {
  const std::set<std::string> later = {"fingerprint", "cell", "steps", "matrix",
                                       "campaigns"};
  for (const auto& [key, value] : whole[at].items()) {
    if (later.contains(key)) continue;
    Json without = whole;
    without[at].erase(key);
    EXPECT_EQ(ErrorOf(without.dump()), path + key + ": is missing");
  }
}

TEST(JsonTest, ReadsCertificatesOfEarlierVersions) {
  Json json = Json::parse(ToJson(FullCertificate()));
  for (const char* later : {"matrix", "campaigns"}) json.erase(later);
  json["suite"].erase("fingerprint");
  for (Json& result : json["cases"]) {
    result.erase("cell");
    result.erase("steps");
  }
  const Certificate read = ReadBack(json.dump());
  EXPECT_EQ(read.cases.size(), 9u);
  EXPECT_TRUE(read.matrix.axes.empty());
}

TEST(JsonTest, NamesTheKeyThatIsMissing) {
  Json json = Json::parse(ToJson(FullCertificate()));
  ExpectEveryKeyRequired(json, Json::json_pointer("/matrix"), "matrix.");
  ExpectEveryKeyRequired(json, Json::json_pointer("/matrix/axes/0"),
                         "matrix.axes[0].");
  ExpectEveryKeyRequired(json, Json::json_pointer("/campaigns/0"),
                         "campaigns[0].");
  ExpectEveryKeyRequired(json, Json::json_pointer("/campaigns/0/causes/0"),
                         "campaigns[0].causes[0].");
  const auto at = [](const char* text) { return Json::json_pointer(text); };
  ExpectEveryKeyRequired(json, at(""), "");
  ExpectEveryKeyRequired(json, at("/implementation"), "implementation.");
  ExpectEveryKeyRequired(json, at("/suite"), "suite.");
  ExpectEveryKeyRequired(json, at("/asked"), "asked.");
  ExpectEveryKeyRequired(json, at("/deviations"), "deviations.");
  ExpectEveryKeyRequired(json, at("/profiles/2"), "profiles[2].");
  ExpectEveryKeyRequired(json, at("/requirements/1"), "requirements[1].");
  ExpectEveryKeyRequired(json, at("/cases/1"), "cases[1].");
  ExpectEveryKeyRequired(json, at("/cases/1/failures/0"),
                         "cases[1].failures[0].");
}

// The error after the value at `pointer` is replaced by `value`.
std::string ErrorWith(const char* pointer, const Json& value) {
  Json json = Json::parse(ToJson(ExampleCertificate()));
  json[Json::json_pointer(pointer)] = value;
  return ErrorOf(json.dump());
}

TEST(JsonTest, NamesWhatIsWrong) {
  EXPECT_EQ(ErrorWith("/schema", 2), "schema: must be 1, not 2");
  EXPECT_EQ(ErrorWith("/certified", "yes"), "certified: must be true or false");
  EXPECT_EQ(ErrorWith("/suite", 1), "suite: must be an object");
  EXPECT_EQ(ErrorWith("/host/cpus", 2), "host.cpus: must be a string");
  EXPECT_EQ(ErrorWith("/host", nullptr), "host: must be an object");
  EXPECT_EQ(ErrorWith("/seed", -1), "seed: must be a whole number from 0");
  EXPECT_EQ(ErrorWith("/duration_s", "1"), "duration_s: must be a number");
  EXPECT_EQ(ErrorWith("/duration_s", -1), "duration_s: must not be negative");
  EXPECT_EQ(ErrorWith("/profiles/0/pass", 1.5),
            "profiles[0].pass: must be a whole number from 0");
  EXPECT_EQ(ErrorWith("/profiles/0/pass", 4294967296u),
            "profiles[0].pass: is too great");
  EXPECT_EQ(ErrorWith("/profiles/0/tier", "header "),
            "profiles[0].tier: \"header \" is not a tier");
  EXPECT_EQ(ErrorWith("/requirements/0/verdict", "deviation"),
            "requirements[0].verdict: \"deviation\" is not a verdict");
  EXPECT_EQ(ErrorWith("/cases/3/verdict", "passed"),
            "cases[3].verdict: \"passed\" is not a verdict");
  EXPECT_EQ(ErrorWith("/cases/3/notes", "x"),
            "cases[3].notes: must be an array");
  EXPECT_EQ(ErrorWith("/cases/3/requirements/0", nullptr),
            "cases[3].requirements[0]: must be a string");
}

TEST(JsonTest, OtherTextIsNoCertificate) {
  EXPECT_EQ(ErrorOf("[]"), "the file: must be an object");
  EXPECT_EQ(ErrorOf("{}"), "schema: is missing");
  const std::string good = ToJson(ExampleCertificate());
  for (const std::string& text :
       {std::string(), std::string("\n\n}"), good + "{}",
        good.substr(0, good.size() / 2), std::string("{\"seed\": 1e999}")}) {
    const std::string error = ErrorOf(text);
    EXPECT_THAT(error, StartsWith("not JSON: "));
    EXPECT_EQ(error.find('\n'), std::string::npos) << error;
  }
}

}  // namespace
}  // namespace cpgcert::reports
