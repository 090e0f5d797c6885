#include "conformance/connections/handle_calls.h"

#include <fmt/core.h>
#include <sys/uio.h>

#include <array>

#include "conformance/support/support.h"
#include "harness/client.h"

namespace cpgcert::conformance::connections {

namespace {

using harness::CpgApi;

cs_error_t DescriptorGet(const CpgApi& api, cpg_handle_t handle,
                         const cpg_name& /*group*/) {
  int descriptor = -1;
  return api.fd_get(handle, &descriptor);
}

cs_error_t MaxAtomicSizeGet(const CpgApi& api, cpg_handle_t handle,
                            const cpg_name& /*group*/) {
  uint32_t size = 0;
  return api.max_atomic_msgsize_get(handle, &size);
}

cs_error_t ContextGet(const CpgApi& api, cpg_handle_t handle,
                      const cpg_name& /*group*/) {
  void* context = nullptr;
  return api.context_get(handle, &context);
}

cs_error_t ContextSet(const CpgApi& api, cpg_handle_t handle,
                      const cpg_name& /*group*/) {
  static int target = 0;
  return api.context_set(handle, &target);
}

cs_error_t Dispatch(const CpgApi& api, cpg_handle_t handle,
                    const cpg_name& /*group*/) {
  return api.dispatch(handle, CS_DISPATCH_ONE_NONBLOCKING);
}

cs_error_t JoinGroup(const CpgApi& api, cpg_handle_t handle,
                     const cpg_name& group) {
  return api.join(handle, &group);
}

cs_error_t LeaveGroup(const CpgApi& api, cpg_handle_t handle,
                      const cpg_name& group) {
  return api.leave(handle, &group);
}

cs_error_t Multicast(const CpgApi& api, cpg_handle_t handle,
                     const cpg_name& /*group*/) {
  std::array<char, 4> bytes{'b', 'a', 'd', '!'};
  const iovec part{bytes.data(), bytes.size()};
  return api.mcast_joined(handle, CPG_TYPE_AGREED, &part, 1);
}

cs_error_t MulticastLarge(const CpgApi& api, cpg_handle_t handle,
                          const cpg_name& /*group*/) {
  static std::string bytes(size_t{2} << 20, 'x');
  const iovec part{bytes.data(), bytes.size()};
  return api.mcast_joined(handle, CPG_TYPE_AGREED, &part, 1);
}

cs_error_t MembershipGet(const CpgApi& api, cpg_handle_t handle,
                         const cpg_name& group) {
  cpg_name name = group;
  std::array<cpg_address, CPG_MEMBERS_MAX> members{};
  int count = CPG_MEMBERS_MAX;
  return api.membership_get(handle, &name, members.data(), &count);
}

cs_error_t LocalGet(const CpgApi& api, cpg_handle_t handle,
                    const cpg_name& /*group*/) {
  unsigned int node_id = 0;
  return api.local_get(handle, &node_id);
}

cs_error_t FlowControlStateGet(const CpgApi& api, cpg_handle_t handle,
                               const cpg_name& /*group*/) {
  cpg_flow_control_state_t state = CPG_FLOW_CONTROL_DISABLED;
  return api.flow_control_state_get(handle, &state);
}

cs_error_t IterationInitialize(const CpgApi& api, cpg_handle_t handle,
                               const cpg_name& /*group*/) {
  cpg_iteration_handle_t iteration = 0;
  return api.iteration_initialize(handle, CPG_ITERATION_ALL, nullptr,
                                  &iteration);
}

cs_error_t Finalize(const CpgApi& api, cpg_handle_t handle,
                    const cpg_name& /*group*/) {
  return api.finalize(handle);
}

}  // namespace

const std::vector<HandleCall>& HandleCalls() {
  static const std::vector<HandleCall> calls = {
      {"DescriptorGet", "cpg_fd_get", DescriptorGet, false},
      {"MaxAtomicSizeGet", "cpg_max_atomic_msgsize_get", MaxAtomicSizeGet,
       false},
      {"ContextGet", "cpg_context_get", ContextGet, false},
      {"ContextSet", "cpg_context_set", ContextSet, false},
      {"Dispatch", "cpg_dispatch", Dispatch, false},
      {"Join", "cpg_join", JoinGroup, true},
      {"Leave", "cpg_leave", LeaveGroup, true},
      {"Multicast", "cpg_mcast_joined", Multicast, true},
      {"MulticastLarge", "cpg_mcast_joined", MulticastLarge, true},
      {"MembershipGet", "cpg_membership_get", MembershipGet, false},
      {"LocalGet", "cpg_local_get", LocalGet, false},
      {"FlowControlStateGet", "cpg_flow_control_state_get", FlowControlStateGet,
       false},
      {"IterationInitialize", "cpg_iteration_initialize", IterationInitialize,
       false},
      {"Finalize", "cpg_finalize", Finalize, true},
  };
  return calls;
}

void ExpectBadHandle(CaseContext& context,
                     const std::vector<std::string>& requirements,
                     const HandleCall& call, const CpgApi& api,
                     cpg_handle_t handle, std::string_view group,
                     std::string_view what) {
  const std::string text =
      fmt::format("{} with {} ({:#x})", call.function, what, handle);
  context.Step(text);
  const cs_error_t came = call.call(api, handle, harness::MakeGroupName(group));
  for (const std::string& requirement : requirements) {
    ExpectOneOf(context, requirement, text, came, {CS_ERR_BAD_HANDLE});
  }
}

}  // namespace cpgcert::conformance::connections
