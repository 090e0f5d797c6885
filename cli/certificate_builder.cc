#include "cli/certificate_builder.h"

#include <fmt/chrono.h>
#include <fmt/core.h>
#include <sys/utsname.h>

#include <algorithm>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <map>
#include <numeric>
#include <thread>
#include <utility>

#include "cli/dispatch_matrix.h"
#include "cli/fingerprint.h"
#include "cli/run.h"
#include "cli/version.h"
#include "cli/wire_suite.h"
#include "conformance/requirements/requirements.h"

namespace cpgcert::cli {

namespace {

using conformance::CaseOutcome;
using conformance::CaseRun;

std::string FromEnvironment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

// "Debian GNU/Linux 12 (bookworm)", see os-release(5).
std::string OperatingSystem() {
  constexpr std::string_view key = "PRETTY_NAME=";
  std::ifstream file("/etc/os-release");
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with(key)) {
      std::erase(line, '"');
      return line.substr(key.size());
    }
  }
  return "";
}

std::map<std::string, std::string> Host() {
  utsname name{};
  uname(&name);
  return {{"os", OperatingSystem()},
          {"kernel", name.release},
          {"machine", name.machine},
          {"cpus", std::to_string(std::thread::hardware_concurrency())}};
}

// Quoted for a shell.
std::string Quote(const std::string& text) {
  std::string quoted = "'";
  for (const char c : text) {
    quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  }
  return quoted + "'";
}

// What stands behind the library, for the name of the implementation.
std::string ServiceName(const Options& options,
                        const Preparation& preparation) {
  switch (preparation.service.kind) {
    case harness::ServiceChoice::Kind::kCorosync:
      return "corosync " + preparation.service_version;
    case harness::ServiceChoice::Kind::kScripted:
      return "the scripted service";
    case harness::ServiceChoice::Kind::kCommand:
      return preparation.service.command;
    case harness::ServiceChoice::Kind::kRunning:
      return "the service of this machine";
  }
  return options.service;
}

reports::Profile ToReport(const conformance::TierResult& tier) {
  const auto& counts = tier.counts;
  reports::Profile profile;
  profile.name = tier.profile;
  profile.tier = ToString(tier.tier);
  profile.certified = tier.certified;
  profile.pass = counts.pass;
  profile.fail = counts.fail;
  profile.crash = counts.crash;
  profile.hang = counts.hang;
  profile.unsupported = counts.unsupported;
  profile.inconclusive = counts.inconclusive;
  profile.error = counts.error;
  profile.deviation = counts.deviation;
  profile.untested = counts.untested;
  return profile;
}

reports::Requirement ToReport(const conformance::RequirementResult& result) {
  reports::Requirement requirement;
  requirement.id = result.id;
  requirement.tier = ToString(result.tier);
  requirement.profile = result.profile;
  requirement.optional = result.optional;
  requirement.verdict = ToString(result.verdict);
  requirement.deviation = result.is_deviation;
  requirement.cases = result.cases;
  if (const auto* row = conformance::FindRequirement(result.id)) {
    requirement.function = row->function;
    requirement.sentence = row->sentence;
    requirement.source = row->source;
  }
  return requirement;
}

}  // namespace

CertificateBuilder::CertificateBuilder(const Options& options,
                                       const Preparation& preparation)
    : options_(options),
      preparation_(preparation),
      started_(fmt::format("{:%Y-%m-%dT%H:%M:%SZ}",
                           fmt::gmtime(std::time(nullptr)))) {}

std::string CertificateBuilder::Command(const std::string& option,
                                        const std::string& case_name) const {
  std::string command = "./certify";
  if (!options_.libcpg.empty()) {
    command += " --libcpg " + Quote(preparation_.library.path);
  }
  if (options_.service != "corosync") {
    command += " --service " + Quote(options_.service);
  }
  if (!options_.deviations.empty()) {
    command += " --deviations " + Quote(options_.deviations);
  }
  return command + " " + option + " " + Quote(case_name);
}

