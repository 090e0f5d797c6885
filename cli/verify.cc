#include "cli/verify.h"

#include <fmt/core.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <optional>
#include <set>
#include <string_view>
#include <utility>

#include "cli/certificate_command.h"
#include "cli/fingerprint.h"
#include "cli/known_deviations.h"
#include "cli/options.h"
#include "cli/selection.h"
#include "cli/trace_folder.h"
#include "cli/verify_traces.h"
#include "cli/wire_suite.h"
#include "conformance/case.h"
#include "conformance/certification.h"
#include "conformance/requirements/requirements.h"
#include "harness/identity/library_identity.h"
#include "harness/verdict.h"
#include "reports/json.h"
#include "reports/text.h"

namespace cpgcert::cli {

namespace {

namespace fs = std::filesystem;
using conformance::CaseInfo;
using conformance::CaseOutcome;
using conformance::Tier;
using harness::Verdict;

std::optional<Tier> TierNamed(std::string_view name) {
  for (const Tier tier : {Tier::kDocumented, Tier::kHeader, Tier::kObserved}) {
    if (ToString(tier) == name) return tier;
  }
  return std::nullopt;
}

const char* YesOrNo(bool value) { return value ? "yes" : "no"; }

// Goes through one certificate and collects what is wrong.
class Verifier {
 public:
  Verifier(const reports::Certificate& certificate, const VerifyFacts& facts)
      : certificate_(certificate), facts_(facts) {
    for (const CaseInfo& info : conformance::AllCases()) {
      registry_.emplace(info.name, &info);
    }
  }

  std::vector<std::string> WhyRefused() {
    CompareSuite();
    CompareLibrary();
    if (!ReadAsked()) return std::move(reasons_);
    CompareCaseList();
    for (const reports::Case& each : certificate_.cases) CompareCase(each);
    CompareCampaigns();
    CompareDeviations();
    CompareJudgement();
    return std::move(reasons_);
  }

 private:
  template <typename... Values>
  void Refuse(fmt::format_string<Values...> format, Values&&... values) {
    reasons_.push_back(fmt::format(format, std::forward<Values>(values)...));
  }

  void CompareSuite() {
    if (certificate_.suite.fingerprint != facts_.fingerprint) {
      Refuse(
          "it was made by a suite with other requirements or cases: version "
          "{}, commit {}",
          certificate_.suite.version, certificate_.suite.commit);
    }
  }

  void CompareLibrary() {
    if (!facts_.library_sha256.empty() &&
        certificate_.implementation.sha256 != facts_.library_sha256) {
      Refuse("it is about another library: SHA-256 {}, and this one has {}",
             certificate_.implementation.sha256, facts_.library_sha256);
    }
  }

  bool ReadAsked() {
    const std::optional<Tier> tier = TierNamed(certificate_.asked.tier);
    if (!tier) {
      Refuse("asked.tier: '{}' is no tier", certificate_.asked.tier);
      return false;
    }
    Options options;
    options.profiles = certificate_.asked.profiles;
    options.tier = *tier;
    options.only = certificate_.asked.only;
    selection_ = Select(options);
    if (!selection_.error.empty()) {
      Refuse("what it was asked for is nothing: {}", selection_.error);
      return false;
    }
    return true;
  }

  // Neither one more nor one less than was asked for.
  void CompareCaseList() {
    std::set<std::string_view> owed;
    for (const size_t index : selection_.cases) {
      owed.insert(conformance::AllCases().at(index).name);
    }
    std::set<std::string_view> listed;
    for (const reports::Case& each : certificate_.cases) {
      if (!listed.insert(each.name).second) {
        Refuse("{} is listed twice", each.name);
      }
      if (!owed.contains(each.name)) {
        Refuse("{} is no case of what was asked for", each.name);
      }
    }
    if (!certificate_.complete) return;
    for (const std::string_view name : owed) {
      if (!listed.contains(name)) Refuse("{} is missing", name);
    }
  }

  void CompareCase(const reports::Case& each) {
    const auto known = registry_.find(each.name);
    if (known == registry_.end()) return;  // said already
    for (const std::string& id : known->second->requirements) {
      if (std::ranges::find(each.requirements, id) == each.requirements.end()) {
        Refuse("{} no longer decides {}", each.name, id);
      }
    }
    if (each.profile != known->second->profile) {
      Refuse("{} is of the profile {}, not {}", each.name,
             known->second->profile, each.profile);
    }
    const Verdict verdict =
        harness::FromString(each.verdict).value_or(Verdict::kError);
    if ((verdict == Verdict::kFail) == each.failures.empty() &&
        (verdict == Verdict::kFail || verdict == Verdict::kPass)) {
      Refuse("{} says {} and holds {} failures", each.name, each.verdict,
             each.failures.size());
    }
    if ((verdict == Verdict::kPass) != each.message.empty()) {
      Refuse("{} says {} {} a message", each.name, each.verdict,
             each.message.empty() ? "without" : "with");
    }
    outcomes_.push_back({.name = each.name,
                         .requirements = each.requirements,
                         .profile = each.profile,
                         .verdict = verdict,
                         .failures = FailuresOf(each),
                         .is_deviation = each.deviation,
                         .deviation_reason = each.deviation_reason,
                         .needs_capability = known->second->needs_capability});
  }

