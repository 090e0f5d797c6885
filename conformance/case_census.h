// After a case: what has the implementation left behind in the process?
//
// Requirements LEAK-01 (descriptors), LEAK-02 (shared mappings), LEAK-03
// (threads): cpg_finalize(3) closes a connection.

#ifndef CPGCERT_CONFORMANCE_CASE_CENSUS_H_
#define CPGCERT_CONFORMANCE_CASE_CENSUS_H_

#include <string>

#include "conformance/case.h"

namespace cpgcert::conformance {

// What an implementation keeps for the whole process once it was used, however
// many connections come and go. That is its right.
struct KeptForProcess {
  int descriptors = 0;
  int shared_mappings = 0;
  int threads = 0;
};

// Finalizes two connections, one after the other; what the first leaves and
// the second does not add to is kept. Zeros if it cannot be told. Runs the
// library in a process of its own. REQUIRES: as RunIsolated, isolated_run.h.
KeptForProcess MeasureKept(const std::string& library,
                           const std::string& scratch_root,
                           pid_t service_process);

// In the process of the case, at its end: finalizes the connections that are
// left and fails LEAK-01 to LEAK-03 for what remains. Does nothing if the
// library was not loaded, a call is still under way, the service is stopped, or
// the case asked not to. Returns whether it was taken.
bool TakeCensus(CaseContext& context, const KeptForProcess& kept);

}  // namespace cpgcert::conformance

#endif  // CPGCERT_CONFORMANCE_CASE_CENSUS_H_
