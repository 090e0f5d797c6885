#include "reports/json.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "reports/certificate.h"
#include "reports/text.h"

namespace cpgcert::reports {
namespace {

using Json = nlohmann::ordered_json;

Json Write(const Case& result);
Json Write(const AxisValue& value);
Json Write(const Axis& axis);
Json Write(const LeftOut& left_out);
Json Write(const RootCause& cause);
Json Write(const Campaign& campaign);

double Finite(double number) { return std::isfinite(number) ? number : 0; }

Json Write(const Profile& profile) {
  return {{"name", profile.name},
          {"tier", profile.tier},
          {"certified", profile.certified},
          {"pass", profile.pass},
          {"fail", profile.fail},
          {"crash", profile.crash},
          {"hang", profile.hang},
          {"unsupported", profile.unsupported},
          {"inconclusive", profile.inconclusive},
          {"error", profile.error},
          {"deviation", profile.deviation},
          {"untested", profile.untested}};
}

Json Write(const Requirement& requirement) {
  return {{"id", requirement.id},
          {"tier", requirement.tier},
          {"function", requirement.function},
          {"sentence", requirement.sentence},
          {"source", requirement.source},
          {"profile", requirement.profile},
          {"optional", requirement.optional},
          {"verdict", requirement.verdict},
          {"deviation", requirement.deviation},
          {"cases", requirement.cases}};
}

Json Write(const Failure& failure) {
  return {{"requirement", failure.requirement}, {"text", failure.text}};
}

template <typename T>
Json WriteAll(const std::vector<T>& items) {
  Json array = Json::array();
  for (const T& item : items) array.push_back(Write(item));
  return array;
}

Json Write(const Case& result) {
  Json json = {{"name", result.name},
               {"requirements", result.requirements},
               {"profile", result.profile},
               {"verdict", result.verdict},
               {"deviation", result.deviation},
               {"deviation_reason", result.deviation_reason},
               {"message", result.message},
               {"failures", WriteAll(result.failures)},
               {"notes", result.notes},
               {"duration_ms", Finite(result.duration_ms)},
               {"reproduce", result.reproduce},
               {"reproducer", result.reproducer}};
  if (!result.cell.empty()) json["cell"] = result.cell;
  if (!result.steps.empty()) json["steps"] = result.steps;
  if (!result.trace.empty()) json["trace"] = result.trace;
  return json;
}

Json Write(const AxisValue& value) {
  return {{"name", value.name}, {"meaning", value.meaning}};
}

Json Write(const Axis& axis) {
  return {{"name", axis.name}, {"values", WriteAll(axis.values)}};
}

Json Write(const LeftOut& left_out) {
  return {{"reason", left_out.reason}, {"cells", left_out.cells}};
}

Json Write(const RootCause& cause) {
  return {{"key", cause.key},
          {"tier", cause.tier},
          {"field", cause.field},
          {"relation", cause.relation},
          {"damages", cause.damages},
          {"owed", cause.owed},
          {"came", cause.came},
          {"annotated", cause.annotated},
          {"reproduced", cause.reproduced}};
}

Json Write(const Campaign& campaign) {
  return {{"target", campaign.target},
          {"tier", campaign.tier},
          {"seconds", Finite(campaign.seconds)},
          {"inputs", campaign.inputs},
          {"seed", campaign.seed},
          {"causes", WriteAll(campaign.causes)}};
}

Json Write(const Implementation& implementation) {
  return {{"name", implementation.name},
          {"library", implementation.library},
          {"sha256", implementation.sha256},
          {"build_id", implementation.build_id},
          {"service", implementation.service},
          {"service_version", implementation.service_version}};
}

Json Write(const Certificate& certificate) {
  Json host = Json::object();
  for (const auto& [key, value] : certificate.host) host[key] = value;
  Json figures = Json::object();
  for (const auto& [key, value] : certificate.figures) {
    figures[key] = Finite(value);
  }
  return {
      {"schema", certificate.schema},
      {"certified", certificate.certified},
      {"complete", certificate.complete},
      {"implementation", Write(certificate.implementation)},
      {"suite",
       {{"version", certificate.suite.version},
        {"commit", certificate.suite.commit},
        {"fingerprint", certificate.suite.fingerprint}}},
      {"host", std::move(host)},
      {"figures", std::move(figures)},
      {"seed", certificate.seed},
      {"started", certificate.started},
      {"duration_s", Finite(certificate.duration_s)},
      {"asked",
       {{"profiles", certificate.asked.profiles},
        {"tier", certificate.asked.tier},
        {"only", certificate.asked.only}}},
      {"deviations",
       {{"file", certificate.deviations.file},
        {"problems", certificate.deviations.problems}}},
      {"problems", certificate.problems},
      {"profiles", WriteAll(certificate.profiles)},
      {"requirements", WriteAll(certificate.requirements)},
      {"cases", WriteAll(certificate.cases)},
      {"matrix",
       {{"axes", WriteAll(certificate.matrix.axes)},
        {"left_out", WriteAll(certificate.matrix.left_out)}}},
      {"campaigns", WriteAll(certificate.campaigns)},
  };
}

// A value and where it stands: "cases[3].verdict"; empty for the whole.
class Place {
 public:
  Place(const Json& json, std::string path)
      : json_(json), path_(std::move(path)) {}

