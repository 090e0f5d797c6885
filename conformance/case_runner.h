// Runs a case: GoogleTest in a child process, one case at a time.

#ifndef CPGCERT_CONFORMANCE_CASE_RUNNER_H_
#define CPGCERT_CONFORMANCE_CASE_RUNNER_H_

#include <sys/types.h>

#include <chrono>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "conformance/case.h"
#include "conformance/certification.h"
#include "harness/service_choice.h"

namespace cpgcert::conformance {

// What became of a case.
struct CaseRun {
  CaseOutcome outcome;
  std::string message;  // the bug report; empty for a plain pass
  std::vector<std::string> notes;
  // What it did, the last steps; empty where the message says it.
  std::vector<std::string> steps;
  std::map<std::string, double> figures;
  std::string attachment;  // of CaseContext::Attach, or empty
  double duration_ms = 0;
};

struct RunCaseOptions {
  std::string library;             // absolute path
  pid_t service_process = 0;       // 0: not ours to disturb
  harness::ServiceChoice service;  // of which kind that is
  std::string scratch_root;        // an existing directory
  // Without the case's own extra_time.
  std::chrono::milliseconds deadline{60000};
};

// Brings GoogleTest up. Call it once, before any thread or case, in a program
// that is no GoogleTest program itself.
void InitializeCases();

// REQUIRES: one thread in the calling process, see isolated_run.h.
CaseRun RunCase(const CaseInfo& info, const RunCaseOptions& options);

// A run in which the process of the runner itself ended.
CaseRun LostRun(const CaseInfo& info, harness::Verdict verdict,
                const std::string& message);

// A run as text, to cross a process boundary, and back. Decode gives an
// `error` verdict for text that is not what Encode wrote.
std::string Encode(const CaseRun& run);
CaseRun Decode(const CaseInfo& info, std::string_view text);

}  // namespace cpgcert::conformance

#endif  // CPGCERT_CONFORMANCE_CASE_RUNNER_H_
