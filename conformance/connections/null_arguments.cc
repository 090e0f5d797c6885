// Bad arguments: beside a bad handle (HND-04), and null pointers (HND-05).

#include <fmt/core.h>
#include <sys/mman.h>
#include <sys/uio.h>

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "conformance/connections/raw_connection.h"
#include "conformance/connections/topics.h"
#include "conformance/support/support.h"
#include "harness/forked_call.h"
#include "harness/trace/trace.h"

namespace cpgcert::conformance::connections {

namespace {

using harness::CpgApi;
using harness::ErrorName;

cpg_name LongName() {
  cpg_name name = harness::MakeGroupName("long");
  name.length = CPG_MAX_NAME_LENGTH + 1;
  return name;
}

// A call with a bad handle and a bad argument.
struct TwoErrorsRow {
  std::string_view name;
  std::string_view function;
  std::string_view argument;  // the bad one, in words
  cs_error_t (*call)(const CpgApi& api, cpg_handle_t handle);
  cs_error_t of_argument;  // beside CS_ERR_BAD_HANDLE
};

cs_error_t JoinLong(const CpgApi& api, cpg_handle_t handle) {
  const cpg_name name = LongName();
  return api.join(handle, &name);
}

cs_error_t LeaveLong(const CpgApi& api, cpg_handle_t handle) {
  const cpg_name name = LongName();
  return api.leave(handle, &name);
}

cs_error_t MembershipLong(const CpgApi& api, cpg_handle_t handle) {
  cpg_name name = LongName();
  cpg_address member{};
  int count = 1;
  return api.membership_get(handle, &name, &member, &count);
}

cs_error_t MembershipNoList(const CpgApi& api, cpg_handle_t handle) {
  cpg_name name = harness::MakeGroupName("g");
  int count = 1;
  return api.membership_get(handle, &name, nullptr, &count);
}

cs_error_t MembershipNoCount(const CpgApi& api, cpg_handle_t handle) {
  cpg_name name = harness::MakeGroupName("g");
  cpg_address member{};
  return api.membership_get(handle, &name, &member, nullptr);
}

cs_error_t IterationLong(const CpgApi& api, cpg_handle_t handle) {
  const cpg_name name = LongName();
  cpg_iteration_handle_t iteration = 0;
  return api.iteration_initialize(handle, CPG_ITERATION_ONE_GROUP, &name,
                                  &iteration);
}

cs_error_t IterationNoGroup(const CpgApi& api, cpg_handle_t handle) {
  cpg_iteration_handle_t iteration = 0;
  return api.iteration_initialize(handle, CPG_ITERATION_ONE_GROUP, nullptr,
                                  &iteration);
}

// A type outside the enumeration is the point.
__attribute__((no_sanitize("enum"))) cs_error_t
IterationBadType(const CpgApi& api, cpg_handle_t handle) {
  cpg_iteration_handle_t iteration = 0;
  return api.iteration_initialize(handle, static_cast<cpg_iteration_type_t>(99),
                                  nullptr, &iteration);
}

cs_error_t NextNoDescription(const CpgApi& api, cpg_handle_t handle) {
  return api.iteration_next(handle, nullptr);
}

__attribute__((no_sanitize("enum"))) cs_error_t
DispatchBadType(const CpgApi& api, cpg_handle_t handle) {
  return api.dispatch(handle, static_cast<cs_dispatch_flags_t>(99));
}

constexpr auto kTwoErrors = std::to_array<TwoErrorsRow>({
    {"Join/LongName", "cpg_join", "a name of 129 bytes", JoinLong,
     CS_ERR_NAME_TOO_LONG},
    {"Leave/LongName", "cpg_leave", "a name of 129 bytes", LeaveLong,
     CS_ERR_NAME_TOO_LONG},
    {"MembershipGet/LongName", "cpg_membership_get", "a name of 129 bytes",
     MembershipLong, CS_ERR_NAME_TOO_LONG},
    {"MembershipGet/NullList", "cpg_membership_get", "a null list",
     MembershipNoList, CS_ERR_INVALID_PARAM},
    {"MembershipGet/NullCount", "cpg_membership_get", "a null count",
     MembershipNoCount, CS_ERR_INVALID_PARAM},
    {"IterationInitialize/LongName", "cpg_iteration_initialize",
     "a name of 129 bytes", IterationLong, CS_ERR_NAME_TOO_LONG},
    {"IterationInitialize/NoGroup", "cpg_iteration_initialize",
     "CPG_ITERATION_ONE_GROUP without a group", IterationNoGroup,
     CS_ERR_INVALID_PARAM},
    {"IterationInitialize/UnknownType", "cpg_iteration_initialize", "type 99",
     IterationBadType, CS_ERR_INVALID_PARAM},
    {"IterationNext/NullDescription", "cpg_iteration_next",
     "a null description", NextNoDescription, CS_ERR_INVALID_PARAM},
    {"Dispatch/UnknownType", "cpg_dispatch", "type 99", DispatchBadType,
     CS_ERR_INVALID_PARAM},
});

void BothAreBad(CaseContext& context, const TwoErrorsRow& row) {
  const auto client = Connect(context);
  const CpgApi& api = context.Api({row.function});
  const std::string call =
      fmt::format("{} with handle 0 and {}", row.function, row.argument);
  context.Step(call);
  const cs_error_t came = row.call(api, 0);
  ExpectOneOf(context, "HND-04", call, came,
              {CS_ERR_BAD_HANDLE, row.of_argument});
  context.Note(fmt::format("{}: {}", call, ErrorName(came)));
}

// A call with a null pointer, in a child process, which may die of it.
struct NullRow {
  std::string_view name;
  std::string_view function;
  std::string_view pointer;  // in words
  cs_error_t (*call)(const CpgApi& api, cpg_handle_t handle);
  bool needs_connection;
  bool needs_capability;
};

cs_error_t InitializeNull(const CpgApi& api, cpg_handle_t /*handle*/) {
  cpg_callbacks_t callbacks = PlainCallbacks(Table::kDecoy);
  return api.initialize(nullptr, &callbacks);
}

cs_error_t ModelInitializeNull(const CpgApi& api, cpg_handle_t /*handle*/) {
  cpg_model_v1_data_t data = ModelData(Table::kDecoy);
  return api.model_initialize(nullptr, CPG_MODEL_V1, AsModelData(&data),
                              nullptr);
}

cs_error_t DescriptorNull(const CpgApi& api, cpg_handle_t handle) {
  return api.fd_get(handle, nullptr);
}

cs_error_t MaxAtomicSizeNull(const CpgApi& api, cpg_handle_t handle) {
  return api.max_atomic_msgsize_get(handle, nullptr);
}

cs_error_t ContextNull(const CpgApi& api, cpg_handle_t handle) {
  return api.context_get(handle, nullptr);
}

cs_error_t JoinNull(const CpgApi& api, cpg_handle_t handle) {
  return api.join(handle, nullptr);
}

cs_error_t MulticastNull(const CpgApi& api, cpg_handle_t handle) {
  return api.mcast_joined(handle, CPG_TYPE_AGREED, nullptr, 1);
}

cs_error_t MembershipNull(const CpgApi& api, cpg_handle_t handle) {
  cpg_address member{};
  int count = 1;
  return api.membership_get(handle, nullptr, &member, &count);
}

cs_error_t LocalNull(const CpgApi& api, cpg_handle_t handle) {
  return api.local_get(handle, nullptr);
}

cs_error_t FlowControlNull(const CpgApi& api, cpg_handle_t handle) {
  return api.flow_control_state_get(handle, nullptr);
}

cs_error_t ZeroCopyNull(const CpgApi& api, cpg_handle_t handle) {
  return api.zcb_alloc(handle, 64, nullptr);
}

cs_error_t IterationNull(const CpgApi& api, cpg_handle_t handle) {
  return api.iteration_initialize(handle, CPG_ITERATION_ALL, nullptr, nullptr);
}

cs_error_t NextNull(const CpgApi& api, cpg_handle_t handle) {
  cpg_iteration_handle_t iteration = 0;
  const cs_error_t begun =
      api.iteration_initialize(handle, CPG_ITERATION_ALL, nullptr, &iteration);
  return begun == CS_OK ? api.iteration_next(iteration, nullptr) : begun;
}

// cpg_leave is not here: its page says that the group is ignored.
constexpr auto kNulls = std::to_array<NullRow>({
    {"Initialize/Handle", "cpg_initialize", "handle", InitializeNull, false,
     false},
    {"ModelInitialize/Handle", "cpg_model_initialize", "handle",
     ModelInitializeNull, false, false},
    {"DescriptorGet/Descriptor", "cpg_fd_get", "descriptor", DescriptorNull,
     true, false},
    {"MaxAtomicSizeGet/Size", "cpg_max_atomic_msgsize_get", "size",
     MaxAtomicSizeNull, true, false},
    {"ContextGet/Context", "cpg_context_get", "context", ContextNull, true,
     false},
    {"Join/Group", "cpg_join", "group", JoinNull, true, false},
    {"Multicast/Vector", "cpg_mcast_joined", "vector of one part",
     MulticastNull, true, false},
    {"MembershipGet/Group", "cpg_membership_get", "group", MembershipNull, true,
     false},
    {"LocalGet/NodeId", "cpg_local_get", "node id", LocalNull, true, false},
    {"FlowControlStateGet/State", "cpg_flow_control_state_get", "state",
     FlowControlNull, true, false},
    {"ZeroCopyAllocate/Buffer", "cpg_zcb_alloc", "buffer", ZeroCopyNull, true,
     true},
    {"IterationInitialize/Iteration", "cpg_iteration_initialize", "iteration",
     IterationNull, true, false},
    {"IterationNext/Description", "cpg_iteration_next", "description", NextNull,
     true, false},
});

// One byte that a child can set for its parent.
class SharedFlag {
 public:
  SharedFlag()
      : place_(mmap(nullptr, 1, PROT_READ | PROT_WRITE,
                    MAP_SHARED | MAP_ANONYMOUS, -1, 0)) {
    if (place_ == MAP_FAILED) {
      CaseContext::Untested("no shared memory for a flag");
    }
  }
  ~SharedFlag() { munmap(place_, 1); }
  SharedFlag(const SharedFlag&) = delete;
  SharedFlag& operator=(const SharedFlag&) = delete;
  void Set() { *static_cast<volatile char*>(place_) = 1; }
  bool IsSet() const {
    return harness::trace::Observe("child_set_flag", [this] {
      return *static_cast<const volatile char*>(place_) == 1;
    });
  }

