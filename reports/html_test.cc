#include "reports/html.h"

#include <cstddef>
#include <pugixml.hpp>
#include <regex>
#include <string>
#include <string_view>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "reports/certificate.h"
#include "reports/example.h"

namespace cpgcert::reports {
namespace {

using testing::HasSubstr;
using testing::Not;

// The page as XML: what it leaves open in HTML's way is closed first, so that
// an unbalanced tag anywhere is an error.
pugi::xml_document Parse(const std::string& html) {
  const std::string closed =
      std::regex_replace(html, std::regex("<(meta [^>]*|br)>"), "<$1/>");
  pugi::xml_document document;
  const pugi::xml_parse_result result = document.load_string(
      closed.c_str(), pugi::parse_default | pugi::parse_doctype);
  EXPECT_TRUE(result) << result.description() << " at "
                      << closed.substr(static_cast<std::size_t>(result.offset),
                                       200);
  return document;
}

// All text below the first element that `query` selects, blanks collapsed.
std::string TextOf(const pugi::xml_document& document, const char* query) {
  const pugi::xml_node found = document.select_node(query).node();
  EXPECT_TRUE(found) << query;
  std::string text;
  for (const pugi::xpath_node& node : found.select_nodes(".//text()")) {
    text += std::string(node.node().value()) + " ";
  }
  return std::regex_replace(text, std::regex("\\s+"), " ");
}

std::size_t Count(const pugi::xml_document& document, const char* query) {
  return document.select_nodes(query).size();
}

TEST(HtmlTest, TheHeaderSaysWhatWasJudgedAndHow) {
  const pugi::xml_document bad = Parse(ToHtml(ExampleCertificate()));
  EXPECT_EQ(TextOf(bad, "//h1"), "corosync 3.1.7 ");
  EXPECT_EQ(TextOf(bad, "//header/p[@class='outcome bad']"), "NOT CERTIFIED ");
  const std::string header = TextOf(bad, "//header");
  EXPECT_THAT(header, HasSubstr("1 pass, 1 fail, 1 crash, 1 hang"));
  EXPECT_THAT(header, HasSubstr("/usr/lib/libcpg.so.4 , service corosync 3.1.7"
                                ", judged 2024-05-01T12:00:00Z"));
  const pugi::xml_document good = Parse(ToHtml(GoodCertificate()));
  EXPECT_EQ(TextOf(good, "//header/p[@class='outcome good']"), "CERTIFIED ");
}

TEST(HtmlTest, EveryProfileIsARow) {
  const pugi::xml_document document = Parse(ToHtml(ExampleCertificate()));
  EXPECT_EQ(Count(document, "//section[@id='profiles']//tbody/tr"), 4u);
  EXPECT_EQ(TextOf(document, "//section[@id='profiles']//tbody/tr[1]"),
            "api documented no 1 1 1 0 0 0 0 0 0 ");
  EXPECT_EQ(TextOf(document, "//section[@id='profiles']//tbody/tr[2]"),
            "api header yes 0 0 0 0 1 0 0 0 0 ");
  EXPECT_EQ(TextOf(document, "//section[@id='profiles']//li[1]"),
            "api documented : NOT CERTIFIED: 1 fail, 1 crash ");
}

TEST(HtmlTest, EveryRequirementIsARowWithLinksToWhatSpeaksAgainstIt) {
  const pugi::xml_document document = Parse(ToHtml(ExampleCertificate()));
  EXPECT_EQ(Count(document, "//section[@id='requirements']//tbody/tr"), 4u);
  EXPECT_EQ(TextOf(document, "//section[@id='requirements']//tbody/tr[1]"),
            "A-1 api documented ✗ crash The sentence of A-1. cpg_dispatch · "
            "cpg_dispatch(3) A-1/Fail A-1/Crash 3 ");
  EXPECT_EQ(TextOf(document, "//section[@id='requirements']//tbody/tr[2]"),
            "A-2 api header ✗ fail (known deviation) The sentence of A-2. "
            "cpg_dispatch · cpg_dispatch(3) 1 ");
  EXPECT_EQ(TextOf(document, "//section[@id='requirements']//tbody/tr[3]"),
            "A-3 api observed, optional – unsupported The sentence of A-3. "
            "cpg_dispatch · cpg_dispatch(3) 1 ");
}

TEST(HtmlTest, RequirementsAreCountedByVerdict) {
  const pugi::xml_document document = Parse(ToHtml(ExampleCertificate()));
  EXPECT_EQ(TextOf(document, "//section[@id='verdicts']//thead"),
            "profile and tier requirements deviation crash unsupported error ");
  EXPECT_EQ(Count(document, "//section[@id='verdicts']//tbody/tr"), 5u);
  EXPECT_EQ(TextOf(document, "//section[@id='verdicts']//tbody/tr[1]"),
            "api documented 1 0 1 0 0 ");
  EXPECT_EQ(TextOf(document, "//section[@id='verdicts']//tbody/tr[5]"),
            "all 4 1 1 1 1 ");
}

TEST(HtmlTest, EveryLinkLeadsSomewhereAndEveryAnchorIsUnique) {
  const pugi::xml_document document = Parse(ToHtml(ExampleCertificate()));
  EXPECT_EQ(Count(document, "//section[@id='reports']/details"), 5u);
  EXPECT_GE(Count(document, "//a"), 10u);
  for (const pugi::xpath_node& link : document.select_nodes("//a")) {
    const std::string target = link.node().attribute("href").value();
    ASSERT_EQ(target.substr(0, 1), "#");
    const std::string query = "//*[@id='" + target.substr(1) + "']";
    EXPECT_EQ(Count(document, query.c_str()), 1u) << target;
    const std::string name = link.node().text().get();
    EXPECT_THAT(TextOf(document, (query + "/summary").c_str()),
                HasSubstr(name));
  }
}

TEST(HtmlTest, AnUnfavourableCaseIsABugReport) {
  Certificate certificate = ExampleCertificate();
  certificate.cases[1].notes = {"it took two calls"};
  const pugi::xml_document document = Parse(ToHtml(certificate));
  EXPECT_EQ(TextOf(document, "//section[@id='reports']/details[1]"),
            "✗ fail A-1/Fail A-1 (documented): The sentence of A-1. "
            "cpg_dispatch(3) fail of A-1/Fail expected: 1 actual: 2 Also "
            "observed, not judged it took two calls Reproduce ./certify --only "
            "'A-1/Fail' ");
}

TEST(HtmlTest, DeviationsComeWithTheirReasons) {
  const pugi::xml_document document = Parse(ToHtml(ExampleCertificate()));
  EXPECT_EQ(TextOf(document, "//section[@id='deviations']"),
            "Known deviations 1 case : returns 2 fail A-2/Known "
            "A program that shows it ./certify --reproducer 'A-2/Known' ");
}

TEST(HtmlTest, EveryCaseIsListed) {
  const pugi::xml_document document = Parse(ToHtml(ExampleCertificate()));
  EXPECT_EQ(Count(document, "//section[@id='cases']//tbody/tr"), 9u);
  EXPECT_EQ(TextOf(document, "//section[@id='cases']//tbody/tr[1]"),
            "A-1/Pass took two calls ✓ pass A-1 api 250.0 ");
}

TEST(HtmlTest, TheEnvironmentIsComplete) {
  Certificate certificate = ExampleCertificate();
  certificate.asked = {.profiles = {"api"}, .tier = "", .only = "A-*"};
  const pugi::xml_document document = Parse(ToHtml(certificate));
  EXPECT_EQ(TextOf(document, "//section[@id='environment']"),
            "Environment library /usr/lib/libcpg.so.4 sha256 00ff build id "
            "abcd service corosync service version 3.1.7 suite version 0.1 "
            "suite commit 1234567 profiles asked for api tier asked for all "
            "cases asked for A-* deviations file d.toml seed 7 started "
            "2024-05-01T12:00:00Z duration 1.5 s host: cpus 2 host: kernel "
            "6.1 ");
}

TEST(HtmlTest, WhatIsAbsentHasNoSection) {
  const pugi::xml_document document = Parse(ToHtml(GoodCertificate()));
  for (const char* absent : {"reports", "deviations", "objections"}) {
    const std::string query = "//section[@id='" + std::string(absent) + "']";
    EXPECT_EQ(Count(document, query.c_str()), 0u) << absent;
  }
  EXPECT_EQ(Count(document, "//a"), 0u);
}

TEST(HtmlTest, WhatElseWithholdsTheCertificateIsSaid) {
  Certificate certificate = GoodCertificate();
  certificate.complete = certificate.certified = false;
  certificate.deviations.problems = {"d.toml:2: stale line"};
  EXPECT_EQ(TextOf(Parse(ToHtml(certificate)), "//section[@id='objections']"),
            "What else withholds the certificate the run is incomplete: not "
            "every case was run d.toml:2: stale line ");
}

// Every text of a certificate replaced by one that would break the page.
Certificate Hostile(const std::string& text) {
  Certificate certificate = ExampleCertificate();
  certificate.implementation = {.name = text,
                                .library = text,
                                .sha256 = text,
                                .build_id = text,
                                .service = text,
                                .service_version = text};
  certificate.suite = {.version = text, .commit = text};
  certificate.host = {{text, text}};
  certificate.started = text;
  certificate.asked = {.profiles = {text}, .tier = text, .only = text};
  certificate.deviations = {.file = text, .problems = {text}};
  certificate.problems = {text};
  for (Profile& profile : certificate.profiles) profile.name = text;
  for (Requirement& requirement : certificate.requirements) {
    requirement.function = requirement.sentence = requirement.source = text;
    requirement.profile = text;
  }
  for (Case& result : certificate.cases) {
    result.message = result.profile = result.reproduce = text;
    result.deviation_reason = result.reproducer = text;
    result.notes = {text};
    for (Requirement& requirement : certificate.requirements) {
      for (std::string& name : requirement.cases) {
        if (name == result.name) name += text;
      }
    }
    result.name += text;
  }
  return certificate;
}

TEST(HtmlTest, EscapesEveryText) {
  const std::string html = ToHtml(
      Hostile("</pre></style><script src=\"//x\" a='b'>{{name}}{{{name}}}&"));
  EXPECT_THAT(html, Not(HasSubstr("<script")));
  EXPECT_THAT(html, HasSubstr("&lt;/pre&gt;&lt;/style&gt;&lt;script src=&quot;"
                              "//x&quot; a=&apos;b&apos;&gt;{{name}}{{{name}}}"
                              "&amp;"));
  EXPECT_EQ(Count(Parse(html), "//script"), 0u);
}

TEST(HtmlTest, ShowsControlsAndIllFormedText) {
  const std::string html =
      ToHtml(Hostile(std::string("\x1b[2J\xFF\0\xE2\x80\xAE", 9)));
  EXPECT_THAT(html, HasSubstr("\\x1b[2J\xEF\xBF\xBD\\x00\\u202e"));
  for (const char byte : html) {
    EXPECT_TRUE(static_cast<unsigned char>(byte) >= 0x20 || byte == '\n');
  }
  EXPECT_EQ(html.find('\xFF'), std::string::npos);
}

TEST(HtmlTest, FetchesNothing) {
  const std::string html = ToHtml(ExampleCertificate());
  for (const char* reference :
       {"http:", "https:", "//", "url(", "@import", "src=", "<link", "<img"}) {
    EXPECT_THAT(html, Not(HasSubstr(reference)));
  }
}

TEST(HtmlTest, LeavesNoTagOfTheTemplateUnfilled) {
  for (const Certificate& certificate :
       {ExampleCertificate(), GoodCertificate(), Certificate()}) {
    const std::string html = ToHtml(certificate);
    EXPECT_THAT(html, Not(HasSubstr("{{")));
    EXPECT_THAT(html, Not(HasSubstr("}}")));
    Parse(html);
  }
}

TEST(HtmlTest, AThousandCasesAreNoBurden) {
  Certificate certificate = ExampleCertificate();
  for (int i = 0; i < 5000; ++i) {
    certificate.cases.push_back(
        ExampleCase("A-1/" + std::to_string(i), "A-1", "fail"));
    certificate.requirements[0].cases.push_back(certificate.cases.back().name);
  }
  EXPECT_EQ(
      Count(Parse(ToHtml(certificate)), "//section[@id='reports']/details"),
      5005u);
}

}  // namespace
}  // namespace cpgcert::reports
