// Every entry point that takes the handle of a connection, called with
// arguments that are right but for the handle. Without those of zero copy,
// which may work without a connection.

#ifndef CPGCERT_CONFORMANCE_CONNECTIONS_HANDLE_CALLS_H_
#define CPGCERT_CONFORMANCE_CONNECTIONS_HANDLE_CALLS_H_

#include <string>
#include <string_view>
#include <vector>

#include "conformance/case.h"
#include "harness/cpg_api.h"

namespace cpgcert::conformance::connections {

struct HandleCall {
  std::string_view name;      // "Join", as in the names of cases
  std::string_view function;  // "cpg_join"
  // `group` is for calls that name one. CS_DISPATCH_ONE_NONBLOCKING is the type
  // of a dispatch.
  cs_error_t (*call)(const harness::CpgApi& api, cpg_handle_t handle,
                     const cpg_name& group);
  // It has an effect that other members see.
  bool seen_by_others;
};

// cpg_finalize is the last.
const std::vector<HandleCall>& HandleCalls();

// Fails each of `requirements` unless `call` with the bad `handle` answers
// CS_ERR_BAD_HANDLE. `what` describes the handle.
void ExpectBadHandle(CaseContext& context,
                     const std::vector<std::string>& requirements,
                     const HandleCall& call, const harness::CpgApi& api,
                     cpg_handle_t handle, std::string_view group,
                     std::string_view what);

}  // namespace cpgcert::conformance::connections

#endif  // CPGCERT_CONFORMANCE_CONNECTIONS_HANDLE_CALLS_H_
