// The entry points of a libcpg, resolved from any shared object.
//
// Source of the names and types: <corosync/cpg.h> of corosync 3.1.7.

#ifndef CPGCERT_HARNESS_CPG_API_H_
#define CPGCERT_HARNESS_CPG_API_H_

#include <corosync/cpg.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace cpgcert::harness {

// One function pointer for each entry point of libcpg. A symbol that the
// library does not export is a null pointer: a capability that is absent.
struct CpgApi {
  decltype(&::cpg_initialize) initialize = nullptr;
  decltype(&::cpg_model_initialize) model_initialize = nullptr;
  decltype(&::cpg_finalize) finalize = nullptr;
  decltype(&::cpg_fd_get) fd_get = nullptr;
  decltype(&::cpg_max_atomic_msgsize_get) max_atomic_msgsize_get = nullptr;
  decltype(&::cpg_context_get) context_get = nullptr;
  decltype(&::cpg_context_set) context_set = nullptr;
  decltype(&::cpg_dispatch) dispatch = nullptr;
  decltype(&::cpg_join) join = nullptr;
  decltype(&::cpg_leave) leave = nullptr;
  decltype(&::cpg_mcast_joined) mcast_joined = nullptr;
  decltype(&::cpg_membership_get) membership_get = nullptr;
  decltype(&::cpg_local_get) local_get = nullptr;
  decltype(&::cpg_flow_control_state_get) flow_control_state_get = nullptr;
  decltype(&::cpg_zcb_alloc) zcb_alloc = nullptr;
  decltype(&::cpg_zcb_free) zcb_free = nullptr;
  decltype(&::cpg_zcb_mcast_joined) zcb_mcast_joined = nullptr;
  decltype(&::cpg_iteration_initialize) iteration_initialize = nullptr;
  decltype(&::cpg_iteration_next) iteration_next = nullptr;
  decltype(&::cpg_iteration_finalize) iteration_finalize = nullptr;

  // The symbols that were not found, in the order of the header.
  std::vector<std::string> missing;

  // True if the library exports `symbol`, such as "cpg_dispatch".
  bool Has(std::string_view symbol) const;
  // As if the library did not export it.
  void Remove(std::string_view symbol);
};

// Every symbol that CpgApi resolves, in the order of the header.
const std::vector<std::string>& CpgSymbols();

// Loads the shared object at `path` into this process and resolves it.
//
// Runs the constructors of a library that is not trusted: call it only in a
// process that may be lost (isolated_run.h). The library stays loaded until
// the process ends. On failure returns an empty pointer and sets `*error` to
// the loader's one line.
std::unique_ptr<CpgApi> LoadCpgApi(const std::string& path, std::string* error);

// The name of a cs_error_t as the header spells it ("CS_ERR_TRY_AGAIN"), or
// "cs_error_t(77)" for a value that <corosync/corotypes.h> does not define.
std::string ErrorName(cs_error_t error);

}  // namespace cpgcert::harness

#endif  // CPGCERT_HARNESS_CPG_API_H_
