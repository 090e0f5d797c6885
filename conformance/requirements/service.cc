#include <iterator>
#include <vector>

#include "conformance/requirements/areas.h"

namespace cpgcert::conformance {

namespace {

constexpr Requirement kRows[] = {
    {"ERR-01", Tier::kObserved, "api", "",
     "An error code in the reply of the service is the answer of the call, "
     "unchanged; a temporary one may be asked again instead.",
     kObserved, "", true},
    {"ERR-02", Tier::kDocumented, "faults", "",
     "When the service has died every call that needs it answers an error, a "
     "call in the middle of its wait included; cpg_finalize frees the "
     "handle.",
     "the pages' COMMON IPC ERRORS: CS_ERR_LIBRARY, The connection failed"},
    {"ERR-03", Tier::kObserved, "faults", "",
     "While the service is stopped or slow the non-blocking dispatch types "
     "return at once, waiting events are dispatched, and calls that need the "
     "service sleep until it goes on and then succeed.",
     kObserved,
     "A message that fits may be queued, or answered with CS_ERR_TRY_AGAIN; "
     "a call that waits for room sleeps."},
    {"ERR-04", Tier::kDocumented, "faults", "",
     "CS_ERR_TRY_AGAIN is temporary: once its cause is gone the same call on "
     "the same handle succeeds, with its effect once.",
     "the pages' COMMON IPC ERRORS: CS_ERR_TRY_AGAIN, Resource temporarily "
     "unavailable"},
    {"ERR-05", Tier::kObserved, "faults", "",
     "An error that the pages and the service do not know is not invented: "
     "no call answers CS_ERR_QUEUE_FULL, CS_ERR_SECURITY, CS_ERR_VERSION or "
     "CS_ERR_INIT.",
     kObserved, "", true},
    {"ERR-06", Tier::kDocumented, "api", "",
     "After an error nothing has happened: no event is consumed, membership, "
     "context and descriptor are as before, nobody else has seen anything, "
     "and a retry succeeds once.",
     "the meaning of an error return; cpg_dispatch(3), RETURN VALUE"},
    {"ERR-07", Tier::kObserved, "faults", "",
     "When the service has been started again a new connection works, while "
     "the old one goes on answering errors.",
     kObserved},
    {"WIRE-01", Tier::kObserved, "api", "",
     "Each request carries the identifier, the size and the fields of the "
     "wire layout of corosync 3.",
     kObserved, "", true},
    {"WIRE-02", Tier::kDocumented, "faults", "",
     "A reply that is cut off or has another identifier than the one that "
     "was asked for gives an error, no success and no crash.",
     "the pages' RETURN VALUE: CS_OK if successful, otherwise an error", "",
     true},
    {"WIRE-03", Tier::kObserved, "faults", "cpg_dispatch",
     "An event that is not well-formed (its size, a length, a count or a "
     "fragment's place does not fit the bytes that came) runs no callback and "
     "damages nothing; the call answers an error or passes over it, and the "
     "events after it are dispatched.",
     "the wire layout observed in corosync 3.1.7", "", true},
};

}  // namespace

std::vector<Requirement> ServiceRequirements() {
  return {std::begin(kRows), std::end(kRows)};
}

}  // namespace cpgcert::conformance
