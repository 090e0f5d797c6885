#include <iterator>
#include <vector>

#include "conformance/requirements/areas.h"

namespace cpgcert::conformance {

namespace {

constexpr Requirement kRows[] = {
    {"DISPATCH-01", Tier::kHeader, "api", "cpg_dispatch",
     "The dispatch types have the values of the header: CS_DISPATCH_ONE 1, "
     "CS_DISPATCH_ALL 2, CS_DISPATCH_BLOCKING 3, CS_DISPATCH_ONE_NONBLOCKING "
     "4.",
     "<corosync/corotypes.h>, cs_dispatch_flags_t",
     "The page prints the types without values, omits the fourth and shows a "
     "pointer argument. The header is admitted alone."},
    {"DISPATCH-02", Tier::kDocumented, "api", "cpg_dispatch",
     "CS_DISPATCH_ONE dispatches at least one callback and blocks until it "
     "has; an event for which no callback is registered may end it too.",
     "cpg_dispatch(3), DESCRIPTION"},
    {"DISPATCH-03", Tier::kDocumented, "api", "cpg_dispatch",
     "CS_DISPATCH_ALL dispatches all waiting callbacks and never blocks; "
     "with nothing waiting it answers CS_OK.",
     "cpg_dispatch(3), DESCRIPTION"},
    {"DISPATCH-04", Tier::kDocumented, "api", "cpg_dispatch",
     "CS_DISPATCH_BLOCKING dispatches all callbacks and blocks "
     "indefinitely: it comes back only with an error or after a finalize.",
     "cpg_dispatch(3), DESCRIPTION"},
    {"DISPATCH-05", Tier::kDocumented, "api", "cpg_dispatch",
     "CS_DISPATCH_ONE_NONBLOCKING dispatches at most one callback and never "
     "blocks; with no pending callback it answers CS_ERR_TRY_AGAIN.",
     "cpg_dispatch(3), DESCRIPTION"},
    {"DISPATCH-06", Tier::kObserved, "api", "cpg_dispatch",
     "An invalid dispatch type is refused with CS_ERR_INVALID_PARAM or "
     "treated as CS_DISPATCH_BLOCKING; never CS_OK with nothing done.",
     "observed: corosync 3.1.7 blocks; quorum_dispatch(3) and "
     "votequorum_dispatch(3) of the same release refuse"},
    {"DISPATCH-07", Tier::kDocumented, "api", "cpg_dispatch",
     "A signal handler that runs during the call changes nothing, or ends "
     "it with CS_ERR_INTERRUPT and no event consumed.",
     "cpg_dispatch(3), ERRORS: CS_ERR_INTERRUPT"},
    {"DISPATCH-09", Tier::kDocumented, "faults", "cpg_dispatch",
     "When the service has died, every type answers CS_ERR_LIBRARY once no "
     "event is left, a call that blocks included.",
     "cpg_dispatch(3), ERRORS: CS_ERR_LIBRARY, The connection failed"},
    {"DISPATCH-10", Tier::kObserved, "faults", "cpg_dispatch",
     "An event of an unknown kind runs no callback: the call answers an "
     "error or passes over it, and the events after it are dispatched.",
     kObserved, "", true},
    {"DISPATCH-11", Tier::kObserved, "api", "cpg_dispatch",
     "On a connection that has not joined, the blocking types block and the "
     "others find nothing waiting.",
     kObserved},
    {"DISPATCH-12", Tier::kHeader, "api", "cpg_dispatch",
     "A delivered message is aligned to 8 bytes, and may be read and written "
     "until the callback returns.",
     "<corosync/cpg.h>, cpg_deliver_fn_t: void *msg",
     "The page prints const void *msg, the header void *msg. Alignment and "
     "reading are owed by both; writing by the header."},
    {"DISPATCH-13", Tier::kObserved, "api", "cpg_dispatch",
     "A thread with a stack of 8 MiB can dispatch every kind of event; the "
     "smallest stack that works is reported.",
     kObserved},
    {"DISPATCH-14", Tier::kObserved, "api", "cpg_dispatch",
     "Inside a callback the other calls work, and cpg_dispatch behaves as "
     "elsewhere, with the events that follow the current one.",
     kObserved},
    {"DISPATCH-15", Tier::kDocumented, "api", "cpg_dispatch",
     "A dispatch runs only the callbacks of its own connection, with its "
     "own handle as their argument, and inside the call.",
     "cpg_dispatch(3), DESCRIPTION: the handle argument"},
    {"DISPATCH-16", Tier::kDocumented, "api", "cpg_dispatch",
     "While it blocks it sleeps: in one wait without a short timer, using "
     "no processor time, until an event wakes it.",
     "cpg_dispatch(3), DESCRIPTION: blocking until, blocking indefinitely"},
    {"DISPATCH-17", Tier::kObserved, "api", "cpg_dispatch",
     "In a forked child, on a handle of the parent, it returns or sleeps; "
     "it neither crashes nor spins. What it answers is reported.",
     kObserved},
};

}  // namespace

std::vector<Requirement> DispatchRequirements() {
  return {std::begin(kRows), std::end(kRows)};
}

}  // namespace cpgcert::conformance
