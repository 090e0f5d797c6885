// What became of a case, in its own words.

#ifndef CPGCERT_CONFORMANCE_CASE_RUN_H_
#define CPGCERT_CONFORMANCE_CASE_RUN_H_

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "conformance/case.h"
#include "conformance/certification.h"

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
  // What happened, see case_trace.h, or the name of that as a file; empty if
  // there is none.
  std::string trace;
  double duration_ms = 0;
};

// A run of which nothing is known yet.
CaseRun EmptyRun(const CaseInfo& info);

// A run in which the process of the runner itself ended.
CaseRun LostRun(const CaseInfo& info, harness::Verdict verdict,
                const std::string& message);

// A run as text, to cross a process boundary, and back, without its trace.
// Decode gives an `error` verdict for text that is not what Encode wrote.
std::string Encode(const CaseRun& run);
CaseRun Decode(const CaseInfo& info, std::string_view text);

}  // namespace cpgcert::conformance

#endif  // CPGCERT_CONFORMANCE_CASE_RUN_H_
