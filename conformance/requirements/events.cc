#include <iterator>
#include <vector>

#include "conformance/requirements/areas.h"

namespace cpgcert::conformance {

namespace {

constexpr Requirement kRows[] = {
    {"CONF-01", Tier::kDocumented, "api", "cpg_dispatch",
     "The joined and left lists name who joined and left, with the reason; "
     "an entry of the member list has CPG_REASON_UNDEFINED.",
     "cpg_initialize(3), DESCRIPTION: cpg_address"},
    {"CONF-02", Tier::kObserved, "api", "cpg_dispatch",
     "The member list is the state after the change: with the joined, "
     "without the left, nobody twice.",
     kObserved},
    {"CONF-03", Tier::kObserved, "api", "cpg_dispatch",
     "For every change that a member is given: the member list before, "
     "without the left, with the joined, is the new member list.",
     kObserved},
    {"CONF-05", Tier::kDocumented, "api", "cpg_dispatch",
     "A process that ends without leaving is announced as left once, with "
     "CPG_REASON_PROCDOWN, and never as LEAVE too.",
     "cpg_initialize(3), DESCRIPTION: CPG_REASON_PROCDOWN"},
    {"CONF-06", Tier::kDocumented, "api", "cpg_dispatch",
     "Each member is given the configuration changes of the others, and "
     "whoever has not joined that group is given none of them.",
     "cpg_join(3), DESCRIPTION: its own confchg callback; "
     "cpg_initialize(3), DESCRIPTION: an event within the joined group"},
    {"CONF-07", Tier::kHeader, "api", "cpg_dispatch",
     "A group of CPG_MEMBERS_MAX members is announced whole; a list longer "
     "than that gives an error or is announced whole, and damages nothing.",
     "<corosync/cpg.h>, CPG_MEMBERS_MAX", "", true},
    {"ORD-01", Tier::kDocumented, "api", "cpg_dispatch",
     "All members are given messages and configuration changes in the same "
     "order.",
     "cpg_mcast_joined(3), DESCRIPTION: CPG_TYPE_AGREED; cpg_overview(3)"},
    {"ORD-02", Tier::kObserved, "api", "cpg_dispatch",
     "The messages of a sender come between the change that says that it "
     "joined and the one that says that it left, at every member.",
     kObserved},
    {"ORD-03", Tier::kObserved, "api", "cpg_dispatch",
     "Events come in the order in which they happened, also out of a "
     "backlog.",
     kObserved},
    {"TOTEM-01", Tier::kDocumented, "api", "cpg_dispatch",
     "The totem callback comes after the group's configuration change.",
     "cpg_model_initialize(3), MODEL_V1: after first confchg event"},
    {"TOTEM-02", Tier::kDocumented, "api", "cpg_model_initialize",
     "CPG_MODEL_V1_DELIVER_INITIAL_TOTEM_CONF gives one totem callback "
     "after the first configuration change.",
     "cpg_model_initialize(3), MODEL_V1: flags"},
    {"TOTEM-03", Tier::kDocumented, "api", "cpg_dispatch",
     "The totem callback is given the nodes of the ring, with this node and "
     "the leader among them, and a sequence number that never becomes "
     "smaller.",
     "cpg_model_initialize(3), MODEL_V1: cpg_ring_id"},
};

}  // namespace

std::vector<Requirement> EventRequirements() {
  return {std::begin(kRows), std::end(kRows)};
}

}  // namespace cpgcert::conformance
