#include "reports/page_data.h"

#include <array>
#include <cmath>
#include <cstddef>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "reports/certificate.h"
#include "reports/findings.h"
#include "reports/text.h"

namespace cpgcert::reports {
namespace {

using Json = nlohmann::ordered_json;

// Numbers for values that many have in common.
template <typename Value>
class Table {
 public:
  std::size_t Number(const Value& value) {
    const auto [entry, added] = numbers_.emplace(value, values_.size());
    if (added) values_.push_back(value);
    return entry->second;
  }
  const std::vector<Value>& values() const { return values_; }

 private:
  std::map<Value, std::size_t> numbers_;
  std::vector<Value> values_;
};

std::string Shown(std::string_view text) { return Visible(text, Lines::kKeep); }

class Writer {
 public:
  Writer(const Certificate& certificate, std::size_t text_max)
      : certificate_(certificate), text_max_(text_max) {
    for (std::size_t i = 0; i < certificate.cases.size(); ++i) {
      positions_.emplace(certificate.cases[i].name, i);
    }
  }

  Json Whole() {
    Json cases = Json::array();
    for (const Case& result : certificate_.cases)
      cases.push_back(Write(result));
    Json requirements = Json::array();
    for (const Requirement& requirement : certificate_.requirements) {
      requirements.push_back(Write(requirement));
    }
    return {{"subject", Subject()},
            {"requirements", std::move(requirements)},
            {"cases", std::move(cases)},
            {"commands", commands_.values()},
            {"reasons", reasons_.values()},
            {"steps", steps_.values()},
            {"axes", Axes()},
            {"left_out", LeftOutCells()},
            {"campaigns", Campaigns()}};
  }

 private:
  // What a report of a failure names first.
  std::string Subject() const {
    const Implementation& subject = certificate_.implementation;
    std::string text =
        subject.name + ": " + subject.library + ", SHA-256 " + subject.sha256;
    if (!subject.build_id.empty()) text += ", build id " + subject.build_id;
    text += "; service " + subject.service;
    if (!subject.service_version.empty()) text += " " + subject.service_version;
    return Shown(text + "; cpgcert " + certificate_.suite.version + ", seed " +
                 std::to_string(certificate_.seed));
  }

  std::string Shortened(std::string_view text) const {
    std::string shown = Shown(text);
    if (shown.size() <= text_max_) return shown;
    std::size_t end = text_max_;
    while (end > 0 && (static_cast<unsigned char>(shown[end]) & 0xC0) == 0x80) {
      --end;  // not in the middle of a character
    }
    const std::size_t left = shown.size() - end;
    shown.resize(end);
    return shown + "\n... " + std::to_string(left) +
           " bytes more are in certificate.json";
  }

  std::vector<std::string> ShortenedAll(
      const std::vector<std::string>& texts) const {
    std::vector<std::string> shortened;
    for (const std::string& text : texts) shortened.push_back(Shortened(text));
    return shortened;
  }

  static std::vector<std::string> ShownAll(
      const std::vector<std::string>& texts) {
    std::vector<std::string> shown;
    for (const std::string& text : texts) shown.push_back(Shown(text));
    return shown;
  }

  Json Write(const Requirement& requirement) const {
    Json cases = Json::array();
    std::size_t missing = 0;
    for (const std::string& name : requirement.cases) {
      const auto found = positions_.find(name);
      if (found == positions_.end()) {
        ++missing;
      } else {
        cases.push_back(found->second);
      }
    }
    return {{"id", Shown(requirement.id)},
            {"tier", Shown(requirement.tier)},
            {"function", Shown(requirement.function)},
            {"sentence", Shown(requirement.sentence)},
            {"source", Shown(requirement.source)},
            {"profile", Shown(requirement.profile)},
            {"optional", requirement.optional},
            {"verdict", Shown(requirement.verdict)},
            {"deviation", requirement.deviation},
            {"missing", missing},
            {"cases", std::move(cases)}};
  }

  // The command line, cut where it names the case.
  std::size_t CommandNumber(const std::string& command,
                            const std::string& name) {
    const std::size_t at =
        name.empty() ? std::string::npos : command.find(name);
    std::vector<std::string> pieces = {Shown(command.substr(0, at))};
    if (at != std::string::npos) {
      pieces.push_back(Shown(command.substr(at + name.size())));
    }
    return commands_.Number(pieces);
  }

