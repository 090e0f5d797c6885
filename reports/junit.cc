#include "reports/junit.h"

#include <fmt/core.h>

#include <cmath>
#include <cstddef>
#include <map>
#include <pugixml.hpp>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "reports/certificate.h"
#include "reports/findings.h"
#include "reports/text.h"

namespace cpgcert::reports {
namespace {

constexpr char kSuiteOfObjections[] = "certificate";

// What a suite, or the whole, adds up to.
struct Totals {
  int tests = 0;
  int failures = 0;
  int errors = 0;
  int skipped = 0;
  double seconds = 0;

  void Add(const Totals& other) {
    tests += other.tests;
    failures += other.failures;
    errors += other.errors;
    skipped += other.skipped;
    seconds += other.seconds;
  }
};

void Attribute(pugi::xml_node node, const char* name,
               const std::string& value) {
  node.append_attribute(name).set_value(Visible(value, Lines::kKeep).c_str());
}

void Text(pugi::xml_node node, const std::string& text) {
  node.text().set(Visible(text, Lines::kKeep).c_str());
}

void Time(pugi::xml_node node, double seconds) {
  Attribute(node, "time", fmt::format("{:.3f}", seconds));
}

void WriteTotals(pugi::xml_node node, const Totals& totals) {
  Attribute(node, "tests", std::to_string(totals.tests));
  Attribute(node, "failures", std::to_string(totals.failures));
  Attribute(node, "errors", std::to_string(totals.errors));
  Time(node, totals.seconds);
}

// A suite: a requirement, and the cases that name it first.
struct RequirementSuite {
  std::string requirement;
  std::string profile;
  std::string tier;
  std::vector<const Case*> cases;

