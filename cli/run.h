// The run itself: from the selected cases to a certificate.

#ifndef CPGCERT_CLI_RUN_H_
#define CPGCERT_CLI_RUN_H_

#include <string>
#include <vector>

#include "cli/options.h"
#include "cli/selection.h"
#include "cli/trace_folder.h"
#include "conformance/case_runner.h"
#include "conformance/deviations.h"
#include "harness/identity/library_identity.h"
#include "harness/service_choice.h"
#include "reports/certificate.h"

namespace cpgcert::cli {

// Everything that must be known before the first case runs.
struct Preparation {
  harness::LibraryIdentity library;
  harness::ServiceChoice service;
  std::string service_version;  // empty unless it is corosync
  conformance::Deviations deviations;
  Selection selection;
};

// Returns "" or the one line for exit status 2.
std::string Prepare(const Options& options, Preparation* preparation);

struct RunEnd {
  reports::Certificate certificate;
  // Not empty: nothing could be judged; one line.
  std::string error;
};

// Runs the cases, shows the progress on stderr, and judges. The run ends early
// when `stop_fd` is readable; what ran so far is in the certificate.
// The traces of the cases are put into `traces`.
RunEnd Run(const Options& options, const Preparation& preparation,
           TraceFolder* traces, int stop_fd);

}  // namespace cpgcert::cli

#endif  // CPGCERT_CLI_RUN_H_
