// The entry points of a libcpg, each call of which is an event of the trace.
//
// Callbacks are events too: the library is given functions of ours, in a copy
// of the caller's table that ends where no more memory may be touched and is
// overwritten when the call has returned, and these call the caller's own.

#ifndef CPGCERT_HARNESS_TRACE_TRACED_API_H_
#define CPGCERT_HARNESS_TRACE_TRACED_API_H_

#include <memory>
#include <string>

#include "harness/cpg_api.h"

namespace cpgcert::harness::trace {

// LoadCpgApi(). In a process that records, with events; in a replay nothing is
// loaded, and each call gives what it gave. At most one library in a process.
std::unique_ptr<CpgApi> LoadTracedApi(const std::string& path,
                                      std::string* error);

}  // namespace cpgcert::harness::trace

#endif  // CPGCERT_HARNESS_TRACE_TRACED_API_H_
