// certify: judges an implementation of libcpg, and writes a certificate.

#include <fmt/chrono.h>
#include <fmt/core.h>
#include <fmt/ranges.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "cli/compare.h"
#include "cli/known_deviations.h"
#include "cli/matrix.h"
#include "cli/options.h"
#include "cli/reproducer.h"
#include "cli/requirement_list.h"
#include "cli/run.h"
#include "cli/selection.h"
#include "cli/stop_signals.h"
#include "cli/trace_command.h"
#include "cli/trace_folder.h"
#include "cli/verify.h"
#include "cli/wire_suite.h"
#include "conformance/case.h"
#include "conformance/case_test.h"
#include "conformance/deviations.h"
#include "conformance/dispatch/cells.h"
#include "conformance/suites.h"
#include "reports/junit.h"
#include "reports/terminal.h"
#include "reports/write_out.h"

namespace cpgcert::cli {
namespace {

int CouldNotJudge(const std::string& line) {
  std::fprintf(stderr, "certify: %s\n", line.c_str());
  return kCouldNotJudge;
}

// To stdout, as all that was asked for.
int Print(const std::string& lines) {
  if (std::fputs(lines.c_str(), stdout) == EOF || std::fflush(stdout) != 0) {
    return CouldNotJudge(fmt::format("cannot write to standard output: {}",
                                     std::strerror(errno)));
  }
  return kCertified;
}

int List(const Options& options) {
  const Selection selection = Select(options);
  if (!selection.error.empty()) {
    return CouldNotJudge(selection.error);
  }
  std::string lines;
  for (const size_t index : selection.cases) {
    const conformance::CaseInfo& info = conformance::AllCases().at(index);
    lines += fmt::format("{} {} {}\n", info.name,
                         fmt::join(info.requirements, ","), info.profile);
  }
  return Print(lines);
}

int ListExclusions() {
  namespace dispatch = conformance::dispatch;
  std::map<std::string_view, int> counts;
  for (const dispatch::Cell& cell : dispatch::Product()) {
    if (const auto* exclusion = dispatch::ExcludedBy(cell)) {
      ++counts[exclusion->reason];
    }
  }
  std::string lines =
      fmt::format("{} cells of {} remain; left out:\n",
                  dispatch::Cells().size(), dispatch::Product().size());
  for (const auto& exclusion : dispatch::Exclusions()) {
    lines +=
        fmt::format("{:6} {}\n", counts[exclusion.reason], exclusion.reason);
  }
  return Print(lines);
}

// Prints what `write` puts into a text, unless it returns an error.
template <typename Write>
int PrintText(Write write) {
  std::string text;
  const std::string error = write(&text);
  return error.empty() ? Print(text) : CouldNotJudge(error);
}

std::string Reproducer(const Options& options, std::string* text) {
  conformance::Deviations deviations;
  std::string error = ReadDeviations(options, true, &deviations);
  return error.empty() ? PrintReproducer(options, deviations, text) : error;
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

// Files for Bazel and for people, and the summary. Returns "" or one line.
std::string Report(const reports::Certificate& certificate,
                   const std::string& out) {
  const reports::Written written = reports::WriteOut(certificate, out);
  std::string error = written.error;
  if (const char* junit = std::getenv("XML_OUTPUT_FILE")) {
    const std::string failure =
        reports::WriteFile(junit, reports::ToJunit(certificate));
    error = error.empty() ? failure : error;
  }
  const std::string summary = reports::Summary(
      certificate, reports::Detect(stdout), out + "/certificate.html");
  std::fputs(summary.c_str(), stdout);
  std::fflush(stdout);
  if (error.empty()) {
    std::fprintf(stderr,
                 "wrote certificate.html, certificate.json, junit.xml and "
                 "traces to %s\n",
                 out.c_str());
  }
  return error;
}

int Judge(const Options& options, const Preparation& preparation, int stop_fd) {
  // A directory that cannot be written is found before the run, not after it.
  const std::string out = OutDirectory(options);
  std::string error = reports::CheckWritable(out);
  if (!error.empty()) {
    return CouldNotJudge(error);
  }
  TraceFolder traces(out);
  const RunEnd end = Run(options, preparation, &traces, stop_fd);
  if (!end.error.empty() && end.certificate.cases.empty()) {
    return CouldNotJudge(end.error);
  }
  error = Report(end.certificate, out);
  traces.RemoveOthers();
  error = error.empty() ? traces.error() : error;
  if (!end.error.empty() || !error.empty()) {
    return CouldNotJudge(end.error.empty() ? error : end.error);
  }
  return end.certificate.certified ? kCertified : kNotCertified;
}

// The commands that look at certificates: the first word, and what takes those
// that follow.
using Command = int (*)(const std::vector<std::string>& arguments);

const std::map<std::string_view, Command>& Commands() {
  static const std::map<std::string_view, Command> commands = {
      {"compare", &CompareCommand},
      {"matrix", &MatrixCommand},
      {"trace", &TraceCommand},
      {"verify", &VerifyCommand},
  };
  return commands;
}

void RegisterCases(const Options& options) {
  conformance::RegisterSuites();
  RegisterWireSuite(options);
}

int Main(int argc, const char* const* argv) {
  if (argc > 1) {
    const auto command = Commands().find(argv[1]);
    if (command != Commands().end()) {
      RegisterCases(Options());
      conformance::InitializeCases();
      return command->second({argv + 2, argv + argc});
    }
  }
  const ParsedOptions parsed = ParseOptions(argc, argv);
  if (parsed.stop) {
    return parsed.status;
  }
  RegisterCases(parsed.options);
  conformance::InitializeCases();
  if (parsed.options.list) {
    return List(parsed.options);
  }
  if (parsed.options.list_exclusions) {
    return ListExclusions();
  }
  if (parsed.options.list_requirements) {
    return PrintText([&](std::string* text) {
      return ListRequirements(parsed.options, text);
    });
  }
  if (!parsed.options.reproducer.empty()) {
    return PrintText(
        [&](std::string* text) { return Reproducer(parsed.options, text); });
  }
  const StopSignals stop;
  Preparation preparation;
  const std::string error = Prepare(parsed.options, &preparation);
  if (!error.empty()) {
    return CouldNotJudge(error);
  }
  if (preparation.selection.cases.empty()) {
    std::puts("no case falls to this shard");
    return kCertified;
  }
  return Judge(parsed.options, preparation, stop.descriptor());
}

}  // namespace
}  // namespace cpgcert::cli

int main(int argc, char** argv) { return cpgcert::cli::Main(argc, argv); }
