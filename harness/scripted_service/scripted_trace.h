// The log of requests, as it stands in a trace.

#ifndef CPGCERT_HARNESS_SCRIPTED_SERVICE_SCRIPTED_TRACE_H_
#define CPGCERT_HARNESS_SCRIPTED_SERVICE_SCRIPTED_TRACE_H_

#include <functional>
#include <vector>

#include "harness/scripted_service/scripted_service.h"

namespace cpgcert::harness {

// What `look` says, or in a replay what it said; see harness/trace.
std::vector<LoggedRequest> ObserveRequests(
    const std::function<std::vector<LoggedRequest>()>& look);

}  // namespace cpgcert::harness

#endif  // CPGCERT_HARNESS_SCRIPTED_SERVICE_SCRIPTED_TRACE_H_
