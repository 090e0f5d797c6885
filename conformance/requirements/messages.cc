#include <iterator>
#include <vector>

#include "conformance/requirements/areas.h"

namespace cpgcert::conformance {

namespace {

constexpr Requirement kRows[] = {
    {"MCAST-01", Tier::kDocumented, "api", "cpg_mcast_joined",
     "A message is delivered once, unchanged, to every member, its sender "
     "included.",
     "cpg_mcast_joined(3), DESCRIPTION"},
    {"MCAST-02", Tier::kDocumented, "api", "cpg_mcast_joined",
     "CPG_TYPE_FIFO and CPG_TYPE_AGREED deliver in the order of sending; "
     "CPG_TYPE_UNORDERED, CPG_TYPE_SAFE and values that do not exist deliver "
     "or are refused.",
     "cpg_mcast_joined(3), DESCRIPTION",
     "The page says of UNORDERED and SAFE that they are not implemented; "
     "corosync sends them, and any other value, as AGREED. A refusal and a "
     "delivery are both admitted."},
    {"MCAST-03", Tier::kObserved, "api", "cpg_mcast_joined",
     "On a handle that has not joined, or has left, a small message is "
     "dropped or refused; nobody is given it.",
     kObserved},
    {"MCAST-04", Tier::kObserved, "api", "cpg_mcast_joined",
     "On a handle that has not joined, or has left, a message in fragments "
     "is refused or dropped; nobody is given any of it.",
     kObserved},
    {"MCAST-05", Tier::kObserved, "api", "cpg_mcast_joined",
     "An empty message (iov_len 0, or only empty pieces) is delivered as a "
     "message of no bytes; empty pieces elsewhere change nothing.",
     kObserved},
    {"MCAST-06", Tier::kDocumented, "api", "cpg_mcast_joined",
     "When the transport is full the answer is CS_ERR_TRY_AGAIN, and a retry "
     "succeeds once others have been delivered; no message is lost or "
     "doubled.",
     "cpg_mcast_joined(3), the list of errors: CS_ERR_TRY_AGAIN, Resource "
     "temporarily unavailable",
     "No page says that the call does not wait for room instead. While the "
     "service takes nothing, corosync's call answers CS_ERR_TRY_AGAIN if its "
     "buffer is full, and does not return if its socket is. Both are "
     "admitted."},
    {"MCAST-07", Tier::kDocumented, "api", "cpg_mcast_joined",
     "A message that fits in one piece and was answered with an error has "
     "not been sent.",
     "cpg_mcast_joined(3), RETURN VALUE"},
    {"MCAST-09", Tier::kDocumented, "api", "cpg_mcast_joined",
     "A message in any number of pieces, 64 and more included, is delivered "
     "whole or refused with an error.",
     "cpg_mcast_joined(3), DESCRIPTION: iov_len, without a limit; RETURN "
     "VALUE"},
    {"MCAST-10", Tier::kObserved, "api", "cpg_mcast_joined",
     "A message sent between cpg_join and its configuration change is "
     "delivered, after that change.",
     kObserved},
    {"MCAST-12", Tier::kDocumented, "api", "cpg_mcast_joined",
     "The bytes of the iovec are sent in their order, and neither they nor "
     "the iovec are changed.",
     "cpg_mcast_joined(3), DESCRIPTION: scatter/gather list; "
     "<corosync/cpg.h>: const struct iovec"},
    {"PART-01", Tier::kHeader, "api", "cpg_mcast_joined",
     "A message larger than cpg_max_atomic_msgsize_get's size is delivered "
     "whole, in one callback.",
     "<corosync/cpg.h>, cpg_max_atomic_msgsize_get"},
    {"PART-02", Tier::kHeader, "faults", "cpg_mcast_joined",
     "When a fragment is answered with an error, CS_ERR_INTERRUPT included, "
     "the caller is told so and nobody is given the message.",
     "<corosync/cpg.h>; corosync 2.4.0, large messages", "", true},
    {"PART-03", Tier::kDocumented, "api", "cpg_mcast_joined",
     "Messages in fragments of several senders at the same time are each "
     "delivered whole.",
     "cpg_mcast_joined(3), DESCRIPTION: delivered to all"},
    {"PART-04", Tier::kObserved, "api", "cpg_dispatch",
     "A message whose sender died between its fragments is delivered to "
     "nobody, and disturbs no later message.",
     kObserved},
    {"PART-05", Tier::kObserved, "api", "cpg_dispatch",
     "A message in fragments is passed over silently when no deliver "
     "callback is registered.",
     "observed for messages in one piece in corosync 3.1.7"},
    {"PART-06", Tier::kObserved, "faults", "cpg_mcast_joined",
     "A transport that is busy in the middle of a message in fragments is "
     "asked again, or the caller is given CS_ERR_TRY_AGAIN; CS_OK means the "
     "whole message.",
     kObserved, "", true},
    {"PART-07", Tier::kDocumented, "faults", "cpg_mcast_joined",
     "CS_OK for a message in fragments means that every fragment was "
     "accepted; when the service dies or refuses in between, the caller is "
     "given an error.",
     "cpg_mcast_joined(3), RETURN VALUE", "", true},
    {"PART-08", Tier::kHeader, "api", "cpg_mcast_joined",
     "A message of any size around the multiples of "
     "cpg_max_atomic_msgsize_get, in any cut of its iovec, is delivered "
     "whole.",
     "<corosync/cpg.h>, cpg_max_atomic_msgsize_get"},
    {"MAX-01", Tier::kHeader, "api", "cpg_max_atomic_msgsize_get",
     "It answers CS_OK with a size greater than 0, the same at each call, up "
     "to which a message is sent in one piece.",
     "<corosync/cpg.h>, cpg_max_atomic_msgsize_get"},
};

}  // namespace

std::vector<Requirement> MessageRequirements() {
  return {std::begin(kRows), std::end(kRows)};
}

}  // namespace cpgcert::conformance
