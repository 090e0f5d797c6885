// Searches for root causes in what a service makes of requests.
//
// usage: request_decoder_findings [--service scripted|corosync] [--seconds S]
//                                 [--seed N]
//                                 [--tier conformant|consistent|hostile]
//                                 [--json FILE] [--out DIR]
//
// As the searches in libraries (fuzz/campaign/campaign_main.h), with the same
// exit status: 0 nothing found, 1 something, 2 could not look. The default is a
// real corosync, in namespaces of its own.

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <string>

#include "fuzz/campaign/report.h"
#include "fuzz/requests/findings/request_campaign.h"
#include "fuzz/requests/request_target.h"
#include "fuzz/support/trust.h"

namespace cpgcert::fuzz {
namespace {

constexpr int kCouldNotLook = 2;
constexpr int kSpares = 5;

struct Arguments {
  std::string service = "corosync";
  int seconds = 60;
  RecordCampaignOptions options{};
  std::string json{};
  std::string folder{};
};

int CouldNotLook(const std::string& line) {
  std::fprintf(stderr, "%s\n", line.c_str());
  return kCouldNotLook;
}

int Search(Arguments arguments) {
  const char* const caller = std::getenv("BUILD_WORKING_DIRECTORY");
  if (caller != nullptr && chdir(caller) != 0) {
    return CouldNotLook(std::string("cannot enter ") + caller);
  }
  std::string error;
  const std::unique_ptr<RequestTarget> target =
      MakeRequestTarget(arguments.service, kSpares, &error);
  if (target == nullptr) return CouldNotLook(error);
  arguments.options.duration = std::chrono::seconds(arguments.seconds);
  arguments.options.log = [](const std::string& line) {
    std::fprintf(stderr, "found: %s\n", line.c_str());
  };
  const CampaignReport report =
      SearchInRequests(target.get(), arguments.options);
  std::fputs(ReportText(report).c_str(), stdout);
  if (!arguments.json.empty()) {
    std::ofstream file(arguments.json);
    file << ReportJson(report) << std::flush;
    if (!file) return CouldNotLook("cannot write " + arguments.json);
  }
  if (!arguments.folder.empty()) {
    error = WriteReport(report, arguments.folder);
    if (!error.empty()) return CouldNotLook(error);
  }
  return report.findings.empty() ? 0 : 1;
}

int Main(int argc, char** argv) {
  Arguments arguments;
  CLI::App app("Searches for root causes in what a service makes of requests.");
  app.add_option("--service", arguments.service, "scripted or corosync")
      ->capture_default_str();
  app.add_option("--seconds", arguments.seconds, "how long to search")
      ->capture_default_str()
      ->check(CLI::PositiveNumber);
  app.add_option("--seed", arguments.options.seed, "of the search")
      ->capture_default_str();
  app.add_option("--tier", arguments.options.tier,
                 "the clients that are played")
      ->transform(CLI::CheckedTransformer(TrustsByName()));
  app.add_option("--json", arguments.json, "the file for the list");
  app.add_option("--out", arguments.folder, "the folder for the report");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : kCouldNotLook;
  }
  return Search(std::move(arguments));
}

}  // namespace
}  // namespace cpgcert::fuzz

int main(int argc, char** argv) { return cpgcert::fuzz::Main(argc, argv); }
