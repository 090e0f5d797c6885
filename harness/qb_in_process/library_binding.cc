#include "harness/qb_in_process/library_binding.h"

#include <fmt/core.h>

#include <cstdint>

#include "harness/qb_in_process/in_process_node.h"
#include "harness/qb_in_process/in_process_service.h"

namespace cpgcert::harness {

std::string WhyLibraryDoesNotBindHere(const CpgApi& api) {
  if (api.initialize == nullptr || api.finalize == nullptr ||
      api.local_get == nullptr) {
    return "the library lacks cpg_initialize, cpg_finalize or cpg_local_get";
  }
  constexpr unsigned int kNode = 4711;
  InProcessService service;
  const InProcessNode node(kNode, &service);
  cpg_handle_t handle = 0;
  const cs_error_t result = api.initialize(&handle, nullptr);
  const bool came = service.counters().connects > 0;
  if (result != CS_OK) {
    return fmt::format("cpg_initialize: {}, {} connection to qb_ipcc_connect",
                       ErrorName(result), came ? "after a" : "and no");
  }
  unsigned int local = 0;
  const cs_error_t answer = api.local_get(handle, &local);
  api.finalize(handle);
  if (!came) {
    return "cpg_initialize: CS_OK, but the connection was made elsewhere: the "
           "library does not use the qb_ipcc functions of its process";
  }
  if (answer != CS_OK || local != kNode) {
    return fmt::format("cpg_local_get: {}, node {} instead of {}",
                       ErrorName(answer), local, kNode);
  }
  return "";
}

}  // namespace cpgcert::harness
