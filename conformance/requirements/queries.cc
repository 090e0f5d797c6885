#include <iterator>
#include <vector>

#include "conformance/requirements/areas.h"

namespace cpgcert::conformance {

namespace {

constexpr Requirement kRows[] = {
    {"MEMB-01", Tier::kObserved, "api", "cpg_membership_get",
     "It answers for any group, joined or not; for one that nobody has "
     "joined CS_OK with no entries or CS_ERR_NOT_EXIST.",
     kObserved},
    {"MEMB-02", Tier::kDocumented, "api", "cpg_membership_get",
     "It never writes more entries than the size of the array that the "
     "caller gave in member_list_entries.",
     "cpg_membership_get(3), DESCRIPTION: should be set with the size of "
     "member_list"},
    {"MEMB-03", Tier::kObserved, "api", "cpg_membership_get",
     "A null list or a null count is refused with CS_ERR_INVALID_PARAM.",
     kObserved},
    {"MEMB-04", Tier::kDocumented, "api", "cpg_membership_get",
     "In a group at rest it gives the members of the last configuration "
     "change.",
     "cpg_membership_get(3), DESCRIPTION: the current processes in the "
     "configuration"},
    {"LOCAL-01", Tier::kDocumented, "api", "cpg_local_get",
     "It gives the 32-bit identifier of the local node, without a join, and "
     "the same at each call.",
     "cpg_local_get(3), DESCRIPTION"},
    {"FLOW-01", Tier::kHeader, "api", "cpg_flow_control_state_get",
     "It answers CS_OK with one of the two states of the header.",
     "<corosync/cpg.h>, cpg_flow_control_state_t",
     "The header defines ENABLED, corosync 3.1.7 always says DISABLED. Both "
     "are admitted."},
    {"ITER-01", Tier::kDocumented, "api", "cpg_iteration_initialize",
     "CPG_ITERATION_ONE_GROUP without a group, another type with one, an "
     "unknown type or a null result are refused with CS_ERR_INVALID_PARAM.",
     "cpg_iteration_initialize(3), RETURN VALUE; the unknown type: observed "
     "in corosync 3.1.7",
     "", true},
    {"ITER-02", Tier::kDocumented, "api", "cpg_iteration_next",
     "CPG_ITERATION_NAME_ONLY gives the name of each group once with node id "
     "and process id 0; ONE_GROUP each member of the group, ALL each member "
     "of each group.",
     "cpg_iteration_initialize(3) and cpg_iteration_next(3), DESCRIPTION", "",
     true},
    {"ITER-03", Tier::kDocumented, "api", "cpg_iteration_next",
     "After the last item the answer is CS_ERR_NO_SECTIONS, and stays so.",
     "cpg_iteration_next(3), RETURN VALUE",
     "The page calls the code CS_NO_SECTION, which no header defines; "
     "CS_ERR_NO_SECTIONS is what <corosync/corotypes.h> has.",
     true},
    {"ITER-04", Tier::kObserved, "api", "cpg_iteration_next",
     "An iteration gives the members of the moment in which it was "
     "initialized; each of them at most once, whoever joins and leaves "
     "meanwhile.",
     kObserved, "", true},
    {"ITER-05", Tier::kDocumented, "api", "cpg_iteration_next",
     "An iterator that is not, or no longer, one is answered with "
     "CS_ERR_BAD_HANDLE, a null description with CS_ERR_INVALID_PARAM.",
     "cpg_iteration_next(3), cpg_iteration_finalize(3); "
     "cpg_iteration_initialize(3), RETURN VALUE; the null description: "
     "observed in corosync 3.1.7",
     "", true},
    {"ITER-06", Tier::kDocumented, "faults", "cpg_iteration_next",
     "When the service dies between initialize, next and finalize of an "
     "iteration, the call answers an error and does not hang.",
     "cpg_iteration_initialize(3), COMMON IPC ERRORS: CS_ERR_LIBRARY, The "
     "connection failed",
     "", true},
};

}  // namespace

std::vector<Requirement> QueryRequirements() {
  return {std::begin(kRows), std::end(kRows)};
}

}  // namespace cpgcert::conformance