  // A class in a package, to viewers.
  std::string Name() const { return profile + "." + tier + "." + requirement; }
};

std::vector<RequirementSuite> SuitesOf(const Certificate& certificate) {
  std::map<std::string_view, std::string_view> tiers;
  for (const Requirement& requirement : certificate.requirements) {
    tiers.emplace(requirement.id, requirement.tier);
  }
  std::map<std::string, std::size_t> positions;
  std::vector<RequirementSuite> suites;
  for (const Case& result : certificate.cases) {
    const std::string id =
        result.requirements.empty() ? "none" : result.requirements[0];
    const auto tier = tiers.find(id);
    const RequirementSuite suite{
        .requirement = id,
        .profile = result.profile,
        .tier = tier == tiers.end() ? "unknown" : std::string(tier->second),
        .cases = {}};
    const auto [entry, added] = positions.emplace(suite.Name(), suites.size());
    if (added) suites.push_back(suite);
    suites[entry->second].cases.push_back(&result);
  }
  return suites;
}

double Seconds(const Case& result) {
  const double seconds = result.duration_ms / 1000;
  return std::isfinite(seconds) ? seconds : 0;
}

// "the message's first line", after the verdict where the element alone does
// not tell it.
std::string Headline(const Case& result) {
  const std::string line = FirstLine(MessageOf(result));
  if (result.verdict == "fail" && !line.empty()) return line;
  return line.empty() ? result.verdict : result.verdict + ": " + line;
}

void WriteVerdict(const Case& result, pugi::xml_node node, Totals& totals) {
  if (result.deviation) {
    ++totals.skipped;
    Attribute(node.append_child("skipped"), "message",
              "known deviation: " + result.deviation_reason);
    return;
  }
  if (result.verdict == "pass") return;
  if (result.verdict == "unsupported" || result.verdict == "untested") {
    ++totals.skipped;
    Attribute(node.append_child("skipped"), "message", Headline(result));
    return;
  }
  const bool failed = result.verdict == "fail";
  ++(failed ? totals.failures : totals.errors);
  pugi::xml_node element = node.append_child(failed ? "failure" : "error");
  Attribute(element, "message", Headline(result));
  Attribute(element, "type", result.verdict);
  std::string text = MessageOf(result);
  if (!result.reproduce.empty()) text += "\nreproduce: " + result.reproduce;
  Text(element, text);
}

// What has no element of its own.
std::string Output(const Case& result) {
  std::vector<std::string> lines;
  if (result.requirements.size() > 1) {
    lines.push_back("requirements: " + Join(result.requirements, " "));
  }
  lines.insert(lines.end(), result.notes.begin(), result.notes.end());
  return Join(lines, "\n");
}

Totals WriteCase(const Case& result, const std::string& class_name,
                 pugi::xml_node suite) {
  Totals totals{.tests = 1, .seconds = Seconds(result)};
  pugi::xml_node node = suite.append_child("testcase");
  Attribute(node, "name", result.name);
  Attribute(node, "classname", class_name);
  Time(node, totals.seconds);
  WriteVerdict(result, node, totals);
  const std::string output = Output(result);
  if (!output.empty()) Text(node.append_child("system-out"), output);
  return totals;
}

using Properties = std::vector<std::pair<const char*, std::string>>;

void WriteProperties(const Properties& properties, pugi::xml_node suite) {
  if (properties.empty()) return;
  pugi::xml_node node = suite.append_child("properties");
  for (const auto& [name, value] : properties) {
    pugi::xml_node property = node.append_child("property");
    Attribute(property, "name", name);
    Attribute(property, "value", value);
  }
}

// A suite whose totals come first although they are known last.
template <typename Fill>
Totals WriteSuite(const Certificate& certificate, const std::string& name,
                  const Properties& properties, pugi::xml_node root,
                  Fill fill) {
  pugi::xml_document scratch;
  pugi::xml_node content = scratch.append_child("content");
  WriteProperties(properties, content);
  const Totals totals = fill(content);
  pugi::xml_node suite = root.append_child("testsuite");
  Attribute(suite, "name", name);
  WriteTotals(suite, totals);
  Attribute(suite, "skipped", std::to_string(totals.skipped));
  if (!certificate.started.empty()) {
    Attribute(suite, "timestamp", certificate.started);
  }
  for (const pugi::xml_node child : content.children()) {
    suite.append_copy(child);
  }
  return totals;
}

Totals WriteObjections(const std::vector<std::string>& objections,
                       pugi::xml_node suite) {
  Totals totals;
  for (const std::string& objection : objections) {
    ++totals.tests;
    ++totals.failures;
    pugi::xml_node node = suite.append_child("testcase");
    Attribute(node, "name", objection);
    Attribute(node, "classname", kSuiteOfObjections);
    Time(node, 0);
    pugi::xml_node failure = node.append_child("failure");
    Attribute(failure, "message", objection);
    Attribute(failure, "type", "withheld");
  }
  return totals;
}

}  // namespace

std::string ToJunit(const Certificate& certificate) {
  pugi::xml_document scratch;
  pugi::xml_node suites = scratch.append_child("suites");
  Totals totals;
  for (const RequirementSuite& suite : SuitesOf(certificate)) {
    const Properties properties = {{"requirement", suite.requirement},
                                   {"tier", suite.tier},
                                   {"profile", suite.profile}};
    totals.Add(WriteSuite(certificate, suite.Name(), properties, suites,
                          [&](pugi::xml_node node) {
                            Totals sum;
                            for (const Case* result : suite.cases) {
                              sum.Add(WriteCase(*result, suite.Name(), node));
                            }
                            return sum;
                          }));
  }
  const std::vector<std::string> objections = Objections(certificate);
  if (!objections.empty()) {
    totals.Add(WriteSuite(certificate, kSuiteOfObjections, {}, suites,
                          [&](pugi::xml_node suite) {
                            return WriteObjections(objections, suite);
                          }));
  }

  pugi::xml_document document;
  pugi::xml_node declaration = document.append_child(pugi::node_declaration);
  declaration.append_attribute("version").set_value("1.0");
  declaration.append_attribute("encoding").set_value("UTF-8");
  pugi::xml_node root = document.append_child("testsuites");
  Attribute(root, "name", "cpgcert: " + certificate.implementation.name);
  WriteTotals(root, totals);
  for (const pugi::xml_node suite : suites.children()) root.append_copy(suite);
  std::ostringstream stream;
  document.save(stream, "  ");
  return stream.str();
}

}  // namespace cpgcert::reports
