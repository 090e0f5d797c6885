#include <iterator>
#include <vector>

#include "conformance/requirements/areas.h"

namespace cpgcert::conformance {

namespace {

// Errors that the pages do not list, but whose names say just that.
constexpr std::string_view kMoreErrors =
    "The pages' list lacks CS_ERR_NO_SPACE and CS_ERR_NO_RESOURCES of "
    "<corosync/corotypes.h>; both are admitted, no other error is.";

}  // namespace

namespace {

constexpr Requirement kRows[] = {
    {"RES-01", Tier::kDocumented, "faults", "",
     "When no memory can be had a call answers one of its documented errors, "
     "or succeeds; the process lives.",
     "the pages' ERRORS: CS_ERR_NO_MEMORY", kMoreErrors},
    {"RES-02", Tier::kDocumented, "faults", "",
     "When no descriptor can be had a call answers one of its documented "
     "errors, or succeeds; the process lives.",
     "the pages' ERRORS", kMoreErrors},
    {"RES-03", Tier::kDocumented, "faults", "",
     "When shared memory is full a call answers one of its documented "
     "errors, or succeeds; process and service live.",
     "the pages' ERRORS", kMoreErrors},
    {"RES-04", Tier::kObserved, "faults", "",
     "A call that failed for want of a resource leaves nothing behind, takes "
     "nothing away that is not its own, and succeeds once the resource is "
     "there again.",
     "the meaning of an error return"},
    {"LEAK-01", Tier::kDocumented, "api", "cpg_finalize",
     "After cpg_finalize the connection has left no descriptor open.",
     "cpg_finalize(3), DESCRIPTION: close a connection"},
    {"LEAK-02", Tier::kDocumented, "api", "cpg_finalize",
     "After cpg_finalize the connection has left no shared memory: neither a "
     "mapping nor a file.",
     "cpg_finalize(3), DESCRIPTION: close a connection",
     "A service that removes the files does so soon after; one that has died "
     "cannot, and files may stay then."},
    {"LEAK-03", Tier::kDocumented, "api", "cpg_finalize",
     "After the last cpg_finalize the threads of the process are those from "
     "before the first connection.",
     "cpg_finalize(3), DESCRIPTION: close a connection",
     "An implementation may keep threads of its own for the whole process; "
     "their number must not grow with the connections."},
};

}  // namespace

std::vector<Requirement> ResourceRequirements() {
  return {std::begin(kRows), std::end(kRows)};
}

}  // namespace cpgcert::conformance
