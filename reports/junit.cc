#include "reports/junit.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <pugixml.hpp>
#include <sstream>
#include <string>
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
  Attribute(node, "skipped", std::to_string(totals.skipped));
  Time(node, totals.seconds);
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

Totals WriteCase(const Case& result, pugi::xml_node suite) {
  Totals totals{.tests = 1, .seconds = Seconds(result)};
  pugi::xml_node node = suite.append_child("testcase");
  Attribute(node, "name", result.name);
  Attribute(node, "classname",
            result.requirements.empty() ? "none" : result.requirements[0]);
  Time(node, totals.seconds);

  pugi::xml_node properties = node.append_child("properties");
  const auto property = [&](const char* name, const std::string& value) {
    pugi::xml_node entry = properties.append_child("property");
    Attribute(entry, "name", name);
    Attribute(entry, "value", value);
  };
  property("requirements", Join(result.requirements, " "));
  property("profile", result.profile);
  property("verdict", result.verdict);

  WriteVerdict(result, node, totals);
  if (!result.notes.empty()) {
    Text(node.append_child("system-out"), Join(result.notes, "\n"));
  }
  return totals;
}

// A suite whose totals come first although they are known last.
template <typename Fill>
Totals WriteSuite(const Certificate& certificate, const std::string& name,
                  pugi::xml_node root, Fill fill) {
  pugi::xml_document scratch;
  pugi::xml_node content = scratch.append_child("content");
  const Totals totals = fill(content);
  pugi::xml_node suite = root.append_child("testsuite");
  Attribute(suite, "name", name);
  WriteTotals(suite, totals);
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

std::vector<std::string> ProfilesOf(const std::vector<Case>& cases) {
  std::vector<std::string> profiles;
  for (const Case& result : cases) {
    if (std::find(profiles.begin(), profiles.end(), result.profile) ==
        profiles.end()) {
      profiles.push_back(result.profile);
    }
  }
  return profiles;
}

}  // namespace

std::string ToJunit(const Certificate& certificate) {
  pugi::xml_document scratch;
  pugi::xml_node suites = scratch.append_child("suites");
  Totals totals;
  for (const std::string& profile : ProfilesOf(certificate.cases)) {
    totals.Add(
        WriteSuite(certificate, profile, suites, [&](pugi::xml_node suite) {
          Totals sum;
          for (const Case& result : certificate.cases) {
            if (result.profile == profile) sum.Add(WriteCase(result, suite));
          }
          return sum;
        }));
  }
  const std::vector<std::string> objections = Objections(certificate);
  if (!objections.empty()) {
    totals.Add(WriteSuite(certificate, kSuiteOfObjections, suites,
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
