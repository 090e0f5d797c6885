// The calls that make, end and describe a connection.

#ifndef CPGCERT_HARNESS_TRACE_TRACED_CONNECTIONS_H_
#define CPGCERT_HARNESS_TRACE_TRACED_CONNECTIONS_H_

#include "harness/cpg_api.h"

namespace cpgcert::harness::trace {

// Puts those that are traced into the table.
void AddConnectionCalls(CpgApi* api);

}  // namespace cpgcert::harness::trace

#endif  // CPGCERT_HARNESS_TRACE_TRACED_CONNECTIONS_H_
