#include "reports/html.h"

#include <cstddef>
#include <pugixml.hpp>
#include <regex>
#include <string>
#include <string_view>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "reports/certificate.h"
#include "reports/example.h"

namespace cpgcert::reports {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

// The scripts with their tags, and the page without them.
struct Parts {
  std::string page;
  std::vector<std::string> scripts;
};

Parts Split(const std::string& html) {
  constexpr std::string_view kEnd = "</script>";
  Parts parts;
  std::size_t done = 0;
  while (true) {
    const std::size_t begin = html.find("<script", done);
    parts.page += html.substr(done, begin - done);
    if (begin == std::string::npos) return parts;
    done = html.find(kEnd, begin) + kEnd.size();
    parts.scripts.push_back(html.substr(begin, done - begin));
  }
}

// The page as XML: what it leaves open in HTML's way is closed first, so that
// an unbalanced tag anywhere is an error.
pugi::xml_document Parse(const std::string& html) {
  const std::string closed = std::regex_replace(
      Split(html).page, std::regex("<(meta [^>]*|br)>"), "<$1/>");
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
  EXPECT_EQ(TextOf(bad, "//header/p[@class='outcome bad']"),
            "✗ NOT CERTIFIED ");
  EXPECT_THAT(TextOf(bad, "//header"),
              HasSubstr("9 cases: 1 pass, 1 fail, 1 crash, 1 hang"));
  EXPECT_EQ(TextOf(bad, "//dl[@id='glance']"),
            "library /usr/lib/libcpg.so.4 sha256 00ff build id abcd service "
            "corosync 3.1.7 suite cpgcert 0.1 (1234567) seed 7 judged "
            "2024-05-01T12:00:00Z, in 2 s ");
  const pugi::xml_document good = Parse(ToHtml(GoodCertificate()));
  EXPECT_EQ(TextOf(good, "//header/p[@class='outcome good']"), "✓ CERTIFIED ");
}

TEST(HtmlTest, EveryProfileSaysWhetherItIsCertifiedAndWhyNot) {
  const pugi::xml_document document = Parse(ToHtml(ExampleCertificate()));
  EXPECT_EQ(TextOf(document, "//section[@id='profiles']//li[1]"),
            "✗ api documented NOT CERTIFIED: 1 fail, 1 crash ");
  EXPECT_EQ(TextOf(document, "//section[@id='profiles']//li[2]"),
            "✓ api header CERTIFIED, with 1 deviation ");
  EXPECT_EQ(Count(document, "//section[@id='profiles']//tbody/tr"), 9u);
  EXPECT_EQ(TextOf(document, "//section[@id='profiles']//tbody/tr[1]"),
            "api documented 1 1 1 0 0 0 0 0 0 ");
}

TEST(HtmlTest, RequirementsAreCountedByVerdict) {
  const pugi::xml_document document = Parse(ToHtml(ExampleCertificate()));
  EXPECT_EQ(TextOf(document, "//table[@id='verdicts']/thead"),
            "profile and tier requirements deviation crash unsupported error ");
  EXPECT_EQ(Count(document, "//table[@id='verdicts']/tbody/tr"), 5u);
  EXPECT_EQ(TextOf(document, "//table[@id='verdicts']/tbody/tr[5]"),
            "all 4 1 1 1 1 ");
}

TEST(HtmlTest, WithoutScriptsTheRequirementsAreThere) {
  const pugi::xml_document document = Parse(ToHtml(ExampleCertificate()));
  EXPECT_EQ(Count(document, "//noscript//tbody/tr"), 4u);
  EXPECT_EQ(TextOf(document, "//noscript//tbody/tr[2]"),
            "A-2 fail, known deviation The sentence of A-2. ");
}

TEST(HtmlTest, TheEnvironmentIsComplete) {
  Certificate certificate = ExampleCertificate();
  certificate.asked = {.profiles = {"api"}, .tier = "", .only = "A-*"};
  certificate.figures = {{"cases_count", 9}, {"proof_us", 12.4}};
  EXPECT_EQ(TextOf(Parse(ToHtml(certificate)), "//section[@id='environment']"),
            "Environment profiles asked for api tier asked for all cases asked "
            "for A-* deviations file d.toml cases_count 9 median proof_us 12 "
            "host: cpus 2 host: kernel 6.1 ");
}

TEST(HtmlTest, WhatElseWithholdsTheCertificateIsSaid) {
  Certificate certificate = GoodCertificate();
  EXPECT_EQ(Count(Parse(ToHtml(certificate)), "//section[@id='objections']"),
            0u);
  certificate.complete = certificate.certified = false;
  certificate.deviations.problems = {"d.toml:2: stale line"};
  EXPECT_EQ(TextOf(Parse(ToHtml(certificate)), "//section[@id='objections']"),
            "What else withholds the certificate the run is incomplete: not "
            "every case was run d.toml:2: stale line ");
}

TEST(HtmlTest, HoldsTheDataTheLibraryAndTheScripts) {
  const std::vector<std::string> scripts =
      Split(ToHtml(FullCertificate())).scripts;
  ASSERT_EQ(scripts.size(), 3u);
  EXPECT_THAT(scripts[0],
              StartsWith("<script type=\"application/json\" id=\"data\">{"));
  EXPECT_THAT(scripts[1], HasSubstr("Vue.js v"));
  EXPECT_THAT(scripts[2], HasSubstr("\"use strict\";"));
}

TEST(HtmlTest, EscapesEveryText) {
  const std::string hostile =
      "</pre></style><!--<script src=\"//x\" a='b'></script>{{name}}{{{name}}}"
      "&";
  const Parts parts = Split(ToHtml(HostileCertificate(hostile)));
  EXPECT_EQ(parts.scripts.size(), 3u);
  EXPECT_THAT(parts.scripts[0].substr(1), Not(HasSubstr("<script")));
  EXPECT_THAT(parts.scripts[0], Not(HasSubstr("<!--")));
  EXPECT_THAT(parts.page,
              HasSubstr("&lt;/pre&gt;&lt;/style&gt;&lt;!--&lt;script src=&quot;"
                        "//x&quot; a=&apos;b&apos;&gt;&lt;/script&gt;{{name}}"
                        "{{{name}}}&amp;"));
  Parse(ToHtml(HostileCertificate(hostile)));
}

TEST(HtmlTest, ShowsControlsAndIllFormedText) {
  const std::string html =
      ToHtml(HostileCertificate(std::string("\x1b[2J\xFF\0\xE2\x80\xAE", 9)));
  EXPECT_THAT(html, HasSubstr("\\x1b[2J\xEF\xBF\xBD\\x00\\u202e"));
  EXPECT_EQ(html.find('\x1b'), std::string::npos);
  EXPECT_EQ(html.find('\xFF'), std::string::npos);
  EXPECT_EQ(html.find('\0'), std::string::npos);
}

// What a browser may fetch is said by the policy, which the browser test holds
// it to; what is written into the page names nothing to fetch.
TEST(HtmlTest, FetchesNothing) {
  const Parts parts = Split(ToHtml(FullCertificate()));
  EXPECT_THAT(parts.page, HasSubstr("default-src &apos;none&apos;"));
  for (const char* reference :
       {"http:", "https:", "url(", "@import", "src=", "<link", "<img"}) {
    EXPECT_THAT(parts.page, Not(HasSubstr(reference)));
  }
  for (const std::string& script : parts.scripts) {
    EXPECT_EQ(script.substr(0, script.find('>')).find("src"),
              std::string::npos);
  }
}

TEST(HtmlTest, LeavesNoTagOfTheTemplateUnfilled) {
  for (const Certificate& certificate :
       {FullCertificate(), GoodCertificate(), Certificate()}) {
    const Parts parts = Split(ToHtml(certificate));
    EXPECT_THAT(parts.page, Not(HasSubstr("{{")));
    EXPECT_THAT(parts.page, Not(HasSubstr("}}")));
  }
}

TEST(HtmlTest, StaysBelowThreeMegabytesWhateverTheMessagesAre) {
  Certificate certificate = ExampleCertificate();
  for (int i = 0; i < 2600; ++i) {
    certificate.cases.push_back(ExampleCase(
        "DISPATCH-02/One/Joined/MessageInFragments/" + std::to_string(i), "A-1",
        "fail"));
    certificate.cases.back().message = std::string(5'000, '<');
    certificate.requirements[0].cases.push_back(certificate.cases.back().name);
  }
  EXPECT_LT(ToHtml(certificate).size(), 3'000'000u);
}

}  // namespace
}  // namespace cpgcert::reports
