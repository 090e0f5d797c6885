#include "reports/junit.h"

#include <cmath>
#include <pugixml.hpp>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "reports/certificate.h"
#include "reports/example.h"

namespace cpgcert::reports {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

pugi::xml_document Parse(const std::string& text) {
  pugi::xml_document document;
  const pugi::xml_parse_result result = document.load_string(text.c_str());
  EXPECT_TRUE(result) << result.description() << "\n" << text;
  return document;
}

// "tests failures errors time" as they stand in the attributes.
std::string Totals(pugi::xml_node node) {
  std::string totals;
  for (const char* name : {"tests", "failures", "errors", "time"}) {
    totals +=
        std::string(totals.empty() ? "" : " ") + node.attribute(name).value();
  }
  return totals;
}

// The same from counting elements.
std::string Counted(pugi::xml_node node, const std::string& prefix) {
  std::string counts;
  for (const char* path : {"testcase", "testcase/failure", "testcase/error"}) {
    const std::string query = prefix + path;
    counts += std::string(counts.empty() ? "" : " ") +
              std::to_string(node.select_nodes(query.c_str()).size());
  }
  return counts;
}

pugi::xml_node FindCase(const pugi::xml_document& document,
                        const std::string& name) {
  const std::string query = "//testcase[@name='" + name + "']";
  const pugi::xml_node found = document.select_node(query.c_str()).node();
  EXPECT_TRUE(found) << name;
  return found;
}

// A certificate of one case with this message.
Certificate WithMessage(const std::string& message) {
  Certificate certificate = GoodCertificate();
  certificate.cases = {ExampleCase("A-1/X", "A-1", "fail")};
  certificate.cases[0].message = message;
  return certificate;
}

TEST(JunitTest, IsGolden) {
  Certificate certificate = WithMessage("expected <1>\nactual \"2\"");
  certificate.cases[0].notes = {"a & b"};
  certificate.cases[0].requirements = {"A-1", "A-2"};
  EXPECT_EQ(ToJunit(certificate), R"(<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="cpgcert: corosync 3.1.7" tests="1" failures="1" errors="0" time="0.250">
  <testsuite name="api.documented.A-1" tests="1" failures="1" errors="0" time="0.250" skipped="0" timestamp="2024-05-01T12:00:00Z">
    <properties>
      <property name="requirement" value="A-1" />
      <property name="tier" value="documented" />
      <property name="profile" value="api" />
    </properties>
    <testcase name="A-1/X" classname="api.documented.A-1" time="0.250">
      <failure message="expected &lt;1>" type="fail">expected &lt;1&gt;
actual "2"
reproduce: ./certify --only 'A-1/X'</failure>
      <system-out>requirements: A-1 A-2
a &amp; b</system-out>
    </testcase>
  </testsuite>
</testsuites>
)");
}

TEST(JunitTest, EachVerdictHasItsElement) {
  const pugi::xml_document document = Parse(ToJunit(ExampleCertificate()));
  struct {
    const char* name;
    const char* element;
    const char* message;
  } const expected[] = {
      {"A-1/Fail", "failure", "fail of A-1/Fail"},
      {"A-1/Crash", "error", "crash: crash of A-1/Crash"},
      {"A-2/Known", "skipped", "known deviation: returns 2"},
      {"A-3/Unsupported", "skipped",
       "unsupported: unsupported of "
       "A-3/Unsupported"},
      {"B-1/Hang", "error", "hang: hang of B-1/Hang"},
      {"B-1/Inconclusive", "error",
       "inconclusive: inconclusive of "
       "B-1/Inconclusive"},
      {"B-1/Error", "error", "error: error of B-1/Error"},
      {"B-1/Untested", "skipped", "untested: untested of B-1/Untested"}};
  for (const auto& [name, element, message] : expected) {
    const pugi::xml_node node = FindCase(document, name);
    EXPECT_EQ(std::string(node.child(element).attribute("message").value()),
              message);
    EXPECT_EQ(node.select_nodes("failure|error|skipped").size(), 1u) << name;
  }
  const pugi::xml_node pass = FindCase(document, "A-1/Pass");
  EXPECT_EQ(pass.select_nodes("failure|error|skipped").size(), 0u);
  EXPECT_EQ(std::string(pass.child_value("system-out")), "took two calls");
}

TEST(JunitTest, TheCountsAreThoseOfTheElements) {
  const pugi::xml_document document = Parse(ToJunit(ExampleCertificate()));
  const pugi::xml_node root = document.child("testsuites");
  EXPECT_EQ(Totals(root), "9 1 4 2.250");
  EXPECT_EQ(Counted(root, "testsuite/"), "9 1 4");
  std::vector<std::string> suites;
  for (const pugi::xml_node suite : root.children("testsuite")) {
    suites.push_back(suite.attribute("name").value());
    EXPECT_THAT(Totals(suite), HasSubstr(Counted(suite, "") + " "));
    EXPECT_EQ(suite.attribute("skipped").as_uint(),
              suite.select_nodes("testcase/skipped").size());
  }
  EXPECT_THAT(suites, ElementsAre("api.documented.A-1", "api.header.A-2",
                                  "api.observed.A-3", "faults.documented.B-1"));
}

TEST(JunitTest, WhatWithholdsTheCertificateFailsToo) {
  Certificate certificate = GoodCertificate();
  certificate.certified = certificate.complete = false;
  certificate.deviations.problems = {"d.toml:2: stale line"};
  const pugi::xml_document document = Parse(ToJunit(certificate));
  EXPECT_EQ(Totals(document.child("testsuites")), "4 2 0 0.500");
  const pugi::xml_node stale = FindCase(document, "d.toml:2: stale line");
  EXPECT_EQ(std::string(stale.attribute("classname").value()), "certificate");
  EXPECT_EQ(std::string(stale.parent().attribute("name").value()),
            "certificate");
  EXPECT_TRUE(stale.child("failure"));
}

TEST(JunitTest, KeepsXmlLegal) {
  const std::string text =
      ToJunit(WithMessage("a\x1b[31m\x01\xFF\xEF\xBF\xBE<![CDATA[]]>&\r\n"
                          "second ]]> \xC2\x85"));
  const pugi::xml_document document = Parse(text);
  const pugi::xml_node failure = FindCase(document, "A-1/X").child("failure");
  EXPECT_EQ(std::string(failure.attribute("message").value()),
            "a\\x1b[31m\\x01\xEF\xBF\xBD\\ufffe<![CDATA[]]>&\\r");
  EXPECT_THAT(failure.text().get(), HasSubstr("\nsecond ]]> \\u0085\n"));
  EXPECT_EQ(text.find("&#"), std::string::npos) << text;
  for (const char byte : text) {
    EXPECT_TRUE(static_cast<unsigned char>(byte) >= 0x20 || byte == '\n');
  }
}

TEST(JunitTest, OddCasesDoNotBreakIt) {
  Certificate certificate = GoodCertificate();
  certificate.started = "";
  certificate.cases[0].requirements.clear();
  certificate.cases[0].duration_ms = std::nan("");
  certificate.cases[1] = ExampleCase("A-1/Two", "A-1", "hang");
  certificate.cases[1].message = "";
  const pugi::xml_document document = Parse(ToJunit(certificate));
  const pugi::xml_node bare = FindCase(document, "A-1/One");
  EXPECT_EQ(std::string(bare.attribute("classname").value()),
            "api.unknown.none");
  EXPECT_EQ(std::string(bare.attribute("time").value()), "0.000");
  EXPECT_FALSE(bare.parent().attribute("timestamp"));
  EXPECT_EQ(std::string(FindCase(document, "A-1/Two")
                            .child("error")
                            .attribute("message")
                            .value()),
            "hang");
}

TEST(JunitTest, NoCasesAtAll) {
  const pugi::xml_document document = Parse(ToJunit(Certificate()));
  EXPECT_EQ(Totals(document.child("testsuites")), "1 1 0 0.000");
}

}  // namespace
}  // namespace cpgcert::reports
