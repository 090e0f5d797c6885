#include <iterator>
#include <vector>

#include "conformance/requirements/areas.h"

namespace cpgcert::conformance {

namespace {

constexpr Requirement kRows[] = {
    {"JOIN-01", Tier::kDocumented, "api", "cpg_join",
     "After cpg_join the caller is given a configuration change with itself "
     "as joined.",
     "cpg_membership_get(3), DESCRIPTION: one of the first confchg "
     "callbacks; "
     "cpg_join(3), DESCRIPTION"},
    {"JOIN-02", Tier::kDocumented, "api", "cpg_join",
     "On a handle that has joined, cpg_join is refused, for the same group "
     "and for another: CS_ERR_INVALID_PARAM, or CS_ERR_EXIST.",
     "cpg_join(3), RETURN VALUE",
     "The page says CS_ERR_INVALID_PARAM, corosync 3.1.7 answers "
     "CS_ERR_EXIST. Both are admitted."},
    {"JOIN-03", Tier::kObserved, "api", "cpg_join",
     "The same group on another connection of the same process is refused "
     "with CS_ERR_EXIST or CS_ERR_INVALID_PARAM; from another process, and "
     "another group from this one, it is joined.",
     kObserved},
    {"JOIN-04", Tier::kObserved, "api", "cpg_join",
     "After a finalize without leave a new connection of the process can "
     "join the group again: CS_ERR_TRY_AGAIN at most until the old "
     "membership has been announced as ended, then CS_OK and a membership "
     "of its own.",
     kObserved},
    {"JOIN-05", Tier::kHeader, "api", "",
     "A name of 1 to 128 bytes is legal, zero bytes in it included, and two "
     "names are the same if length and bytes are; a longer one is refused "
     "with CS_ERR_NAME_TOO_LONG or CS_ERR_INVALID_PARAM.",
     "<corosync/cpg.h>, CPG_MAX_NAME_LENGTH"},
    {"JOIN-06", Tier::kObserved, "api", "cpg_join",
     "The empty name is refused, or is a group like any other: its member is "
     "gone when its connection or its process has ended.",
     kObserved, "", true},
    {"JOIN-07", Tier::kObserved, "faults", "",
     "A service that answers CS_ERR_BUSY to a join or a leave is asked again, "
     "or the caller is given the error; a later success takes effect once.",
     kObserved, "", true},
    {"JOIN-08", Tier::kObserved, "api", "cpg_join",
     "After the own leave has been announced the same handle can join again, "
     "or is refused as a handle that has had its one join; the call "
     "returns.",
     kObserved,
     "The page says \"once for each handle\" and names the error for a "
     "handle that is joined. Admitted: CS_OK with a membership, "
     "CS_ERR_INVALID_PARAM or CS_ERR_EXIST; neither a temporary error that "
     "never ends nor a call that never does."},
    {"JOIN-09", Tier::kObserved, "api", "cpg_join",
     "The process id in member lists and messages is that of the process "
     "that joined, the node id that of cpg_local_get.",
     kObserved},
    {"JOIN-10", Tier::kDocumented, "api", "cpg_join",
     "A new member is given the messages that are ordered after its join, "
     "and none from before; a connection that has not joined is given none.",
     "cpg_join(3), DESCRIPTION: when a group has been joined the process "
     "will start to receive callbacks; cpg_initialize(3), DESCRIPTION: an "
     "event within the joined group"},
    {"JOIN-11", Tier::kDocumented, "api", "cpg_join",
     "When the own leave has been announced, a new connection of the process "
     "can join the group again, whether the handle that left is finalized or "
     "not.",
     "cpg_leave(3), DESCRIPTION: deemed to have left once it has been "
     "notified; cpg_join(3), DESCRIPTION: once for each handle"},
    {"LEAVE-01", Tier::kDocumented, "api", "cpg_leave",
     "After cpg_leave the caller is given a configuration change with "
     "itself as left.",
     "cpg_leave(3), DESCRIPTION"},
    {"LEAVE-02", Tier::kObserved, "api", "cpg_leave",
     "A handle that never joined, is leaving already or has left is answered "
     "with an error; nobody is announced as left.",
     kObserved},
    {"LEAVE-03", Tier::kDocumented, "api", "cpg_leave",
     "The group argument is ignored: whatever name is given, the one group "
     "of the handle is left, and no member stays behind.",
     "cpg_leave(3), DESCRIPTION: currently ignored",
     "A clear refusal (CS_ERR_INVALID_PARAM, CS_ERR_NOT_EXIST, "
     "CS_ERR_NAME_TOO_LONG) that leaves the membership as it is is admitted "
     "too."},
    {"LEAVE-04", Tier::kDocumented, "api", "cpg_leave",
     "After the configuration change of the own leave no further message and "
     "no further change of the group comes.",
     "cpg_leave(3), DESCRIPTION"},
    {"LEAVE-05", Tier::kObserved, "api", "cpg_leave",
     "What was ordered before the own leave is still delivered, before it.",
     kObserved},
};

}  // namespace

std::vector<Requirement> GroupRequirements() {
  return {std::begin(kRows), std::end(kRows)};
}

}  // namespace cpgcert::conformance