  static std::vector<conformance::CaseFailure> FailuresOf(
      const reports::Case& each) {
    std::vector<conformance::CaseFailure> failures;
    for (const reports::Failure& failure : each.failures) {
      failures.push_back({failure.requirement, failure.text});
    }
    return failures;
  }

  // A case that is a campaign fails for root causes of its own tier, and for
  // nothing else.
  void CompareCampaigns() {
    for (const CaseOutcome& outcome : outcomes_) {
      if (outcome.profile != "wire" || (outcome.verdict != Verdict::kPass &&
                                        outcome.verdict != Verdict::kFail)) {
        continue;
      }
      const auto campaign = std::ranges::find(certificate_.campaigns,
                                              outcome.name, CampaignCaseName);
      if (campaign == certificate_.campaigns.end()) {
        Refuse("the campaign of {} is missing", outcome.name);
        continue;
      }
      const auto own = std::ranges::count_if(
          campaign->causes, [&](const reports::RootCause& cause) {
            return !RequirementBroken(*campaign, cause).empty();
          });
      if (static_cast<size_t>(own) != outcome.failures.size() ||
          campaign->inputs == 0) {
        Refuse("{} holds {} failures; its campaign, of {} inputs, {}",
               outcome.name, outcome.failures.size(), campaign->inputs, own);
      }
    }
  }

  // The file is applied again.
  void CompareDeviations() {
    std::vector<conformance::RegisteredCase> registry;
    for (const CaseInfo& info : conformance::AllCases()) {
      registry.push_back({info.name, info.requirements});
    }
    std::vector<CaseOutcome> again = outcomes_;
    problems_ = facts_.deviations.Apply(registry, again);
    for (size_t i = 0; i < again.size(); ++i) {
      if (again[i].is_deviation != outcomes_[i].is_deviation ||
          again[i].deviation_reason != outcomes_[i].deviation_reason) {
        Refuse("{} is {}a deviation by the file of known deviations",
               again[i].name, again[i].is_deviation ? "" : "not ");
      }
    }
    outcomes_ = std::move(again);
    if (problems_.size() != certificate_.deviations.problems.size()) {
      Refuse("the file of known deviations has {} problems, not {}",
             problems_.size(), certificate_.deviations.problems.size());
    }
  }

  void CompareJudgement() {
    const conformance::Certification judged = conformance::Certify(
        conformance::RequirementRows(), outcomes_, selection_.scope,
        {certificate_.complete, !problems_.empty()});
    if (judged.certified != certificate_.certified) {
      Refuse("certified: {} by its cases, not {}", YesOrNo(judged.certified),
             YesOrNo(certificate_.certified));
    }
    CompareRequirements(judged.requirements);
    CompareProfiles(judged.tiers);
  }

  void CompareRequirements(
      const std::vector<conformance::RequirementResult>& judged) {
    std::map<std::string_view, const reports::Requirement*> listed;
    for (const reports::Requirement& row : certificate_.requirements) {
      if (!listed.emplace(row.id, &row).second) {
        Refuse("the requirement {} is listed twice", row.id);
      }
    }
    for (const conformance::RequirementResult& result : judged) {
      const auto row = listed.find(result.id);
      if (row == listed.end()) {
        Refuse("the requirement {} is missing", result.id);
        continue;
      }
      CompareRequirement(result, *row->second);
      listed.erase(row);
    }
    for (const auto& [id, row] : listed) {
      Refuse("the requirement {} is none of what was asked for", id);
    }
  }

  void CompareRequirement(const conformance::RequirementResult& result,
                          const reports::Requirement& row) {
    if (row.verdict != ToString(result.verdict) ||
        row.deviation != result.is_deviation) {
      Refuse("{}: {}{} by its cases, not {}{}", row.id,
             ToString(result.verdict),
             result.is_deviation ? " (deviation)" : "", row.verdict,
             row.deviation ? " (deviation)" : "");
    }
    const conformance::Requirement* const known =
        conformance::FindRequirement(result.id);
    if (known == nullptr || row.sentence != known->sentence ||
        row.source != known->source || row.function != known->function ||
        row.tier != ToString(known->tier) || row.profile != known->profile ||
        row.optional != known->optional) {
      Refuse("{} is not what this suite's table says", row.id);
    }
    if (row.cases != result.cases) {
      Refuse("{} is decided by other cases than it lists", row.id);
    }
  }