 private:
  void* place_;
};

void IsNoSilentSuccess(CaseContext& context, const NullRow& row) {
  const CpgApi& api =
      context.Api({row.function, "cpg_initialize", "cpg_finalize"});
  SharedFlag reached;
  const std::string call =
      fmt::format("{}, {} = NULL", row.function, row.pointer);
  context.Step(call + ", in a child process");
  const harness::ForkedCallResult result = harness::RunInForkedChild(
      [&]() -> std::string {
        cpg_handle_t handle = 0;
        const cs_error_t connected = harness::RetryWhileTryAgain(
            [&] {
              return row.needs_connection ? api.initialize(&handle, nullptr)
                                          : CS_OK;
            },
            kWaitDeadline);
        if (connected != CS_OK) {
          return "cpg_initialize answered " + ErrorName(connected);
        }
        reached.Set();
        return ErrorName(row.call(api, handle));
      },
      2 * kWaitDeadline);
  const std::string came = result.returned ? result.text : result.end;
  if (!reached.IsSet()) {
    CaseContext::Untested("the child did not come to its call: " + came);
  }
  context.Note(fmt::format("{}: {}", call, came));
  if (came == ErrorName(CS_OK) || came.starts_with("still running")) {
    context.Fail("HND-05",
                 Report(call, "an error, or the end of the process", came));
  }
}

}  // namespace

void RegisterNullArguments() {
  for (const TwoErrorsRow& row : kTwoErrors) {
    RegisterCase({.name = fmt::format("HND-04/{}", row.name),
                  .requirements = {"HND-04"},
                  .profile = "api",
                  .needs_capability =
                      std::string_view(row.name).starts_with("Iteration")},
                 [&row](CaseContext& context) { BothAreBad(context, row); });
  }
  for (const NullRow& row : kNulls) {
    RegisterCase(
        {.name = fmt::format("HND-05/{}", row.name),
         .requirements = {"HND-05"},
         .profile = "api",
         .needs_capability =
             row.needs_capability ||
             std::string_view(row.name).starts_with("Iteration")},
        [&row](CaseContext& context) { IsNoSilentSuccess(context, row); });
  }
}

}  // namespace cpgcert::conformance::connections
