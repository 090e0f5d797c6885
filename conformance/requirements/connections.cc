#include <iterator>
#include <vector>

#include "conformance/requirements/areas.h"

namespace cpgcert::conformance {

namespace {

constexpr Requirement kRows[] = {
    {"INIT-01", Tier::kDocumented, "api", "cpg_initialize",
     "CS_OK gives a usable handle, and a process may hold several "
     "connections, each with a handle of its own.",
     "cpg_initialize(3), DESCRIPTION: several connections"},
    {"INIT-02", Tier::kDocumented, "api", "cpg_model_initialize",
     "A model other than CPG_MODEL_V1 is refused with CS_ERR_INVALID_PARAM, "
     "and the handle variable keeps its value.",
     "cpg_model_initialize(3), DESCRIPTION: only model CPG_MODEL_V1 is "
     "defined; ERRORS: CS_ERR_INVALID_PARAM; the handle variable: observed "
     "in "
     "corosync 3.1.7"},
    {"INIT-03", Tier::kObserved, "api", "cpg_model_initialize",
     "Flags other than CPG_MODEL_V1_DELIVER_INITIAL_TOTEM_CONF are refused "
     "with CS_ERR_INVALID_PARAM, and no connection is left behind.",
     kObserved},
    {"INIT-04", Tier::kObserved, "api", "cpg_initialize",
     "No callbacks at all is legal, events are then consumed silently; the "
     "structure with the callbacks is copied, so the caller may reuse it.",
     kObserved},
    {"INIT-05", Tier::kDocumented, "faults", "cpg_initialize",
     "A service that is absent, refuses the caller or is not ready gives a "
     "documented error: CS_ERR_LIBRARY or CS_ERR_NOT_EXIST, CS_ERR_ACCESS, "
     "CS_ERR_TRY_AGAIN; it never gives CS_OK.",
     "cpg_model_initialize(3), ERRORS: CS_ERR_TRY_AGAIN, CS_ERR_ACCESS, "
     "CS_ERR_LIBRARY"},
    {"INIT-06", Tier::kDocumented, "api", "cpg_model_initialize",
     "The callbacks and the context of the model data are those of the "
     "connection: each event reaches the callback of its kind, with the "
     "handle of the connection.",
     "cpg_model_initialize(3), SYNOPSIS: context; MODEL_V1"},
    {"INIT-07", Tier::kObserved, "faults", "cpg_initialize",
     "After a failed call whatever stands in the handle variable is no "
     "usable handle.",
     kObserved},
    {"FIN-01", Tier::kDocumented, "api", "cpg_finalize",
     "cpg_finalize closes the connection, and the handle may not be used "
     "again: not to dispatch, not to finalize.",
     "cpg_finalize(3), DESCRIPTION"},
    {"FIN-02", Tier::kObserved, "api", "cpg_finalize",
     "Of several threads that finalize one handle exactly one is answered "
     "CS_OK, the others CS_ERR_BAD_HANDLE.",
     kObserved},
    {"FIN-03", Tier::kObserved, "faults", "cpg_finalize",
     "The handle is gone whatever cpg_finalize answers.", kObserved},
    {"FIN-04", Tier::kDocumented, "api", "cpg_finalize",
     "A member that finalizes without leaving is announced to the others as "
     "left, with CPG_REASON_PROCDOWN; one that left before is announced "
     "once, with CPG_REASON_LEAVE.",
     "cpg_initialize(3), DESCRIPTION: CPG_REASON_PROCDOWN, CPG_REASON_LEAVE"},
    {"FIN-05", Tier::kObserved, "api", "cpg_finalize",
     "cpg_finalize is legal inside a callback, and the enclosing "
     "cpg_dispatch then returns.",
     kObserved},
    {"FIN-06", Tier::kDocumented, "api", "cpg_finalize",
     "After cpg_finalize inside a callback no further callback runs.",
     "cpg_finalize(3), DESCRIPTION"},
    {"FIN-07", Tier::kObserved, "api", "cpg_finalize",
     "cpg_finalize beside a cpg_dispatch in another thread returns, the "
     "handle is bad afterwards, and the dispatcher has returned or sleeps. "
     "Which of the two is reported.",
     kObserved},
    {"FIN-08", Tier::kObserved, "api", "cpg_finalize",
     "The iteration handles of a finalized connection are answered with "
     "CS_ERR_BAD_HANDLE.",
     kObserved, "", true},
    {"FD-01", Tier::kDocumented, "api", "cpg_fd_get",
     "The descriptor is for poll: when it is readable cpg_dispatch does not "
     "block, and it becomes readable when an event arrives.",
     "cpg_fd_get(3), DESCRIPTION"},
    {"FD-02", Tier::kObserved, "faults", "cpg_fd_get",
     "When the service dies the descriptor shows it in poll, and "
     "cpg_dispatch then answers an error.",
     kObserved},
    {"FD-03", Tier::kObserved, "api", "cpg_fd_get",
     "The descriptor is the same at each call, is closed on exec, and "
     "differs between connections.",
     kObserved},
    {"CTX-01", Tier::kDocumented, "api", "cpg_context_get",
     "cpg_context_get returns what cpg_context_set stored last, in callbacks "
     "too; before that NULL after cpg_initialize and the argument of "
     "cpg_model_initialize.",
     "cpg_context_get(3), DESCRIPTION; the initial value: observed in "
     "corosync 3.1.7"},
    {"HND-01", Tier::kObserved, "api", "",
     "A handle that was never issued, 0, or finalized is answered with "
     "CS_ERR_BAD_HANDLE.",
     kObserved},
    {"HND-02", Tier::kObserved, "api", "",
     "The value of a finalized handle stays bad when another connection "
     "takes its slot.",
     kObserved, "", true},
    {"HND-03", Tier::kObserved, "api", "",
     "A handle value whose check bits are not those that were issued is "
     "answered with CS_ERR_BAD_HANDLE or taken for the live connection in "
     "its slot; it never crashes.",
     kObserved,
     "libqb takes the check 0xffffffff for any handle in its slot; a strict "
     "implementation answers CS_ERR_BAD_HANDLE. Both are admitted, and which "
     "one is reported."},
    {"HND-04", Tier::kObserved, "api", "",
     "With a bad handle and a bad argument together the error of one of the "
     "two comes.",
     kObserved,
     "corosync looks at the argument first in cpg_join, cpg_leave, "
     "cpg_membership_get and the iteration calls, elsewhere at the handle. "
     "Both orders are admitted."},
    {"HND-05", Tier::kObserved, "api", "",
     "A null pointer where a result or a name belongs is no silent success: "
     "it is an error, or the end of the process.",
     kObserved,
     "No page says what happens. An error and the end of the process are "
     "admitted; for the group of cpg_leave everything is, since its page "
     "says "
     "that it is ignored."},
    {"HND-06", Tier::kDocumented, "api", "cpg_initialize",
     "Handles that several threads get at the same time are all different "
     "and usable.",
     "cpg_initialize(3), DESCRIPTION: uniquely identify the connection; "
     "cpg_dispatch(3), CS_DISPATCH_BLOCKING: a threaded program",
     "No page says that cpg_initialize may run in two threads at once, and "
     "none that it may not."},
};

}  // namespace

std::vector<Requirement> ConnectionRequirements() {
  return {std::begin(kRows), std::end(kRows)};
}

}  // namespace cpgcert::conformance
