#include "conformance/requirements.h"

#include <algorithm>

namespace cpgcert::conformance {

namespace {

constexpr std::string_view kDispatchPage = "cpg_dispatch(3), DESCRIPTION";
constexpr std::string_view kObserved = "observed in corosync 3.1.7";

std::vector<Requirement> DispatchRequirements() {
  return {
      {"DISPATCH-02", Tier::kDocumented, "api", "cpg_dispatch",
       "CS_DISPATCH_ONE dispatches at least one callback and blocks until it "
       "has; an event for which no callback is registered may end it too.",
       kDispatchPage},
      {"DISPATCH-03", Tier::kDocumented, "api", "cpg_dispatch",
       "CS_DISPATCH_ALL dispatches all waiting callbacks and never blocks; "
       "with nothing waiting it answers CS_OK.",
       kDispatchPage},
      {"DISPATCH-04", Tier::kDocumented, "api", "cpg_dispatch",
       "CS_DISPATCH_BLOCKING dispatches all callbacks and blocks "
       "indefinitely: it comes back only with an error or after a finalize.",
       kDispatchPage},
      {"DISPATCH-05", Tier::kDocumented, "api", "cpg_dispatch",
       "CS_DISPATCH_ONE_NONBLOCKING dispatches at most one callback and never "
       "blocks; with no pending callback it answers CS_ERR_TRY_AGAIN.",
       kDispatchPage},
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
      {"DISPATCH-11", Tier::kObserved, "api", "cpg_dispatch",
       "On a connection that has not joined, the blocking types block and the "
       "others find nothing waiting.",
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
}

std::vector<Requirement> HandleRequirements() {
  return {
      {"HND-01", Tier::kObserved, "api", "",
       "A handle that was never issued, 0, or finalized is answered with "
       "CS_ERR_BAD_HANDLE.",
       kObserved},
      {"HND-02", Tier::kObserved, "api", "",
       "The value of a finalized handle stays bad when another connection "
       "takes its slot.",
       kObserved, true},
      {"INIT-01", Tier::kDocumented, "api", "cpg_initialize",
       "CS_OK gives a usable handle, and a process may hold several "
       "connections, each with a handle of its own.",
       "cpg_initialize(3), DESCRIPTION: several connections"},
      {"ERR-06", Tier::kDocumented, "api", "",
       "After an error nothing has happened: no event is consumed, nobody "
       "else's either.",
       "the meaning of an error return; cpg_dispatch(3), RETURN VALUE"},
      {"ERR-03", Tier::kObserved, "faults", "cpg_dispatch",
       "While the service is stopped the non-blocking types return at once, "
       "waiting events are dispatched, and the blocking types sleep until it "
       "goes on.",
       kObserved},
      {"FIN-01", Tier::kDocumented, "api", "cpg_finalize",
       "cpg_finalize closes the connection, and the handle may not be used "
       "again: not to dispatch, not to finalize.",
       "cpg_finalize(3), DESCRIPTION"},
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
      {"THR-01", Tier::kDocumented, "api", "",
       "One thread may dispatch while others call: joins and multicasts of "
       "other threads reach the dispatcher, each once.",
       "cpg_dispatch(3), DESCRIPTION: used in a threaded program"},
  };
}

std::vector<Requirement> EventRequirements() {
  return {
      {"JOIN-01", Tier::kDocumented, "api", "cpg_join",
       "After cpg_join the caller is given a configuration change with itself "
       "as joined.",
       "cpg_join(3), DESCRIPTION"},
      {"LEAVE-01", Tier::kDocumented, "api", "cpg_leave",
       "After cpg_leave the caller is given a configuration change with "
       "itself as left.",
       "cpg_leave(3), DESCRIPTION"},
      {"LEAVE-05", Tier::kObserved, "api", "cpg_leave",
       "What was ordered before the own leave is still delivered, before it.",
       kObserved},
      {"MCAST-01", Tier::kDocumented, "api", "cpg_mcast_joined",
       "A message is delivered once, unchanged, to every member, its sender "
       "included.",
       "cpg_mcast_joined(3), DESCRIPTION"},
      {"PART-01", Tier::kHeader, "api", "cpg_mcast_joined",
       "A message larger than cpg_max_atomic_msgsize_get's size is delivered "
       "whole, in one callback.",
       "<corosync/cpg.h>, cpg_max_atomic_msgsize_get"},
      {"PART-05", Tier::kObserved, "api", "cpg_dispatch",
       "A message in fragments is passed over silently when no deliver "
       "callback is registered.",
       "observed for messages in one piece in corosync 3.1.7"},
      {"CONF-01", Tier::kDocumented, "api", "cpg_dispatch",
       "The joined and left lists name who joined and left, with the reason.",
       "cpg_initialize(3), DESCRIPTION: cpg_address"},
      {"CONF-02", Tier::kObserved, "api", "cpg_dispatch",
       "The member list is the state after the change: with the joined, "
       "without the left, nobody twice.",
       kObserved},
      {"CONF-06", Tier::kDocumented, "api", "cpg_dispatch",
       "Each member is given the configuration changes of the others.",
       "cpg_join(3), DESCRIPTION: notifications of processes joining"},
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
  };
}

}  // namespace

const std::vector<Requirement>& Requirements() {
  static const std::vector<Requirement> table = [] {
    std::vector<Requirement> rows = DispatchRequirements();
    for (const auto& more : {HandleRequirements(), EventRequirements()}) {
      rows.insert(rows.end(), more.begin(), more.end());
    }
    return rows;
  }();
  return table;
}

const Requirement* FindRequirement(std::string_view id) {
  const auto found = std::ranges::find(Requirements(), id, &Requirement::id);
  return found == Requirements().end() ? nullptr : &*found;
}

std::vector<RequirementRow> RequirementRows() {
  std::vector<RequirementRow> rows;
  for (const Requirement& requirement : Requirements()) {
    rows.push_back({std::string(requirement.id), requirement.tier,
                    std::string(requirement.profile), requirement.optional});
  }
  return rows;
}

}  // namespace cpgcert::conformance