  [[noreturn]] void Refuse(const std::string& why) const {
    throw std::runtime_error((path_.empty() ? "the file" : path_) + ": " + why);
  }

  Place Member(const char* key) const {
    if (!json_.is_object()) Refuse("must be an object");
    const auto found = json_.find(key);
    const std::string path = path_.empty() ? key : path_ + "." + key;
    if (found == json_.end()) Place(json_, path).Refuse("is missing");
    return Place(*found, path);
  }

  std::vector<Place> Elements() const {
    if (!json_.is_array()) Refuse("must be an array");
    std::vector<Place> elements;
    for (std::size_t i = 0; i < json_.size(); ++i) {
      elements.emplace_back(json_[i], path_ + "[" + std::to_string(i) + "]");
    }
    return elements;
  }

  void Read(std::string& text) const {
    if (!json_.is_string()) Refuse("must be a string");
    text = json_.get<std::string>();
  }

  void Read(bool& truth) const {
    if (!json_.is_boolean()) Refuse("must be true or false");
    truth = json_.get<bool>();
  }

  void Read(std::uint64_t& number) const {
    if (!json_.is_number_unsigned()) Refuse("must be a whole number from 0");
    number = json_.get<std::uint64_t>();
  }

  void Read(int& number) const {
    std::uint64_t wide = 0;
    Read(wide);
    if (wide > static_cast<std::uint64_t>(std::numeric_limits<int>::max())) {
      Refuse("is too great");
    }
    number = static_cast<int>(wide);
  }

  void Read(double& number) const {
    if (!json_.is_number()) Refuse("must be a number");
    number = json_.get<double>();
    if (number < 0) Refuse("must not be negative");
  }

  template <typename T>
  void Read(std::map<std::string, T>& values) const {
    if (!json_.is_object()) Refuse("must be an object");
    for (const auto& [key, value] : json_.items()) {
      Place(value, path_ + "." + key).Read(values[key]);
    }
  }

  template <typename T>
  void Read(std::vector<T>& items) const {
    for (const Place& element : Elements()) {
      element.Read(items.emplace_back());
    }
  }

  void Read(Implementation& implementation) const;
  void Read(Suite& suite) const;
  void Read(Asked& asked) const;
  void Read(Deviations& deviations) const;
  void Read(Profile& profile) const;
  void Read(Requirement& requirement) const;
  void Read(Failure& failure) const;
  void Read(Case& result) const;
  void Read(AxisValue& value) const;
  void Read(Axis& axis) const;
  void Read(LeftOut& left_out) const;
  void Read(Matrix& matrix) const;
  void Read(RootCause& cause) const;
  void Read(Campaign& campaign) const;
  void Read(Certificate& certificate) const;

  template <typename T>
  void Member(const char* key, T& value) const {
    Member(key).Read(value);
  }

  // Of a key that certificates of earlier versions have not.
  template <typename T>
  void LaterMember(const char* key, T& value) const {
    if (json_.is_object() && json_.contains(key)) Member(key, value);
  }

  template <std::size_t size>
  void Word(const char* key, const char* kind,
            const std::array<std::string_view, size>& words,
            std::string& word) const {
    const Place place = Member(key);
    place.Read(word);
    if (std::find(words.begin(), words.end(), word) != words.end()) return;
    place.Refuse("\"" + word + "\" is not a " + kind);
  }

  void Verdict(std::string& word) const {
    Word("verdict", "verdict",
         std::to_array<std::string_view>({"pass", "fail", "crash", "hang",
                                          "unsupported", "inconclusive",
                                          "error", "untested"}),
         word);
  }

  void Tier(std::string& word) const {
    Word("tier", "tier",
         std::to_array<std::string_view>({"documented", "header", "observed"}),
         word);
  }