  void CompareProfiles(const std::vector<conformance::TierResult>& judged) {
    if (judged.size() != certificate_.profiles.size()) {
      Refuse("it has {} profiles and tiers, not {}", judged.size(),
             certificate_.profiles.size());
      return;
    }
    for (size_t i = 0; i < judged.size(); ++i) {
      const conformance::TierResult& result = judged[i];
      const reports::Profile& row = certificate_.profiles[i];
      const conformance::Counts counts{.pass = row.pass,
                                       .unsupported = row.unsupported,
                                       .untested = row.untested,
                                       .inconclusive = row.inconclusive,
                                       .fail = row.fail,
                                       .crash = row.crash,
                                       .hang = row.hang,
                                       .error = row.error,
                                       .deviation = row.deviation};
      if (row.name != result.profile || row.tier != ToString(result.tier)) {
        Refuse("{} {} stands where {} {} belongs", row.name, row.tier,
               result.profile, ToString(result.tier));
      } else if (!(counts == result.counts)) {
        Refuse("the counts of {} {} are not those of its cases", row.name,
               row.tier);
      } else if (row.certified != result.certified) {
        Refuse("{} {}: certified: {} by its cases, not {}", row.name, row.tier,
               YesOrNo(result.certified), YesOrNo(row.certified));
      }
    }
  }

  const reports::Certificate& certificate_;
  const VerifyFacts& facts_;
  std::map<std::string_view, const CaseInfo*> registry_;
  Selection selection_;
  std::vector<CaseOutcome> outcomes_;
  std::vector<std::string> problems_;
  std::vector<std::string> reasons_;
};

std::string ReadFile(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

// A certificate may name any file, also one that has no end.
bool IsFile(const fs::path& path) {
  std::error_code ignored;  // such a file is none
  return fs::is_regular_file(path, ignored);
}

void PrintRefused(const std::string& reason) {
  std::printf("refused: %s\n",
              reports::Visible(reason, reports::Lines::kOne).c_str());
}

// The library that is named, or the one that the certificate names, where that
// is on this machine. Returns "" or one line.
std::string HashLibrary(const std::string& named, const std::string& certified,
                        std::string* sha256) {
  if (named.empty() && !IsFile(certified)) return "";
  harness::LibraryIdentity library;
  const std::string problem =
      harness::Identify(named.empty() ? certified : named, &library);
  *sha256 = library.sha256;
  return problem;
}

// What `certificate` is held against. Returns "" or one line.
std::string ReadFacts(const reports::Certificate& certificate, Options options,
                      VerifyFacts* facts) {
  facts->fingerprint = SuiteFingerprint();
  const std::string error =
      HashLibrary(options.libcpg, certificate.implementation.library,
                  &facts->library_sha256);
  if (!error.empty() || certificate.deviations.file.empty()) return error;
  options.deviations = RepositoryFile(certificate.deviations.file);
  return IsFile(options.deviations)
             ? ReadDeviations(options, false, &facts->deviations)
             : options.deviations + ": is no file that can be read";
}

}  // namespace

std::vector<std::string> WhyRefused(const reports::Certificate& certificate,
                                    const VerifyFacts& facts) {
  return Verifier(certificate, facts).WhyRefused();
}

int VerifyCommand(const std::vector<std::string>& arguments) {
  std::string folder;
  Options options;
  CLI::App app("Refuses a certificate that its own cases do not bear out.",
               "certify verify");
  app.add_option("DIR", folder, "a certificate.json, or the folder it is in")
      ->required()
      ->type_name("");
  app.add_option("--libcpg", options.libcpg,
                 "the library that it is to be about (default: the one that "
                 "it names, if that is here)")
      ->type_name("FILE");
  app.footer("Exit status: 0 nothing is wrong, 1 refused, 2 could not look.");
  if (const auto status = ParseArguments(&app, arguments)) return *status;
  std::error_code ignored;  // then it cannot be read either
  const fs::path path = fs::is_directory(folder, ignored)
                            ? fs::path(folder) / "certificate.json"
                            : fs::path(folder);
  std::string error;
  if (!IsFile(path) || access(path.c_str(), R_OK) != 0) {
    return CouldNot("cannot read " + path.string());
  }
  const auto certificate = reports::FromJson(ReadFile(path), &error);
  if (!certificate) {
    PrintRefused(error);
    return kNotCertified;
  }
  VerifyFacts facts;
  error = ReadFacts(*certificate, options, &facts);
  if (!error.empty()) return CouldNot(error);
  std::vector<std::string> reasons = WhyRefused(*certificate, facts);
  TracesVerified traces;
  // The cases of another suite are others, and so are their traces.
  if (certificate->suite.fingerprint == facts.fingerprint) {
    traces = VerifyTraces(*certificate, TraceFolder(FolderOf(folder)));
  }
  if (traces.stopped) return CouldNot("stopped before all cases were judged");
  reasons.insert(reasons.end(), traces.reasons.begin(), traces.reasons.end());
  for (const std::string& reason : reasons) {
    PrintRefused(reason);
  }
  if (!reasons.empty()) return kNotCertified;
  std::printf(
      "%s: %zu cases and %zu requirements are what it says; %s\n"
      "judged again from their traces: %d cases; by what they found: %d "
      "searches; without a trace: %d\n",
      reports::Visible(certificate->implementation.name, reports::Lines::kOne)
          .c_str(),
      certificate->cases.size(), certificate->requirements.size(),
      facts.library_sha256.empty() ? "its library is not here to be compared"
                                   : "it is about this library",
      traces.judged_again, traces.searches, traces.without_trace);
  return kCertified;
}

}  // namespace cpgcert::cli