reports::Case CertificateBuilder::CaseReport(const CaseRun& run) const {
  reports::Case result;
  result.name = run.outcome.name;
  result.requirements = run.outcome.requirements;
  result.profile = run.outcome.profile;
  result.verdict = ToString(conformance::EffectiveVerdict(run.outcome));
  result.deviation = run.outcome.is_deviation;
  result.deviation_reason = run.outcome.deviation_reason;
  result.message = run.message;
  for (const auto& failure : run.outcome.failures) {
    result.failures.push_back({failure.requirement, failure.text});
  }
  result.notes = run.notes;
  result.steps = run.steps;
  result.trace = run.trace;
  result.duration_ms = run.duration_ms;
  result.reproduce = Command("--only", result.name);
  const CaseOutcome& outcome = run.outcome;
  if (outcome.is_deviation && preparation_.deviations.WithReproducer(
                                  {outcome.name, outcome.requirements})) {
    result.reproducer = Command("--reproducer", result.name);
  }
  result.cell = CellOf(result.name);
  return result;
}

reports::Case CertificateBuilder::Add(CaseRun run) {
  std::vector<CaseOutcome> outcome = {run.outcome};
  // For the progress only; Build applies them to all, and checks the lines.
  (void)preparation_.deviations.Apply({}, outcome);
  run.outcome = outcome.front();
  reports::Case result = CaseReport(run);
  runs_.push_back(std::move(run));
  return result;
}

void CertificateBuilder::AddCampaign(const CaseRun& run,
                                     reports::Certificate* certificate) {
  if (run.attachment.empty()) return;
  reports::Campaign campaign;
  const std::string error = ReadCampaign(run.attachment, &campaign);
  if (error.empty()) {
    certificate->campaigns.push_back(std::move(campaign));
  } else {
    certificate->problems.push_back(run.outcome.name + ": " + error);
  }
}

reports::Certificate CertificateBuilder::Build(bool complete,
                                               double duration_s) {
  std::vector<conformance::RegisteredCase> registry;
  std::map<std::string, size_t> position;
  for (const auto& info : conformance::AllCases()) {
    position[info.name] = registry.size();
    registry.push_back({info.name, info.requirements});
  }
  std::ranges::sort(runs_, {}, [&position](const CaseRun& run) {
    return position[run.outcome.name];
  });
  std::vector<CaseOutcome> outcomes;
  for (const CaseRun& run : runs_) {
    outcomes.push_back(run.outcome);
  }
  reports::Certificate certificate;
  certificate.deviations.file = preparation_.deviations.file();
  certificate.deviations.problems =
      preparation_.deviations.Apply(registry, outcomes);
  const auto judged = conformance::Certify(
      conformance::RequirementRows(), outcomes, preparation_.selection.scope,
      {complete, !certificate.deviations.problems.empty()});
  certificate.certified = judged.certified;
  certificate.complete = complete;
  certificate.problems = judged.problems;
  for (const auto& tier : judged.tiers) {
    certificate.profiles.push_back(ToReport(tier));
  }
  for (const auto& requirement : judged.requirements) {
    certificate.requirements.push_back(ToReport(requirement));
  }
  for (size_t i = 0; i < runs_.size(); ++i) {
    runs_[i].outcome = outcomes[i];
    certificate.cases.push_back(CaseReport(runs_[i]));
    AddCampaign(runs_[i], &certificate);
  }
  const auto& library = preparation_.library;
  certificate.implementation = {
      options_.implementation_name.empty()
          ? "libcpg with " + ServiceName(options_, preparation_)
          : options_.implementation_name,
      library.path,
      library.sha256,
      library.build_id,
      options_.service,
      preparation_.service_version};
  certificate.suite = {kVersion, FromEnvironment("CPGCERT_COMMIT"),
                       SuiteFingerprint()};
  certificate.host = Host();
  certificate.seed = options_.seed;
  certificate.started = started_;
  certificate.duration_s = duration_s;
  certificate.asked = {options_.profiles, std::string(ToString(options_.tier)),
                       options_.only};
  certificate.matrix = DispatchMatrix();
  AddFigures(&certificate);
  return certificate;
}

void CertificateBuilder::AddFigures(reports::Certificate* certificate) const {
  std::map<std::string, std::vector<double>> figures;
  for (const CaseRun& run : runs_) {
    for (const auto& [name, value] : run.figures) {
      figures[name].push_back(value);
    }
  }
  for (auto& [name, values] : figures) {
    std::ranges::sort(values);
    certificate->figures[name] = name.ends_with("_count")
                                     ? std::reduce(values.begin(), values.end())
                                     : values[values.size() / 2];
  }
}

}  // namespace cpgcert::cli
