// The table's rows, area by area.

#ifndef CPGCERT_CONFORMANCE_REQUIREMENTS_AREAS_H_
#define CPGCERT_CONFORMANCE_REQUIREMENTS_AREAS_H_

#include <string_view>
#include <vector>

#include "conformance/requirements/requirements.h"

namespace cpgcert::conformance {

inline constexpr std::string_view kObserved = "observed in corosync 3.1.7";

std::vector<Requirement> ConnectionRequirements();   // INIT, FIN, FD, CTX, HND
std::vector<Requirement> DispatchRequirements();     // DISPATCH
std::vector<Requirement> GroupRequirements();        // JOIN, LEAVE
std::vector<Requirement> EventRequirements();        // CONF, ORD, TOTEM
std::vector<Requirement> MessageRequirements();      // MCAST, PART, MAX
std::vector<Requirement> QueryRequirements();        // MEMB, LOCAL, FLOW, ITER
std::vector<Requirement> ZeroCopyRequirements();     // ZCB
std::vector<Requirement> ServiceRequirements();      // ERR, WIRE
std::vector<Requirement> ResourceRequirements();     // RES, LEAK
std::vector<Requirement> ConcurrencyRequirements();  // THR, FORK, SIG
std::vector<Requirement> WireRequirements();         // WIRE-CONFORMANT, ...

}  // namespace cpgcert::conformance

#endif  // CPGCERT_CONFORMANCE_REQUIREMENTS_AREAS_H_
