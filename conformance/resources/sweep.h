// A call again and again while a resource runs out at one place after the
// other.

#ifndef CPGCERT_CONFORMANCE_RESOURCES_SWEEP_H_
#define CPGCERT_CONFORMANCE_RESOURCES_SWEEP_H_

#include "conformance/case.h"
#include "conformance/resources/operations.h"
#include "conformance/resources/probe.h"
#include "conformance/resources/shortage.h"

namespace cpgcert::conformance::resources {

// Probes the call at each step of the shortage until it is not felt any more,
// and fails the promises that were broken, each once for all steps. Decides
// RequirementOf(resource), or RES-04 and ERR-06, or all of them.
void Sweep(CaseContext& context, const Operation& operation, Resource resource,
           Aspect aspect);

}  // namespace cpgcert::conformance::resources

#endif  // CPGCERT_CONFORMANCE_RESOURCES_SWEEP_H_
