// certify: judges an implementation of libcpg, and writes a certificate.

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <map>
#include <string>
#include <string_view>

#include "cli/options.h"
#include "cli/run.h"
#include "cli/selection.h"
#include "conformance/case.h"
#include "conformance/case_runner.h"
#include "conformance/dispatch/cell_run.h"
#include "conformance/totem_suite.h"
#include "reports/junit.h"
#include "reports/terminal.h"
#include "reports/write_out.h"

namespace cpgcert::cli {
namespace {

int CouldNotJudge(const std::string& line) {
  std::fprintf(stderr, "certify: %s\n", line.c_str());
  return kCouldNotJudge;
}

int List(const Options& options) {
  const Selection selection = Select(options);
  if (!selection.error.empty()) {
    return CouldNotJudge(selection.error);
  }
  for (const size_t index : selection.cases) {
    const conformance::CaseInfo& info = conformance::AllCases().at(index);
    fmt::print("{} {} {}\n", info.name, fmt::join(info.requirements, ","),
               info.profile);
  }
  return kCertified;
}

int ListExclusions() {
  namespace dispatch = conformance::dispatch;
  std::map<std::string_view, int> counts;
  for (const dispatch::Cell& cell : dispatch::Product()) {
    if (const auto* exclusion = dispatch::ExcludedBy(cell)) {
      ++counts[exclusion->reason];
    }
  }
  fmt::print("{} cells of {} remain; left out:\n", dispatch::Cells().size(),
             dispatch::Product().size());
  for (const auto& exclusion : dispatch::Exclusions()) {
    fmt::print("{:6} {}\n", counts[exclusion.reason], exclusion.reason);
  }
  return kCertified;
}

// --out, or Bazel's place for further outputs, or a new one.
std::string OutDirectory(const Options& options) {
  if (!options.out.empty()) {
    return options.out;
  }
  if (const char* outputs = std::getenv("TEST_UNDECLARED_OUTPUTS_DIR")) {
    return outputs;
  }
  const char* root = std::getenv("CPGCERT_ROOT");
  return fmt::format("{}reports/out/{:%Y%m%d-%H%M%S}",
                     root == nullptr ? "" : std::string(root) + "/",
                     fmt::localtime(std::time(nullptr)));
}

int Main(int argc, const char* const* argv) {
  const ParsedOptions parsed = ParseOptions(argc, argv);
  if (parsed.stop) {
    return parsed.status;
  }
  conformance::dispatch::RegisterDispatchMatrix();
  conformance::RegisterTotemSuite();
  conformance::InitializeCases();
  if (parsed.options.list) {
    return List(parsed.options);
  }
  if (parsed.options.list_exclusions) {
    return ListExclusions();
  }
  Preparation preparation;
  std::string error = Prepare(parsed.options, &preparation);
  if (!error.empty()) {
    return CouldNotJudge(error);
  }
  // A directory that cannot be written is found before the run, not after it.
  const std::string out = OutDirectory(parsed.options);
  error = reports::CheckWritable(out);
  if (!error.empty()) {
    return CouldNotJudge(error);
  }
  const RunEnd end = Run(parsed.options, preparation);
  if (!end.error.empty() && end.certificate.cases.empty()) {
    return CouldNotJudge(end.error);
  }
  const reports::Written written = reports::WriteOut(end.certificate, out);
  if (const char* junit = std::getenv("XML_OUTPUT_FILE")) {
    (void)reports::WriteFile(junit, reports::ToJunit(end.certificate));
  }
  const std::string summary =
      reports::Summary(end.certificate, reports::Detect(stdout),
                       out + "/certificate.html");
  std::fputs(summary.c_str(), stdout);
  error = end.error.empty() ? written.error : end.error;
  if (!error.empty()) {
    return CouldNotJudge(error);
  }
  return end.certificate.certified ? kCertified : kNotCertified;
}

}  // namespace
}  // namespace cpgcert::cli

int main(int argc, char** argv) { return cpgcert::cli::Main(argc, argv); }
