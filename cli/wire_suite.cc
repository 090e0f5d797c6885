#include "cli/wire_suite.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <string_view>
#include <vector>

#include "conformance/case.h"
#include "harness/program_run.h"

namespace cpgcert::cli {

namespace {

namespace fs = std::filesystem;
using conformance::CaseContext;
using Json = nlohmann::json;

struct Target {
  std::string_view name;
  std::string_view program;  // from the folder of Bazel's outputs
};

constexpr std::array kTargets = {
    Target{"EventDecoder", "fuzz/findings/event_decoder_findings"},
};

struct TierOfTrust {
  std::string_view requirement;
  std::string_view name;  // on a target's command line
};

constexpr std::array kTiers = {
    TierOfTrust{"WIRE-CONFORMANT", "conformant"},
    TierOfTrust{"WIRE-CONSISTENT", "consistent"},
    TierOfTrust{"WIRE-HOSTILE", "hostile"},
};

struct CampaignCase {
  Target target;
  TierOfTrust tier;
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

void RunCampaign(const CampaignCase& campaign, CaseContext* context) {
  constexpr const char* kReport = "campaign.json";
  constexpr const char* kOutput = "campaign.txt";
  context->Step(
      fmt::format("{} for {} s", campaign.target.name, campaign.seconds));
  const harness::ProgramEnd end =
      harness::RunProgram({campaign.program, "--libcpg=" + context->library(),
                           fmt::format("--tier={}", campaign.tier.name),
                           fmt::format("--seconds={}", campaign.seconds),
                           fmt::format("--seed={}", campaign.seed),
                           fmt::format("--json={}", kReport)},
                          kOutput);
  if (!end.error.empty()) CaseContext::Untested(end.error);
  if (WIFEXITED(end.status) && WEXITSTATUS(end.status) == kCouldNotLook) {
    CaseContext::Untested(LastLine(ReadFile(kOutput)));
  }
  const std::string report = ReadFile(kReport);
  if (report.empty()) {
    CaseContext::Untested(fmt::format(
        "the campaign ended without a report: "
        "{}; its last line: {}",
        harness::DescribeStatus(end.status), LastLine(ReadFile(kOutput))));
  }
  reports::Campaign read;
  if (const std::string error = ReadCampaign(report, &read); !error.empty()) {
    CaseContext::Untested(error);
  }
  if (read.inputs == 0) CaseContext::Untested("no input was run");
  context->Attach(report);
  context->Note(fmt::format("{}: {} inputs in {:.1f} s, seed {}, {}",
                            read.target, read.inputs, read.seconds, read.seed,
                            campaign.tier.name));
  context->Measure("fuzz_inputs_count", static_cast<double>(read.inputs));
  for (const reports::RootCause& cause : read.causes) {
    if (cause.tier == campaign.tier.name) {
      context->Fail(campaign.tier.requirement, FailureText(cause));
    }
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
  for (const Target& target : kTargets) {
    for (const TierOfTrust& tier : kTiers) {
      CampaignCase campaign{
          .target = target,
          .tier = tier,
          .seconds =
              std::max(1, options.fuzz_time / static_cast<int>(kTiers.size())),
          .seed = options.seed,
          .program = outputs / target.program};
      conformance::RegisterCase(
          {.name = fmt::format("{}/{}", tier.requirement, target.name),
           .requirements = {std::string(tier.requirement)},
           .profile = "wire",
           .extra_time = std::chrono::seconds(campaign.seconds) + kBeyond},
          [campaign = std::move(campaign)](CaseContext& context) {
            RunCampaign(campaign, &context);
          });
    }
  }
}

std::string CampaignCaseName(const reports::Campaign& campaign) {
  std::string tier = campaign.tier;
  for (char& letter : tier) {
    letter =
        static_cast<char>(std::toupper(static_cast<unsigned char>(letter)));
  }
  std::string target;
  bool begins_word = true;
  for (const char letter : campaign.target) {
    if (letter != '_') {
      target += begins_word ? static_cast<char>(std::toupper(
                                  static_cast<unsigned char>(letter)))
                            : letter;
    }
    begins_word = letter == '_';
  }
  return fmt::format("WIRE-{}/{}", tier, target);
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