  Json Write(const Case& result) {
    Json json = {{"name", Shown(result.name)},
                 {"requirements", ShownAll(result.requirements)},
                 {"profile", Shown(result.profile)},
                 {"verdict", Shown(result.verdict)},
                 {"ms", std::isfinite(result.duration_ms)
                            ? std::round(result.duration_ms)
                            : 0}};
    if (result.deviation) {
      json["reason"] = reasons_.Number(Shown(result.deviation_reason));
    }
    const std::string message = MessageOf(result);
    if (!message.empty()) json["message"] = Shortened(message);
    if (!result.failures.empty()) {
      Table<std::string> failed;
      for (const Failure& failure : result.failures) {
        failed.Number(Shown(failure.requirement));
      }
      json["failed"] = failed.values();
    }
    if (!result.notes.empty()) json["notes"] = ShortenedAll(result.notes);
    if (!result.reproduce.empty()) {
      json["reproduce"] = CommandNumber(result.reproduce, result.name);
    }
    if (!result.reproducer.empty()) {
      json["reproducer"] = CommandNumber(result.reproducer, result.name);
    }
    if (!result.steps.empty()) {
      json["steps"] = steps_.Number(ShortenedAll(result.steps));
    }
    if (!result.trace.empty()) json["trace"] = Shown(result.trace);
    Json cell = Cell(result);
    if (!cell.empty()) json["cell"] = std::move(cell);
    return json;
  }

  // For each axis the number of the value; empty if one is not known.
  Json Cell(const Case& result) const {
    Json numbers = Json::array();
    for (const Axis& axis : certificate_.matrix.axes) {
      const auto value = result.cell.find(axis.name);
      if (value == result.cell.end()) return Json::array();
      std::size_t number = 0;
      while (number < axis.values.size() &&
             axis.values[number].name != value->second) {
        ++number;
      }
      if (number == axis.values.size()) return Json::array();
      numbers.push_back(number);
    }
    return numbers;
  }

  Json Axes() const {
    Json axes = Json::array();
    for (const Axis& axis : certificate_.matrix.axes) {
      Json values = Json::array();
      for (const AxisValue& value : axis.values) {
        values.push_back(
            {{"name", Shown(value.name)}, {"meaning", Shown(value.meaning)}});
      }
      axes.push_back(
          {{"name", Shown(axis.name)}, {"values", std::move(values)}});
    }
    return axes;
  }

  Json LeftOutCells() const {
    Json all = Json::array();
    for (const LeftOut& left_out : certificate_.matrix.left_out) {
      all.push_back(
          {{"reason", Shown(left_out.reason)}, {"cells", left_out.cells}});
    }
    return all;
  }

  Json Campaigns() const {
    Json campaigns = Json::array();
    for (const Campaign& campaign : certificate_.campaigns) {
      Json causes = Json::array();
      for (const RootCause& cause : campaign.causes) {
        causes.push_back({{"key", Shown(cause.key)},
                          {"tier", Shown(cause.tier)},
                          {"field", Shown(cause.field)},
                          {"relation", Shown(cause.relation)},
                          {"damages", ShownAll(cause.damages)},
                          {"owed", Shortened(cause.owed)},
                          {"came", Shortened(cause.came)},
                          {"annotated", Shortened(cause.annotated)},
                          {"reproduced", Shown(cause.reproduced)}});
      }
      // As text: a script's numbers hold 53 bits only.
      campaigns.push_back(
          {{"target", Shown(campaign.target)},
           {"tier", Shown(campaign.tier)},
           {"seconds", std::isfinite(campaign.seconds) ? campaign.seconds : 0},
           {"inputs", campaign.inputs},
           {"seed", std::to_string(campaign.seed)},
           {"causes", std::move(causes)}});
    }
    return campaigns;
  }

  const Certificate& certificate_;
  std::size_t text_max_;
  std::map<std::string_view, std::size_t> positions_;
  Table<std::vector<std::string>> commands_;
  Table<std::string> reasons_;
  Table<std::vector<std::string>> steps_;
};

// None of these characters means anything in JSON outside of its strings.
std::string EscapeForScript(std::string_view json) {
  std::string escaped;
  escaped.reserve(json.size());
  for (const char c : json) {
    switch (c) {
      case '<':
        escaped += "\\u003c";
        break;
      case '>':
        escaped += "\\u003e";
        break;
      case '&':
        escaped += "\\u0026";
        break;
      default:
        escaped += c;
    }
  }
  return escaped;
}

}  // namespace

std::string PageData(const Certificate& certificate, std::size_t bytes_max) {
  constexpr std::array<std::size_t, 6> kLengths = {50000, 5000, 1500,
                                                   500,   150,  40};
  std::string data;
  for (const std::size_t text_max : kLengths) {
    data = EscapeForScript(
        Writer(certificate, text_max)
            .Whole()
            .dump(-1, ' ', false, Json::error_handler_t::replace));
    if (data.size() <= bytes_max) break;
  }
  return data;
}

}  // namespace cpgcert::reports
