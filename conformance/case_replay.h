// Judges a case again from its trace: the same code, with nothing run.

#ifndef CPGCERT_CONFORMANCE_CASE_REPLAY_H_
#define CPGCERT_CONFORMANCE_CASE_REPLAY_H_

#include <string>
#include <string_view>

#include "conformance/case.h"
#include "conformance/case_run.h"

namespace cpgcert::conformance {

struct JudgedAgain {
  // Not empty: the trace is not that of this case, one line.
  std::string problem{};
  // Otherwise what the case is to be held for, as RunCase() would say; without
  // notes on what it took.
  CaseRun run{};
};

// `scratch_root` is an existing directory.
// REQUIRES: one thread in the calling process, see harness/isolated_run.h, and
// InitializeCases().
JudgedAgain JudgeAgain(const CaseInfo& info, std::string_view trace,
                       const std::string& scratch_root);

}  // namespace cpgcert::conformance

#endif  // CPGCERT_CONFORMANCE_CASE_REPLAY_H_
