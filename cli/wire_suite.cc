#include "cli/wire_suite.h"

#include <fmt/core.h>
#include <fmt/ranges.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <string_view>
#include <vector>

#include "conformance/case.h"
#include "fuzz/campaign/finding.h"
#include "harness/program_run.h"
#include "harness/verdict.h"

namespace cpgcert::cli {

namespace {

namespace fs = std::filesystem;
using conformance::CaseContext;
using Json = nlohmann::json;

struct Target {
  std::string_view name;     // in reports
  std::string_view in_case;  // in names of cases
  std::string_view program;  // from the folder of Bazel's outputs
  // That every root cause breaks; "": that of its tier.
  std::string_view requirement;
  bool of_service = false;  // it is the service that is looked at
};

constexpr std::array kTargets = {
    Target{"event_decoder", "EventDecoder",
           "fuzz/events/findings/event_decoder_findings", ""},
    Target{"reply_decoder", "ReplyDecoder",
           "fuzz/replies/findings/reply_decoder_findings", ""},
    Target{"request_decoder", "RequestDecoder",
           "fuzz/requests/findings/request_decoder_findings", "WIRE-REQUESTS",
           true},
    Target{"call_sequence", "CallSequence", "fuzz/calls/call_sequence_findings",
           "WIRE-CALLS"},
};

struct TierOfTrust {
  std::string_view name;  // on a target's command line
  std::string_view requirement;
};

constexpr std::array kTiers = {
    TierOfTrust{"conformant", "WIRE-CONFORMANT"},
    TierOfTrust{"consistent", "WIRE-CONSISTENT"},
    TierOfTrust{"hostile", "WIRE-HOSTILE"},
};
// What is kept of messages that a correct service can send.
constexpr std::string_view kMemory = "WIRE-MEMORY";
constexpr std::string_view kConformant = "conformant";

struct CampaignCase {
  std::string name;
  std::string_view tier;  // "": of all
  std::string service;    // that is looked at; "": the library
  int seconds;
  uint64_t seed;
  std::string program;  // its path
};

// What a campaign needs beyond its time: to begin, and to end with what it has
// just found.
constexpr std::chrono::seconds kBeyond{120};
// Exit status of a target's program that could not look.
constexpr int kCouldNotLook = 2;

// Of this program, which Bazel has put into cli/ of the same folder.
fs::path OutputFolder() {
  std::error_code error;
  const fs::path program = fs::read_symlink("/proc/self/exe", error);
  return program.parent_path().parent_path();
}

std::string ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::string LastLine(std::string text) {
  while (text.ends_with('\n')) text.pop_back();
  return text.substr(text.rfind('\n') + 1);
}

std::string FailureText(const reports::RootCause& cause) {
  return fmt::format(
      "input: {}\n{}"
      "owed: {}"
      "came: {}"
      "damage: {}; reproduced {}\n",
      cause.key, cause.annotated, cause.owed, cause.came,
      fmt::join(cause.damages, "; "), cause.reproduced);
}

std::vector<std::string> CommandOf(const CampaignCase& campaign,
                                   const std::string& library,
                                   const std::string& report) {
  std::vector<std::string> command = {
      campaign.program,
      campaign.service.empty() ? "--libcpg=" + library
                               : "--service=" + campaign.service,
      fmt::format("--seconds={}", campaign.seconds),
      fmt::format("--seed={}", campaign.seed), "--json=" + report};
  if (!campaign.tier.empty()) {
    command.push_back(fmt::format("--tier={}", campaign.tier));
  }
  return command;
}

// Runs the target's program; its report, or the case ends.
std::string Search(const CampaignCase& campaign, CaseContext* context) {
  constexpr const char* kReport = "campaign.json";
  constexpr const char* kOutput = "campaign.txt";
  context->Step(fmt::format("{} for {} s", campaign.name, campaign.seconds));
  const harness::ProgramEnd end = harness::RunProgram(
      CommandOf(campaign, context->library(), kReport), kOutput);
  if (!end.error.empty()) CaseContext::Untested(end.error);
  const std::string last_line = LastLine(ReadFile(kOutput));
  if (WIFEXITED(end.status) && WEXITSTATUS(end.status) == kCouldNotLook) {
    CaseContext::Untested(last_line);
  }
  std::string report = ReadFile(kReport);
  if (report.empty()) {
    CaseContext::Untested(
        fmt::format("the campaign ended without a report: "
                    "{}; its last line: {}",
                    harness::DescribeStatus(end.status), last_line));
  }
  return report;
}

// "a crash: 3", or "" if every finding could be reproduced.
std::string OnlyAfterOthers(const std::string& report) {
  std::string text;
  const Json json = Json::parse(report);
  for (const auto& [damage, count] : json.at("not_reproduced").items()) {
    text += fmt::format("{}{}: {}", text.empty() ? "" : ", ", damage,
                        count.get<uint64_t>());
  }
  return text;
}

void RunCampaign(const CampaignCase& campaign, CaseContext* context) {
  const std::string report = Search(campaign, context);
  reports::Campaign read;
  if (const std::string error = ReadCampaign(report, &read); !error.empty()) {
    CaseContext::Untested(error);
  }
  if (read.inputs == 0) CaseContext::Untested("no input was run");
  context->Attach(report);
  context->Note(fmt::format("{}{}{}: {} inputs in {:.1f} s, seed {}",
                            read.target, read.tier.empty() ? "" : ", ",
                            read.tier, read.inputs, read.seconds, read.seed));
  context->Measure("fuzz_inputs_count", static_cast<double>(read.inputs));
  for (const reports::RootCause& cause : read.causes) {
    const std::string requirement = RequirementBroken(read, cause);
    if (!requirement.empty()) context->Fail(requirement, FailureText(cause));
  }
  if (!context->failures().empty()) return;
  // A library that spoils memory is not to pass because it does so unseen.
  const std::string unclear = OnlyAfterOthers(report);
  if (!unclear.empty()) {
    throw conformance::CaseEnd(
        harness::Verdict::kInconclusive,
        "inputs went wrong after others, and not alone: " + unclear);
  }
}

reports::RootCause ReadCause(const Json& finding) {
  reports::RootCause cause;
  finding.at("key").get_to(cause.key);
  finding.at("tier").get_to(cause.tier);
  finding.at("field").get_to(cause.field);
  finding.at("relation").get_to(cause.relation);
  finding.at("damages").get_to(cause.damages);
  finding.at("owed").get_to(cause.owed);
  finding.at("came").get_to(cause.came);
  finding.at("annotated").get_to(cause.annotated);
  cause.reproduced =
      fmt::format("{} of {}", finding.at("reproductions").get<int>(),
                  finding.at("tries").get<int>());
  return cause;
}

}  // namespace

void RegisterWireSuite(const Options& options) {
  const fs::path outputs = OutputFolder();
  const auto add = [&](const Target& target, std::string_view tier, int seconds,
                       const std::vector<std::string>& requirements) {
    CampaignCase campaign{
        .name = fmt::format("{}/{}", requirements.front(), target.in_case),
        .tier = tier,
        .service = target.of_service ? options.service : "",
        .seconds = seconds,
        .seed = options.seed,
        .program = outputs / target.program};
    conformance::RegisterCase(
        {.name = campaign.name,
         .requirements = requirements,
         .profile = "wire",
         .extra_time = std::chrono::seconds(seconds) + kBeyond,
         .is_search = true},
        [campaign](CaseContext& context) { RunCampaign(campaign, &context); });
  };
  constexpr int kTierCount = static_cast<int>(kTiers.size());
  for (const Target& target : kTargets) {
    if (!target.requirement.empty()) {
      add(target, "", options.fuzz_time, {std::string(target.requirement)});
      continue;
    }
    for (const TierOfTrust& tier : kTiers) {
      std::vector<std::string> requirements = {std::string(tier.requirement)};
      if (tier.name == kConformant) requirements.emplace_back(kMemory);
      add(target, tier.name, std::max(1, options.fuzz_time / kTierCount),
          requirements);
    }
  }
}

std::string CampaignCaseName(const reports::Campaign& campaign) {
  const auto* const target =
      std::ranges::find(kTargets, campaign.target, &Target::name);
  if (target == kTargets.end()) return "";
  const auto* const tier =
      std::ranges::find(kTiers, campaign.tier, &TierOfTrust::name);
  if (target->requirement.empty() && tier == kTiers.end()) return "";
  return fmt::format(
      "{}/{}",
      target->requirement.empty() ? tier->requirement : target->requirement,
      target->in_case);
}

std::string RequirementBroken(const reports::Campaign& campaign,
                              const reports::RootCause& cause) {
  const auto* const target =
      std::ranges::find(kTargets, campaign.target, &Target::name);
  if (target != kTargets.end() && !target->requirement.empty()) {
    return std::string(target->requirement);
  }
  if (cause.tier != campaign.tier) return "";
  const bool leaks_only =
      cause.damages == std::vector<std::string>{fuzz::kLeakDamage};
  if (leaks_only && campaign.tier == kConformant) return std::string(kMemory);
  const auto* const tier =
      std::ranges::find(kTiers, campaign.tier, &TierOfTrust::name);
  return tier == kTiers.end() ? "" : std::string(tier->requirement);
}

std::string ReadCampaign(const std::string& attachment,
                         reports::Campaign* campaign) {
  try {
    const Json json = Json::parse(attachment);
    json.at("target").get_to(campaign->target);
    if (!json.at("tier").is_null()) json.at("tier").get_to(campaign->tier);
    json.at("seconds").get_to(campaign->seconds);
    json.at("inputs").get_to(campaign->inputs);
    json.at("seed").get_to(campaign->seed);
    for (const Json& finding : json.at("findings")) {
      campaign->causes.push_back(ReadCause(finding));
    }
  } catch (const Json::exception& error) {
    return fmt::format("the report of a campaign is unreadable: {}",
                       error.what());
  }
  return "";
}

}  // namespace cpgcert::cli
