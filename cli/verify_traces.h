// The cases of a certificate, judged again from their traces.

#ifndef CPGCERT_CLI_VERIFY_TRACES_H_
#define CPGCERT_CLI_VERIFY_TRACES_H_

#include <string>
#include <vector>

#include "cli/trace_folder.h"
#include "reports/certificate.h"

namespace cpgcert::cli {

struct TracesVerified {
  // Why the certificate is refused, one sentence each.
  std::vector<std::string> reasons{};
  int judged_again = 0;
  // Cases that are searches: their findings are compared instead.
  int searches = 0;
  bool stopped = false;  // by a signal: nothing is said
  // Unfavourable ones whose process, or the one around it, was lost.
  int without_trace = 0;
};

// Judges each case again, as many at a time as there are cores, and compares
// verdict, failures and requirements. Shows on a terminal how far it is.
// REQUIRES: the cases are registered; InitializeCases(); one thread.
TracesVerified VerifyTraces(const reports::Certificate& certificate,
                            const TraceFolder& traces);

}  // namespace cpgcert::cli

#endif  // CPGCERT_CLI_VERIFY_TRACES_H_
