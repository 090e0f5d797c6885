#include "conformance/case_runner.h"

#include <fmt/core.h>

#include <sstream>
#include <utility>

#include "conformance/case_census.h"
#include "conformance/case_test.h"
#include "conformance/case_trace.h"
#include "conformance/requirements/requirements.h"
#include "harness/isolated_run.h"
#include "harness/trace/trace.h"

namespace cpgcert::conformance {

namespace {

using harness::Verdict;
std::vector<std::string> Lines(const std::string& text) {
  std::istringstream stream(text);
  std::vector<std::string> lines;
  for (std::string line; std::getline(stream, line);) {
    lines.push_back(line);
  }
  return lines;
}

std::string Indent(const std::string& text) {
  std::string indented;
  for (const std::string& line : Lines(text)) {
    indented += "  " + line + "\n";
  }
  return indented;
}

void AppendSection(const char* title, const std::string& text,
                   std::string* message) {
  if (!text.empty()) {
    *message += fmt::format("{}:\n{}", title, Indent(text));
  }
}

std::string Sentences(const std::vector<std::string>& ids) {
  std::string text;
  for (const std::string& id : ids) {
    const Requirement* requirement = FindRequirement(id);
    text += fmt::format(
        "{}: {}\n", id,
        requirement == nullptr ? "not in the table" : requirement->sentence);
  }
  return text;
}

// The bug report of a case that is not a plain pass.
std::string Message(const CaseRun& run, const harness::IsolatedResult& result,
                    const std::string& reason) {
  std::string message;
  const auto verdict = run.outcome.verdict;
  if (verdict == harness::Verdict::kPass) {
    return message;
  }
  if (verdict == harness::Verdict::kFail) {
    for (const CaseFailure& failure : run.outcome.failures) {
      message += fmt::format("requires {}", Sentences({failure.requirement}));
      message += Indent(failure.text);
    }
  } else if (!reason.empty()) {
    message += reason + "\n";
  } else {
    message += fmt::format("the process of the case {}\n", result.end);
    AppendSection("requires", Sentences(run.outcome.requirements), &message);
  }
  if (harness::IsUnfavourable(verdict)) {
    AppendSection("steps", result.steps, &message);
    AppendSection("threads", result.threads, &message);
    AppendSection("output", result.output, &message);
  }
  return message;
}

// Measured once for each library in the process that runs the cases.
KeptForProcess KeptBy(const RunCaseOptions& options) {
  static std::map<std::string, KeptForProcess> measured;
  auto known = measured.find(options.library);
  if (known == measured.end()) {
    known = measured
                .emplace(options.library,
                         MeasureKept(options.library, options.scratch_root,
                                     options.service_process))
                .first;
  }
  return known->second;
}

}  // namespace

CaseRun RunCase(const CaseInfo& info, const RunCaseOptions& options) {
  harness::IsolatedOptions isolation;
  isolation.deadline = options.deadline + info.extra_time;
  isolation.scratch_root = options.scratch_root;
  if (options.service_process > 0) {
    isolation.keep.push_back(options.service_process);
  }
  const KeptForProcess kept = KeptBy(options);
  harness::TraceLog log;
  const harness::IsolatedResult result = harness::RunIsolated(
      isolation, [&](harness::ReportWriter& writer, uint64_t nonce) {
        if (!info.is_search) {
          harness::trace::StartRecording(&log);
        }
        CaseContext context(options.library,
                            harness::ServiceControl(options.service_process),
                            writer, options.service);
        const std::string report = RunTest(info, &context, kept);
        EndHelpers();
        writer.Finish(report, nonce);
      });
  CaseRun run = EmptyRun(info);
  run.trace = info.is_search
                  ? ""
                  : ToText({.name = info.name,
                            .process = result.process,
                            .service_process = options.service_process,
                            .kept = kept},
                           log.Text(),
                           {.verdict = result.verdict,
                            .text = result.end,
                            .incomplete = log.incomplete() &&
                                          result.verdict == Verdict::kPass});
  run.outcome.verdict = result.verdict;
  std::string reason;
  if (result.verdict == harness::Verdict::kPass) {
    ReadReport(result.report, &run, &reason);
  }
  if (result.strays > 0) {
    run.notes.push_back(
        fmt::format("{} processes outlived the case", result.strays));
  }
  run.message = Message(run, result, reason);
  if (!harness::IsUnfavourable(run.outcome.verdict)) {
    run.steps = Lines(result.steps);
  }
  run.duration_ms =
      std::chrono::duration<double, std::milli>(result.duration).count();
  return run;
}

}  // namespace cpgcert::conformance
