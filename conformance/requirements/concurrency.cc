#include <vector>

#include "conformance/requirements/areas.h"

namespace cpgcert::conformance {

std::vector<Requirement> ConcurrencyRequirements() {
  return {
      {"THR-01", Tier::kDocumented, "api", "",
       "One thread may dispatch while others call: joins and multicasts of "
       "other threads reach the dispatcher, each once.",
       "cpg_dispatch(3), DESCRIPTION: used in a threaded program"},
      {"THR-02", Tier::kObserved, "api", "",
       "Several threads may call on several connections at the same time; each "
       "connection works as alone.",
       kObserved},
      {"THR-03", Tier::kObserved, "api", "cpg_finalize",
       "cpg_finalize beside any other call in another thread returns, and the "
       "other call returns with a result, an error, or sleeps; nothing "
       "crashes.",
       kObserved,
       "The page says that the handle may not be used again. What a call "
       "answers that had begun before is reported."},
      {"FORK-01", Tier::kObserved, "api", "",
       "A child of fork that uses a handle of its parent, or a new one of its "
       "own, does not crash or spin, and the parent's connection goes on "
       "working.",
       kObserved,
       "No page says what a child may do. What its calls answer is reported."},
      {"SIG-01", Tier::kDocumented, "api", "",
       "A signal handler that runs during a call changes nothing, or ends it "
       "with CS_ERR_INTERRUPT or CS_ERR_TRY_AGAIN and no effect.",
       "the pages' COMMON IPC ERRORS: CS_ERR_INTERRUPT, System call "
       "interrupted by a signal"},
  };
}

}  // namespace cpgcert::conformance
