#include "fuzz/campaign/campaign_main.h"

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <memory>

#include "fuzz/campaign/report.h"
#include "fuzz/support/target_options.h"
#include "fuzz/support/trust.h"

namespace cpgcert::fuzz {

namespace {

constexpr int kNothingFound = 0;
constexpr int kFound = 1;
constexpr int kCouldNotLook = 2;

int CouldNotLook(const std::string& line) {
  std::fprintf(stderr, "%s\n", line.c_str());
  return kCouldNotLook;
}

int Report(const CampaignReport& report, const std::string& json,
           const std::string& folder) {
  std::fputs(ReportText(report).c_str(), stdout);
  if (!json.empty()) {
    std::ofstream file(json);
    file << ReportJson(report) << std::flush;
    if (!file) return CouldNotLook("cannot write " + json);
  }
  if (!folder.empty()) {
    const std::string error = WriteReport(report, folder);
    if (!error.empty()) return CouldNotLook(error);
  }
  return report.findings.empty() ? kNothingFound : kFound;
}

}  // namespace

int CampaignMain(
    int argc, char** argv, const std::string& about,
    const std::function<CampaignReport(const CampaignRequest&)>& run) {
  CampaignRequest request;
  TargetOptions target;
  std::string json;
  std::string folder;
  int seconds = static_cast<int>(request.duration.count());
  CLI::App app(about);
  app.add_option("--libcpg", target.library, "the library")
      ->capture_default_str();
  app.add_option("--seconds", seconds, "how long to search")
      ->capture_default_str()
      ->check(CLI::PositiveNumber);
  app.add_option("--seed", request.seed, "of the search")
      ->capture_default_str();
  app.add_option("--tier", request.tier, "the service that is played")
      ->transform(CLI::CheckedTransformer(TrustsByName()));
  app.add_option("--json", json, "the file for the list");
  app.add_option("--out", folder, "the folder for the report");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? kNothingFound : kCouldNotLook;
  }
  const char* const caller = std::getenv("BUILD_WORKING_DIRECTORY");
  if (caller != nullptr && chdir(caller) != 0) {
    return CouldNotLook(std::string("cannot enter ") + caller);
  }
  request.duration = std::chrono::seconds(seconds);
  request.log = [](const std::string& line) {
    std::fprintf(stderr, "found: %s\n", line.c_str());
  };
  const std::unique_ptr<harness::CpgApi> api = LoadTarget(target);
  request.api = api.get();
  request.library = target.library;
  CampaignReport report = run(request);
  report.library = target.library;
  return Report(report, json, folder);
}

}  // namespace cpgcert::fuzz