 private:
  const Json& json_;
  std::string path_;
};

void Place::Read(Implementation& implementation) const {
  Member("name", implementation.name);
  Member("library", implementation.library);
  Member("sha256", implementation.sha256);
  Member("build_id", implementation.build_id);
  Member("service", implementation.service);
  Member("service_version", implementation.service_version);
}

void Place::Read(Suite& suite) const {
  Member("version", suite.version);
  Member("commit", suite.commit);
  LaterMember("fingerprint", suite.fingerprint);
}

void Place::Read(Asked& asked) const {
  Member("profiles", asked.profiles);
  Member("tier", asked.tier);
  Member("only", asked.only);
}

void Place::Read(Deviations& deviations) const {
  Member("file", deviations.file);
  Member("problems", deviations.problems);
}

void Place::Read(Profile& profile) const {
  Member("name", profile.name);
  Tier(profile.tier);
  Member("certified", profile.certified);
  Member("pass", profile.pass);
  Member("fail", profile.fail);
  Member("crash", profile.crash);
  Member("hang", profile.hang);
  Member("unsupported", profile.unsupported);
  Member("inconclusive", profile.inconclusive);
  Member("error", profile.error);
  Member("deviation", profile.deviation);
  Member("untested", profile.untested);
}

void Place::Read(Requirement& requirement) const {
  Member("id", requirement.id);
  Tier(requirement.tier);
  Member("function", requirement.function);
  Member("sentence", requirement.sentence);
  Member("source", requirement.source);
  Member("profile", requirement.profile);
  Member("optional", requirement.optional);
  Verdict(requirement.verdict);
  Member("deviation", requirement.deviation);
  Member("cases", requirement.cases);
}

void Place::Read(Failure& failure) const {
  Member("requirement", failure.requirement);
  Member("text", failure.text);
}

void Place::Read(Case& result) const {
  Member("name", result.name);
  Member("requirements", result.requirements);
  Member("profile", result.profile);
  Verdict(result.verdict);
  Member("deviation", result.deviation);
  Member("deviation_reason", result.deviation_reason);
  Member("message", result.message);
  Member("failures", result.failures);
  Member("notes", result.notes);
  Member("duration_ms", result.duration_ms);
  Member("reproduce", result.reproduce);
  Member("reproducer", result.reproducer);
  LaterMember("cell", result.cell);
  LaterMember("steps", result.steps);
  LaterMember("trace", result.trace);
}

void Place::Read(AxisValue& value) const {
  Member("name", value.name);
  Member("meaning", value.meaning);
}

void Place::Read(Axis& axis) const {
  Member("name", axis.name);
  Member("values", axis.values);
}

void Place::Read(LeftOut& left_out) const {
  Member("reason", left_out.reason);
  Member("cells", left_out.cells);
}

void Place::Read(Matrix& matrix) const {
  Member("axes", matrix.axes);
  Member("left_out", matrix.left_out);
}

void Place::Read(RootCause& cause) const {
  Member("key", cause.key);
  Member("tier", cause.tier);
  Member("field", cause.field);
  Member("relation", cause.relation);
  Member("damages", cause.damages);
  Member("owed", cause.owed);
  Member("came", cause.came);
  Member("annotated", cause.annotated);
  Member("reproduced", cause.reproduced);
}

void Place::Read(Campaign& campaign) const {
  Member("target", campaign.target);
  Member("tier", campaign.tier);
  Member("seconds", campaign.seconds);
  Member("inputs", campaign.inputs);
  Member("seed", campaign.seed);
  Member("causes", campaign.causes);
}

void Place::Read(Certificate& certificate) const {
  Member("schema", certificate.schema);
  if (certificate.schema != 1) {
    Member("schema").Refuse("must be 1, not " +
                            std::to_string(certificate.schema));
  }
  Member("certified", certificate.certified);
  Member("complete", certificate.complete);
  Member("implementation", certificate.implementation);
  Member("suite", certificate.suite);
  Member("host", certificate.host);
  Member("figures", certificate.figures);
  Member("seed", certificate.seed);
  Member("started", certificate.started);
  Member("duration_s", certificate.duration_s);
  Member("asked", certificate.asked);
  Member("deviations", certificate.deviations);
  Member("problems", certificate.problems);
  Member("profiles", certificate.profiles);
  Member("requirements", certificate.requirements);
  Member("cases", certificate.cases);
  LaterMember("matrix", certificate.matrix);
  LaterMember("campaigns", certificate.campaigns);
}

}  // namespace

std::string ToJson(const Certificate& certificate) {
  return Write(certificate)
             .dump(2, ' ', false, Json::error_handler_t::replace) +
         "\n";
}

std::optional<Certificate> FromJson(std::string_view text, std::string* error) {
  try {
    const Json json = Json::parse(text);
    Certificate certificate;
    Place(json, "").Read(certificate);
    return certificate;
  } catch (const Json::exception& bad) {
    *error = std::string("not JSON: ") + bad.what();
  } catch (const std::runtime_error& bad) {
    *error = bad.what();
  }
  *error = Visible(*error, Lines::kOne);
  return std::nullopt;
}

}  // namespace cpgcert::reports
