// Coverage of the library that a fuzz target is about (fuzz/coverage).

#ifndef CPGCERT_FUZZ_SUPPORT_TARGET_COVERAGE_H_
#define CPGCERT_FUZZ_SUPPORT_TARGET_COVERAGE_H_

#include "fuzz/support/target_options.h"

namespace cpgcert::fuzz {

// Begins it, once the library is loaded, and says on stderr what is counted or
// why nothing is. If it is not wanted nothing happens, nor without libFuzzer,
// as when inputs are replayed: nobody would look.
void StartCoverage(const TargetOptions& options);

}  // namespace cpgcert::fuzz

#endif  // CPGCERT_FUZZ_SUPPORT_TARGET_COVERAGE_H_
