// Runs a case: GoogleTest in a child process, one case at a time.

#ifndef CPGCERT_CONFORMANCE_CASE_RUNNER_H_
#define CPGCERT_CONFORMANCE_CASE_RUNNER_H_

#include <sys/types.h>

#include <chrono>
#include <string>

#include "conformance/case.h"
#include "conformance/case_run.h"
#include "harness/service_choice.h"

namespace cpgcert::conformance {

struct RunCaseOptions {
  std::string library;             // absolute path
  pid_t service_process = 0;       // 0: not ours to disturb
  harness::ServiceChoice service;  // of which kind that is
  std::string scratch_root;        // an existing directory
  // Without the case's own extra_time.
  std::chrono::milliseconds deadline{60000};
};

// REQUIRES: one thread in the calling process, see isolated_run.h.
CaseRun RunCase(const CaseInfo& info, const RunCaseOptions& options);

}  // namespace cpgcert::conformance

#endif  // CPGCERT_CONFORMANCE_CASE_RUNNER_H_
