#include <iterator>
#include <vector>

#include "conformance/requirements/areas.h"

namespace cpgcert::conformance {

namespace {

constexpr Requirement kRows[] = {
    {"THR-01", Tier::kDocumented, "api", "",
     "One thread may dispatch while others call: joins and multicasts of "
     "other threads reach the dispatcher, each once.",
     "cpg_dispatch(3), DESCRIPTION: used in a threaded program",
     "No page says that two threads may call on one handle at the same time "
     "when neither dispatches; the callers of the cases take turns."},
    {"THR-02", Tier::kObserved, "api", "",
     "Several threads may call on several connections at the same time; each "
     "connection works as alone.",
     kObserved, "That handles are made at the same time is HND-06."},
    {"THR-03", Tier::kObserved, "api", "cpg_finalize",
     "cpg_finalize beside any other call in another thread returns, unless "
     "the other call took its reply, and the other call returns or sleeps; "
     "nothing crashes or spins, and once cpg_finalize has returned the "
     "handle is a bad one.",
     kObserved,
     "The page says that the handle may not be used again. What a call "
     "answers that had begun before is reported. Two calls that wait for "
     "the service on one handle may take each other's reply: no page says "
     "that they may not."},
    {"FORK-01", Tier::kObserved, "api", "",
     "A child of fork that uses a handle of its parent, or a new one of its "
     "own, does not crash or spin, and the parent's connection goes on "
     "working.",
     kObserved,
     "No page says what a child may do. What its calls answer is reported. "
     "What it leaves or finalizes may be gone for the parent too: then the "
     "parent's calls owe only a return or sleep."},
    {"SIG-01", Tier::kDocumented, "api", "",
     "A signal handler that runs during a call changes nothing, or ends it "
     "with CS_ERR_INTERRUPT or CS_ERR_TRY_AGAIN and no effect.",
     "the pages' COMMON IPC ERRORS: CS_ERR_INTERRUPT, System call "
     "interrupted by a signal"},
};

}  // namespace

std::vector<Requirement> ConcurrencyRequirements() {
  return {std::begin(kRows), std::end(kRows)};
}

}  // namespace cpgcert::conformance
