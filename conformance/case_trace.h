// The trace of a case as a text: everything that its verdict follows from.
//
// The first line says which case and in which process, the last how the process
// ended; between them stand the events, see harness/trace/trace_event.h.

#ifndef CPGCERT_CONFORMANCE_CASE_TRACE_H_
#define CPGCERT_CONFORMANCE_CASE_TRACE_H_

#include <sys/types.h>

#include <string>
#include <string_view>
#include <vector>

#include "conformance/case_census.h"
#include "harness/trace/trace_event.h"
#include "harness/verdict.h"

namespace cpgcert::conformance {

// Of a process that runs a case, see harness/isolated_run.h.
struct CaseTraceEnd {
  // kPass: the case came to its end, and its report arrived; kCrash, kHang.
  harness::Verdict verdict = harness::Verdict::kError;
  std::string text{};  // "killed by signal 11 (SIGSEGV)"
  // Events are missing: there were too many, or the process did not come to
  // write them.
  bool incomplete = false;
};

struct CaseTrace {
  std::string name{};
  pid_t process = 0;          // that ran the case
  pid_t service_process = 0;  // 0: not ours to disturb
  KeptForProcess kept{};      // what the library keeps for the process
  std::vector<harness::trace::Event> events{};
  CaseTraceEnd end{};
};

// `events` are whole lines, each with a newline.
std::string ToText(const CaseTrace& head, std::string_view events,
                   const CaseTraceEnd& end);
// Returns "" or what is wrong with the text.
std::string FromText(std::string_view text, CaseTrace* trace);

}  // namespace cpgcert::conformance

#endif  // CPGCERT_CONFORMANCE_CASE_TRACE_H_
