#include <iterator>
#include <vector>

#include "conformance/requirements/areas.h"

namespace cpgcert::conformance {

namespace {

constexpr Requirement kRows[] = {
    {"ZCB-01", Tier::kDocumented, "api", "cpg_zcb_mcast_joined",
     "A buffer of cpg_zcb_alloc can be written up to its size and multicast "
     "again and again; each time its bytes are delivered as a message; "
     "cpg_zcb_free releases it.",
     "cpg_zcb_alloc(3), cpg_zcb_mcast_joined(3), cpg_zcb_free(3), "
     "DESCRIPTION",
     "", true},
    {"ZCB-02", Tier::kDocumented, "faults", "cpg_zcb_alloc",
     "When the buffer cannot be had the answer is an error, and the process "
     "lives.",
     "cpg_zcb_alloc(3), RETURN VALUE", "", true},
    {"ZCB-03", Tier::kObserved, "api", "cpg_zcb_alloc",
     "With a bad handle the calls answer CS_ERR_BAD_HANDLE or work as a "
     "plain allocation; they never crash.",
     kObserved,
     "corosync after 3.1.9 allocates without looking at the handle. Both are "
     "admitted.",
     true},
    {"ZCB-04", Tier::kObserved, "api", "cpg_zcb_mcast_joined",
     "A message longer than one piece is delivered whole or refused with "
     "CS_ERR_TOO_BIG or CS_ERR_INVALID_PARAM; on a handle that has not "
     "joined it is refused or dropped.",
     kObserved, "", true},
};

}  // namespace

std::vector<Requirement> ZeroCopyRequirements() {
  return {std::begin(kRows), std::end(kRows)};
}

}  // namespace cpgcert::conformance
