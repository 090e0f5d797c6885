#include "harness/cpg_api.h"

#include <dlfcn.h>
#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <utility>

namespace cpgcert::harness {

namespace {

// Stores the address of `symbol`, or null, where `slot` points.
template <typename Function>
void Resolve(void* library, const char* symbol, Function* slot,
             std::vector<std::string>* missing) {
  *slot = reinterpret_cast<Function>(dlsym(library, symbol));
  if (*slot == nullptr) {
    missing->emplace_back(symbol);
  }
}

// Calls `visit(symbol, pointer to its slot)` for each entry point.
template <typename Visitor>
void ForEachEntryPoint(CpgApi* api, Visitor visit) {
  visit("cpg_initialize", &api->initialize);
  visit("cpg_model_initialize", &api->model_initialize);
  visit("cpg_finalize", &api->finalize);
  visit("cpg_fd_get", &api->fd_get);
  visit("cpg_max_atomic_msgsize_get", &api->max_atomic_msgsize_get);
  visit("cpg_context_get", &api->context_get);
  visit("cpg_context_set", &api->context_set);
  visit("cpg_dispatch", &api->dispatch);
  visit("cpg_join", &api->join);
  visit("cpg_leave", &api->leave);
  visit("cpg_mcast_joined", &api->mcast_joined);
  visit("cpg_membership_get", &api->membership_get);
  visit("cpg_local_get", &api->local_get);
  visit("cpg_flow_control_state_get", &api->flow_control_state_get);
  visit("cpg_zcb_alloc", &api->zcb_alloc);
  visit("cpg_zcb_free", &api->zcb_free);
  visit("cpg_zcb_mcast_joined", &api->zcb_mcast_joined);
  visit("cpg_iteration_initialize", &api->iteration_initialize);
  visit("cpg_iteration_next", &api->iteration_next);
  visit("cpg_iteration_finalize", &api->iteration_finalize);
}

constexpr auto kErrorNames = std::to_array<std::pair<int, const char*>>({
    {CS_OK, "CS_OK"},
    {CS_ERR_LIBRARY, "CS_ERR_LIBRARY"},
    {CS_ERR_VERSION, "CS_ERR_VERSION"},
    {CS_ERR_INIT, "CS_ERR_INIT"},
    {CS_ERR_TIMEOUT, "CS_ERR_TIMEOUT"},
    {CS_ERR_TRY_AGAIN, "CS_ERR_TRY_AGAIN"},
    {CS_ERR_INVALID_PARAM, "CS_ERR_INVALID_PARAM"},
    {CS_ERR_NO_MEMORY, "CS_ERR_NO_MEMORY"},
    {CS_ERR_BAD_HANDLE, "CS_ERR_BAD_HANDLE"},
    {CS_ERR_BUSY, "CS_ERR_BUSY"},
    {CS_ERR_ACCESS, "CS_ERR_ACCESS"},
    {CS_ERR_NOT_EXIST, "CS_ERR_NOT_EXIST"},
    {CS_ERR_NAME_TOO_LONG, "CS_ERR_NAME_TOO_LONG"},
    {CS_ERR_EXIST, "CS_ERR_EXIST"},
    {CS_ERR_NO_SPACE, "CS_ERR_NO_SPACE"},
    {CS_ERR_INTERRUPT, "CS_ERR_INTERRUPT"},
    {CS_ERR_NAME_NOT_FOUND, "CS_ERR_NAME_NOT_FOUND"},
    {CS_ERR_NO_RESOURCES, "CS_ERR_NO_RESOURCES"},
    {CS_ERR_NOT_SUPPORTED, "CS_ERR_NOT_SUPPORTED"},
    {CS_ERR_BAD_OPERATION, "CS_ERR_BAD_OPERATION"},
    {CS_ERR_FAILED_OPERATION, "CS_ERR_FAILED_OPERATION"},
    {CS_ERR_MESSAGE_ERROR, "CS_ERR_MESSAGE_ERROR"},
    {CS_ERR_QUEUE_FULL, "CS_ERR_QUEUE_FULL"},
    {CS_ERR_QUEUE_NOT_AVAILABLE, "CS_ERR_QUEUE_NOT_AVAILABLE"},
    {CS_ERR_BAD_FLAGS, "CS_ERR_BAD_FLAGS"},
    {CS_ERR_TOO_BIG, "CS_ERR_TOO_BIG"},
    {CS_ERR_NO_SECTIONS, "CS_ERR_NO_SECTIONS"},
    {CS_ERR_CONTEXT_NOT_FOUND, "CS_ERR_CONTEXT_NOT_FOUND"},
    {CS_ERR_TOO_MANY_GROUPS, "CS_ERR_TOO_MANY_GROUPS"},
    {CS_ERR_SECURITY, "CS_ERR_SECURITY"},
});

}  // namespace

bool CpgApi::Has(std::string_view symbol) const {
  return std::ranges::find(CpgSymbols(), symbol) != CpgSymbols().end() &&
         std::ranges::find(missing, symbol) == missing.end();
}

void CpgApi::Remove(std::string_view symbol) {
  ForEachEntryPoint(this, [&](const char* name, auto* slot) {
    if (name == symbol) {
      *slot = nullptr;
      missing.emplace_back(name);
    }
  });
}

const std::vector<std::string>& CpgSymbols() {
  static const std::vector<std::string> symbols = [] {
    CpgApi ignored;
    std::vector<std::string> names;
    ForEachEntryPoint(&ignored, [&names](const char* symbol, auto* /*slot*/) {
      names.emplace_back(symbol);
    });
    return names;
  }();
  return symbols;
}

std::unique_ptr<CpgApi> LoadCpgApi(const std::string& path,
                                   std::string* error) {
  void* library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    const char* reason = dlerror();
    *error = reason != nullptr ? reason : "dlopen failed without a reason";
    return nullptr;
  }
  auto api = std::make_unique<CpgApi>();
  ForEachEntryPoint(api.get(), [&](const char* symbol, auto* slot) {
    Resolve(library, symbol, slot, &api->missing);
  });
  error->clear();
  return api;
}

std::string ErrorName(cs_error_t error) {
  const auto* found = std::ranges::find(kErrorNames, static_cast<int>(error),
                                        &std::pair<int, const char*>::first);
  if (found == kErrorNames.end()) {
    return fmt::format("cs_error_t({})", static_cast<int>(error));
  }
  return found->second;
}

}  // namespace cpgcert::harness
