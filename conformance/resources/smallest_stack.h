// How much stack cpg_dispatch(3) needs.

#ifndef CPGCERT_CONFORMANCE_RESOURCES_SMALLEST_STACK_H_
#define CPGCERT_CONFORMANCE_RESOURCES_SMALLEST_STACK_H_

#include "conformance/case.h"

namespace cpgcert::conformance::resources {

// DISPATCH-13: each kind of event in threads with ever larger stacks.
void DispatchOnSmallStacks(CaseContext& context);

}  // namespace cpgcert::conformance::resources

#endif  // CPGCERT_CONFORMANCE_RESOURCES_SMALLEST_STACK_H_
