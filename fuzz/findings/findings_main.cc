// The root causes of what a libcpg gets wrong in the events that it is sent.
//
// usage: event_decoder_findings [--libcpg FILE] [--seconds S] [--seed N]
//                               [--tier conformant|consistent|hostile]
//                               [--out DIR]
//
// Prints the list of distinct root causes. With --out writes into DIR, for
// each, the minimised input and a program that shows it without any of this,
// and the list as findings.txt and findings.json.
//
// Exit status: 0 nothing found, 1 something, 2 could not look.

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <memory>
#include <string>

#include "fuzz/findings/campaign.h"
#include "fuzz/findings/report.h"
#include "fuzz/support/target_options.h"

namespace cpgcert::fuzz {
namespace {

int Main(int argc, char** argv) {
  CampaignOptions options;
  TargetOptions target;
  std::string folder;
  int seconds = static_cast<int>(options.duration.count());
  CLI::App app("Root causes of what a libcpg gets wrong in its events.");
  const std::map<std::string, Tier> tiers = {{"conformant", Tier::kConformant},
                                             {"consistent", Tier::kConsistent},
                                             {"hostile", Tier::kHostile}};
  app.add_option("--libcpg", target.library, "the library")
      ->capture_default_str();
  app.add_option("--seconds", seconds, "how long to search at random")
      ->capture_default_str();
  app.add_option("--seed", options.seed, "of the search")
      ->capture_default_str();
  app.add_option("--tier", options.tier, "the worst service that is played")
      ->transform(CLI::CheckedTransformer(tiers));
  app.add_option("--out", folder, "where the report is written");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  options.duration = std::chrono::seconds(seconds);
  options.log = [](const std::string& line) {
    std::fprintf(stderr, "found: %s\n", line.c_str());
  };
  const std::unique_ptr<harness::CpgApi> api = LoadTarget(target);
  const CampaignResult result = RunCampaign(*api, options);
  std::fputs(ReportText(result, target.library).c_str(), stdout);
  if (!folder.empty()) {
    if (const std::string error = WriteReport(result, target.library, folder);
        !error.empty()) {
      std::fprintf(stderr, "%s\n", error.c_str());
      return 2;
    }
  }
  return result.causes.empty() ? 0 : 1;
}

}  // namespace
}  // namespace cpgcert::fuzz

int main(int argc, char** argv) {
  // What is named on the command line is relative to where it was called.
  const char* const caller = std::getenv("BUILD_WORKING_DIRECTORY");
  if (caller != nullptr && chdir(caller) != 0) {
    std::perror(caller);
    return 2;
  }
  return cpgcert::fuzz::Main(argc, argv);
}
