// What became of a member, as it stands in a trace.

#ifndef CPGCERT_HARNESS_SWARM_SWARM_TRACE_H_
#define CPGCERT_HARNESS_SWARM_SWARM_TRACE_H_

#include <functional>

#include "harness/swarm/swarm.h"

namespace cpgcert::harness {

// What `look` says, or in a replay what it said; see harness/trace.
SwarmMember ObserveMember(const std::function<SwarmMember()>& look);

}  // namespace cpgcert::harness

#endif  // CPGCERT_HARNESS_SWARM_SWARM_TRACE_H_
