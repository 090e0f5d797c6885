// Runs cases of the suite on a library that the tests name.

#ifndef CPGCERT_CONFORMANCE_FAULTS_SUITE_ON_H_
#define CPGCERT_CONFORMANCE_FAULTS_SUITE_ON_H_

#include <chrono>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "conformance/case_runner.h"

namespace cpgcert::faults {

// Runfiles: what is known to be wrong in the real library, and in the
// reference.
inline constexpr char kRealDeviations[] =
    "conformance/deviations/corosync_3_1_7.toml";
inline constexpr char kReferenceDeviations[] =
    "conformance/deviations/reference.toml";

// One case on one library.
struct Trial {
  size_t case_index = 0;  // into conformance::AllCases()
  std::string library;    // absolute path
  std::chrono::milliseconds deadline{30000};
  // The library's known deviations; a layer's are the real library's.
  const char* deviations = kRealDeviations;
};

// The absolute path of a runfile such as "conformance/faults/one_spins.so".
std::string Runfile(std::string_view name);

// The indices of the cases that decide `requirement`, those made for it first,
// in an order that mixes the axes and is the same in every run.
std::vector<size_t> CasesDeciding(std::string_view requirement);

// The index of the case of this name. REQUIRES: it exists.
size_t CaseNamed(std::string_view name);

// Runs the trials one after the other in one worker with a corosync, and hands
// each run to `on_run`, until that answers false. Returns "" or why the rest
// did not run. A known deviation of the library is marked in the outcome.
std::string RunTrials(
    const std::vector<Trial>& trials,
    const std::function<bool(const Trial&, const conformance::CaseRun&)>&
        on_run);

}  // namespace cpgcert::faults

#endif  // CPGCERT_CONFORMANCE_FAULTS_SUITE_ON_H_
