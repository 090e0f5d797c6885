#include "conformance/case_run.h"

#include <fmt/core.h>

#include <nlohmann/json.hpp>

namespace cpgcert::conformance {

namespace {

using Json = nlohmann::json;

std::string Dump(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace

CaseRun EmptyRun(const CaseInfo& info) {
  CaseRun run;
  run.outcome.name = info.name;
  run.outcome.requirements = info.requirements;
  run.outcome.profile = info.profile;
  run.outcome.needs_capability = info.needs_capability;
  return run;
}

CaseRun LostRun(const CaseInfo& info, harness::Verdict verdict,
                const std::string& message) {
  CaseRun run = EmptyRun(info);
  run.outcome.verdict = verdict;
  run.message = message;
  return run;
}

std::string Encode(const CaseRun& run) {
  Json json;
  json["verdict"] = std::string(ToString(run.outcome.verdict));
  json["failures"] = Json::array();
  for (const CaseFailure& failure : run.outcome.failures) {
    json["failures"].push_back({failure.requirement, failure.text});
  }
  json["requirements"] = run.outcome.requirements;
  json["message"] = run.message;
  json["notes"] = run.notes;
  json["steps"] = run.steps;
  json["figures"] = run.figures;
  json["attachment"] = run.attachment;
  json["duration_ms"] = run.duration_ms;
  return Dump(json);
}

CaseRun Decode(const CaseInfo& info, std::string_view text) {
  CaseRun run = EmptyRun(info);
  try {
    const Json json = Json::parse(text);
    run.outcome.verdict =
        harness::FromString(json.at("verdict").get<std::string>())
            .value_or(harness::Verdict::kError);
    for (const Json& failure : json.at("failures")) {
      run.outcome.failures.push_back(
          {failure.at(0).get<std::string>(), failure.at(1).get<std::string>()});
    }
    run.outcome.requirements =
        json.at("requirements").get<std::vector<std::string>>();
    run.message = json.at("message").get<std::string>();
    run.notes = json.at("notes").get<std::vector<std::string>>();
    run.steps = json.at("steps").get<std::vector<std::string>>();
    run.figures = json.at("figures").get<std::map<std::string, double>>();
    run.attachment = json.at("attachment").get<std::string>();
    run.duration_ms = json.at("duration_ms").get<double>();
  } catch (const Json::exception& error) {
    return LostRun(
        info, harness::Verdict::kError,
        fmt::format("unreadable result of a case: {}", error.what()));
  }
  return run;
}

}  // namespace cpgcert::conformance
