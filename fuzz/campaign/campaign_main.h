// The command line of every program that searches for root causes.
//
// usage: <target>_findings [--libcpg FILE] [--seconds S] [--seed N]
//                          [--tier conformant|consistent|hostile]
//                          [--json FILE] [--out DIR]
//
// Prints the list of distinct root causes. Without --tier, services of all
// three tiers are played; with it, inputs of exactly that tier are made. --json
// writes the list for a program, --out also the minimised inputs and programs
// that show them (report.h). Files are relative to where `bazel run` was
// called.
//
// Exit status: 0 nothing found, 1 something, 2 could not look: one line on
// stderr says why.

#ifndef CPGCERT_FUZZ_CAMPAIGN_CAMPAIGN_MAIN_H_
#define CPGCERT_FUZZ_CAMPAIGN_CAMPAIGN_MAIN_H_

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "fuzz/campaign/finding.h"
#include "fuzz/support/trust.h"
#include "harness/cpg_api.h"

namespace cpgcert::fuzz {

struct CampaignRequest {
  const harness::CpgApi* api = nullptr;  // bound to this process's transport
  std::string library{};
  std::chrono::seconds duration{60};
  uint64_t seed = 1;
  std::optional<Trust> tier{};
  std::function<void(const std::string& line)> log{};
};

// Everything but `library` of the report is filled in by `run`. `about` is the
// line that --help begins with.
int CampaignMain(
    int argc, char** argv, const std::string& about,
    const std::function<CampaignReport(const CampaignRequest&)>& run);

}  // namespace cpgcert::fuzz

#endif  // CPGCERT_FUZZ_CAMPAIGN_CAMPAIGN_MAIN_H_
