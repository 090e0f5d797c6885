#include "conformance/resources/operations.h"

#include <fmt/core.h>
#include <unistd.h>

#include <array>
#include <cstring>

#include "harness/client.h"

namespace cpgcert::conformance::resources {

namespace {

constexpr size_t kLargeSize = size_t{3} << 19;  // 1.5 MiB
constexpr size_t kBufferSize = 5000;

const std::vector<Resource> kEverything = {
    Resource::kMemory, Resource::kDescriptors, Resource::kSharedMemory};

// --- Before the call ---------------------------------------------------------

std::string Nothing(Connection& /*connection*/) { return ""; }

std::string Connected(Connection& connection) { return connection.Connect(); }

std::string Joined(Connection& connection) {
  return connection.ConnectAndJoin();
}

// The own configuration change waits, and a mark after it.
std::string ChangeWaits(Connection& connection) {
  std::string error = connection.Connect();
  if (error.empty()) {
    error = Answer("cpg_join",
                   harness::RetryWhileTryAgain(
                       [&connection] { return connection.Join(); }, kDeadline));
  }
  return error.empty() ? connection.SendMark() : error;
}

// The message waits, and a mark after it.
std::string MessageWaits(Connection& connection) {
  std::string error = connection.ConnectAndJoin();
  if (error.empty()) {
    error = Answer(
        "cpg_mcast_joined",
        harness::RetryWhileTryAgain(
            [&connection] { return connection.Multicast(); }, kDeadline));
  }
  return error.empty() ? connection.SendMark() : error;
}

std::string BufferThere(Connection& connection) {
  std::string error = connection.ConnectAndJoin();
  if (error.empty()) {
    error = Answer("cpg_zcb_alloc",
                   connection.api().zcb_alloc(connection.handle, kBufferSize,
                                              &connection.buffer));
  }
  if (error.empty()) {
    const std::string_view message = Operation{}.message;
    std::memcpy(connection.buffer, message.data(), message.size());
  }
  return error;
}

std::string Iterating(Connection& connection) {
  std::string error = connection.ConnectAndJoin();
  return error.empty() ? Answer("cpg_iteration_initialize",
                                connection.api().iteration_initialize(
                                    connection.handle, CPG_ITERATION_ONE_GROUP,
                                    &connection.group, &connection.iteration))
                       : error;
}

// --- After the call ----------------------------------------------------------

std::string Usable(Connection& connection) {
  unsigned int node_id = 0;
  return Answer("then cpg_local_get",
                connection.api().local_get(connection.handle, &node_id));
}

std::string NothingMore(Connection& /*connection*/) { return ""; }

// `count` of `what` were owed: exactly one.
std::string ExactlyOne(int count, const char* what) {
  return count == 1 ? "" : fmt::format("{} {}, not 1", count, what);
}

std::string JoinedOnce(Connection& connection) {
  std::string error = connection.SendMark();
  if (error.empty()) {
    error = connection.DispatchMarks(1);
  }
  return error.empty() ? ExactlyOne(connection.seen().own_joins,
                                    "configuration changes that name it joined")
                       : error;
}

std::string LeftOnce(Connection& connection) {
  std::string error = connection.DispatchUntil(
      [&connection] { return connection.seen().own_leaves > 0; });
  if (error.empty()) {
    error = Usable(connection);
  }
  if (error.empty()) {
    connection.api().dispatch(connection.handle, CS_DISPATCH_ALL);
  }
  return error.empty() ? ExactlyOne(connection.seen().own_leaves,
                                    "configuration changes that name it left")
                       : error;
}

std::string DeliveredOnce(Connection& connection) {
  std::string error = connection.SendMark();
  if (error.empty()) {
    error = connection.DispatchMarks(1);
  }
  if (error.empty() && connection.seen().damaged > 0) {
    return "a message that nobody sent was delivered";
  }
  return error.empty()
             ? ExactlyOne(connection.seen().whole, "deliveries of the message")
             : error;
}

std::string SeenOnce(Connection& connection) {
  return connection.seen().damaged > 0
             ? "a message that nobody sent was delivered"
             : ExactlyOne(connection.seen().whole, "deliveries of the message");
}

std::string ChangeSeenOnce(Connection& connection) {
  return ExactlyOne(connection.seen().own_joins,
                    "configuration changes that name it joined");
}

// --- Queries -----------------------------------------------------------------

cs_error_t GetMembership(Connection& connection) {
  std::array<cpg_address, CPG_MEMBERS_MAX> members{};
  int count = static_cast<int>(members.size());
  return connection.api().membership_get(connection.handle, &connection.group,
                                         members.data(), &count);
}

cs_error_t GetLocal(Connection& connection) {
  unsigned int node_id = 0;
  return connection.api().local_get(connection.handle, &node_id);
}

cs_error_t GetDescriptor(Connection& connection) {
  int descriptor = -1;
  return connection.api().fd_get(connection.handle, &descriptor);
}

cs_error_t GetContext(Connection& connection) {
  void* context = nullptr;
  return connection.api().context_get(connection.handle, &context);
}

cs_error_t SetContext(Connection& connection) {
  return connection.api().context_set(connection.handle, &connection);
}

cs_error_t GetMaximumSize(Connection& connection) {
  uint32_t size = 0;
  return connection.api().max_atomic_msgsize_get(connection.handle, &size);
}

cs_error_t GetFlowControl(Connection& connection) {
  cpg_flow_control_state_t state{};
  return connection.api().flow_control_state_get(connection.handle, &state);
}

// --- Zero copy and iteration -------------------------------------------------

cs_error_t AllocateBuffer(Connection& connection) {
  return connection.api().zcb_alloc(connection.handle, kBufferSize,
                                    &connection.buffer);
}

std::string BufferUsable(Connection& connection) {
  std::memset(connection.buffer, 'x', kBufferSize);
  return Answer("then cpg_zcb_free", connection.api().zcb_free(
                                         connection.handle, connection.buffer));
}

cs_error_t FreeBuffer(Connection& connection) {
  return connection.api().zcb_free(connection.handle, connection.buffer);
}

cs_error_t MulticastBuffer(Connection& connection) {
  return connection.api().zcb_mcast_joined(connection.handle, CPG_TYPE_AGREED,
                                           connection.buffer,
                                           Operation{}.message.size());
}

std::string BufferDelivered(Connection& connection) {
  std::string error = DeliveredOnce(connection);
  return error.empty() ? Answer("then cpg_zcb_free", FreeBuffer(connection))
                       : error;
}

cs_error_t InitializeIteration(Connection& connection) {
  return connection.api().iteration_initialize(
      connection.handle, CPG_ITERATION_ONE_GROUP, &connection.group,
      &connection.iteration);
}

cs_error_t NextOfIteration(Connection& connection) {
  cpg_iteration_description_t description{};
  return connection.api().iteration_next(connection.iteration, &description);
}

cs_error_t FinalizeIteration(Connection& connection) {
  return connection.api().iteration_finalize(connection.iteration);
}

std::string IterationUsable(Connection& connection) {
  const cs_error_t next = NextOfIteration(connection);
  return next == CS_OK ? Answer("then cpg_iteration_finalize",
                                FinalizeIteration(connection))
                       : Answer("then cpg_iteration_next", next);
}

std::string IterationEnds(Connection& connection) {
  return Answer("then cpg_iteration_finalize", FinalizeIteration(connection));
}

template <cs_dispatch_flags_t type>
cs_error_t Dispatch(Connection& connection) {
  return connection.DispatchToMark(type);
}

// --- The tables --------------------------------------------------------------

std::vector<Operation> ConnectionOperations() {
  return {
      {.name = "Initialize",
       .text = "cpg_initialize",
       .symbols = {},
       .prepare = Nothing,
       .call = [](Connection& connection) { return connection.Initialize(); },
       .confirm = Usable,
       .needs_memory = true,
       .gets = kEverything},
      {.name = "ModelInitialize",
       .text = "cpg_model_initialize",
       .symbols = {"cpg_model_initialize"},
       .prepare = Nothing,
       .call =
           [](Connection& connection) { return connection.ModelInitialize(); },
       .confirm = Usable,
       .needs_memory = true,
       .gets = kEverything},
      {.name = "Finalize",
       .text = "cpg_finalize of a member",
       .symbols = {},
       .prepare = Joined,
       .call = [](Connection& connection) { return connection.Finalize(); },
       .confirm = NothingMore,
       .can_be_repeated = false},
      {.name = "FdGet",
       .text = "cpg_fd_get",
       .symbols = {},
       .prepare = Connected,
       .call = GetDescriptor,
       .confirm = Usable},
      {.name = "ContextGet",
       .text = "cpg_context_get",
       .symbols = {"cpg_context_get"},
       .prepare = Connected,
       .call = GetContext,
       .confirm = Usable},
      {.name = "ContextSet",
       .text = "cpg_context_set",
       .symbols = {"cpg_context_set"},
       .prepare = Connected,
       .call = SetContext,
       .confirm = Usable},
      {.name = "MaxAtomicMsgsizeGet",
       .text = "cpg_max_atomic_msgsize_get",
       .symbols = {"cpg_max_atomic_msgsize_get"},
       .prepare = Connected,
       .call = GetMaximumSize,
       .confirm = Usable},
      {.name = "FlowControlStateGet",
       .text = "cpg_flow_control_state_get",
       .symbols = {"cpg_flow_control_state_get"},
       .prepare = Connected,
       .call = GetFlowControl,
       .confirm = Usable},
      {.name = "LocalGet",
       .text = "cpg_local_get",
       .symbols = {},
       .prepare = Connected,
       .call = GetLocal,
       .confirm = Usable},
  };
}

std::vector<Operation> GroupOperations() {
  return {
      {.name = "Join",
       .text = "cpg_join",
       .symbols = {},
       .prepare = Connected,
       .call = [](Connection& connection) { return connection.Join(); },
       .confirm = JoinedOnce},
      {.name = "Leave",
       .text = "cpg_leave",
       .symbols = {"cpg_leave"},
       .prepare = Joined,
       .call = [](Connection& connection) { return connection.Leave(); },
       .confirm = LeftOnce},
      {.name = "MembershipGet",
       .text = "cpg_membership_get",
       .symbols = {"cpg_membership_get"},
       .prepare = Joined,
       .call = GetMembership,
       .confirm = Usable},
      {.name = "McastJoined",
       .text = "cpg_mcast_joined of 7 bytes",
       .symbols = {},
       .prepare = Joined,
       .call = [](Connection& connection) { return connection.Multicast(); },
       .confirm = DeliveredOnce},
      {.name = "McastJoinedInFragments",
       .text = "cpg_mcast_joined of 1.5 MiB",
       .symbols = {},
       .message = kInFragments,
       .prepare = Joined,
       .call = [](Connection& connection) { return connection.Multicast(); },
       .confirm = DeliveredOnce},
      {.name = "IterationInitialize",
       .text = "cpg_iteration_initialize over one group",
       .symbols = {"cpg_iteration_initialize", "cpg_iteration_next",
                   "cpg_iteration_finalize"},
       .prepare = Joined,
       .call = InitializeIteration,
       .confirm = IterationUsable,
       .gets = {Resource::kMemory}},
      {.name = "IterationNext",
       .text = "cpg_iteration_next",
       .symbols = {"cpg_iteration_initialize", "cpg_iteration_next",
                   "cpg_iteration_finalize"},
       .prepare = Iterating,
       .call = NextOfIteration,
       .confirm = IterationEnds},
      {.name = "IterationFinalize",
       .text = "cpg_iteration_finalize",
       .symbols = {"cpg_iteration_initialize", "cpg_iteration_finalize"},
       .prepare = Iterating,
       .call = FinalizeIteration,
       .confirm = Usable},
  };
}

std::vector<Operation> DispatchOperations() {
  return {
      {.name = "DispatchOne",
       .text = "cpg_dispatch(CS_DISPATCH_ONE) with a message waiting",
       .symbols = {},
       .prepare = MessageWaits,
       .call = Dispatch<CS_DISPATCH_ONE>,
       .confirm = SeenOnce},
      {.name = "DispatchOneNonblocking",
       .text = "cpg_dispatch(CS_DISPATCH_ONE_NONBLOCKING) with a message "
               "waiting",
       .symbols = {},
       .prepare = MessageWaits,
       .call = Dispatch<CS_DISPATCH_ONE_NONBLOCKING>,
       .confirm = SeenOnce},
      {.name = "DispatchAll",
       .text = "cpg_dispatch(CS_DISPATCH_ALL) with a message waiting",
       .symbols = {},
       .prepare = MessageWaits,
       .call = Dispatch<CS_DISPATCH_ALL>,
       .confirm = SeenOnce},
      {.name = "DispatchBlocking",
       .text = "cpg_dispatch(CS_DISPATCH_BLOCKING) with a message waiting",
       .symbols = {},
       .prepare = MessageWaits,
       .call = Dispatch<CS_DISPATCH_BLOCKING>,
       .confirm = SeenOnce},
      {.name = "DispatchConfigurationChange",
       .text = "cpg_dispatch with a configuration change waiting",
       .symbols = {},
       .prepare = ChangeWaits,
       .call = Dispatch<CS_DISPATCH_ALL>,
       .confirm = ChangeSeenOnce},
      {.name = "DispatchMessageInFragments",
       .text = "cpg_dispatch with a message of 1.5 MiB waiting",
       .symbols = {},
       .message = kInFragments,
       .prepare = MessageWaits,
       .call = Dispatch<CS_DISPATCH_ALL>,
       .confirm = SeenOnce,
       .gets = {Resource::kMemory}},
  };
}

std::vector<Operation> ZeroCopyOperations() {
  const std::vector<std::string_view> symbols = {
      "cpg_zcb_alloc", "cpg_zcb_free", "cpg_zcb_mcast_joined"};
  return {
      {.name = "ZcbAlloc",
       .text = "cpg_zcb_alloc of 5000 bytes",
       .symbols = symbols,
       .prepare = Joined,
       .call = AllocateBuffer,
       .confirm = BufferUsable,
       .gets = kEverything},
      {.name = "ZcbMcastJoined",
       .text = "cpg_zcb_mcast_joined of 7 bytes",
       .symbols = symbols,
       .prepare = BufferThere,
       .call = MulticastBuffer,
       .confirm = BufferDelivered},
      {.name = "ZcbFree",
       .text = "cpg_zcb_free",
       .symbols = symbols,
       .prepare = BufferThere,
       .call = FreeBuffer,
       .confirm = Usable},
  };
}

}  // namespace

std::string MessageOf(const Operation& operation) {
  return operation.message == kInFragments ? std::string(kLargeSize, 'm')
                                           : std::string(operation.message);
}

const std::vector<Operation>& Operations() {
  static const std::vector<Operation> table = [] {
    std::vector<Operation> rows = ConnectionOperations();
    for (const auto& more :
         {GroupOperations(), DispatchOperations(), ZeroCopyOperations()}) {
      rows.insert(rows.end(), more.begin(), more.end());
    }
    return rows;
  }();
  return table;
}

}  // namespace cpgcert::conformance::resources
