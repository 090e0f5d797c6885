// The symbols that libcpg.so.4 exports. Each finds the layer's record of the
// connection and asks the layer; a function no fault touches goes straight
// to the real library.

#include <corosync/cpg.h>
#include <unistd.h>

#include <algorithm>
#include <memory>

#include "conformance/faults/layer/connection.h"
#include "conformance/faults/layer/frame.h"
#include "conformance/faults/layer/layer.h"
#include "conformance/faults/layer/real_libcpg.h"

#define CPGCERT_EXPORT extern "C" __attribute__((visibility("default")))

namespace cpgcert::faults {
namespace {

// Where a callback of the real library goes: into the capture, or through the
// layer to the caller.
template <typename Borrowed>
void Route(cpg_handle_t handle, const Borrowed& event,
           void (Layer::*hook)(Connection&, const Borrowed&)) {
  Frame* frame = Frame::Innermost();
  if (frame == nullptr) {  // A library that calls back from another thread.
    const auto connection = ConnectionTable::Get().Find(handle);
    if (connection != nullptr) (ThisLayer().*hook)(*connection, event);
  } else if (frame->captured != nullptr) {
    frame->captured->emplace_back(event);
  } else {
    (ThisLayer().*hook)(frame->connection, event);
  }
}

void OnDeliver(cpg_handle_t handle, const cpg_name* group, uint32_t nodeid,
               uint32_t pid, void* message, size_t length) {
  Route(handle, Delivery{handle, group, nodeid, pid, message, length},
        &Layer::Deliver);
}

void OnChange(cpg_handle_t handle, const cpg_name* group,
              const cpg_address* members, size_t member_count,
              const cpg_address* left, size_t left_count,
              const cpg_address* joined, size_t joined_count) {
  Route(handle,
        ConfigurationChange{handle,
                            group,
                            {members, member_count},
                            {left, left_count},
                            {joined, joined_count}},
        &Layer::Change);
}

void OnTotem(cpg_handle_t handle, cpg_ring_id ring, uint32_t member_count,
             const uint32_t* members) {
  Route(handle, TotemChange{handle, ring, {members, member_count}},
        &Layer::Totem);
}

// True while the real cpg_initialize runs: it may call cpg_model_initialize
// by its exported name, which can be ours, and must not be wrapped twice.
thread_local bool initializing = false;

struct Initializing {
  Initializing() { initializing = true; }
  ~Initializing() { initializing = false; }
};

// Puts the layer's callbacks where the caller has one, and remembers his.
std::shared_ptr<Connection> Wrap(cpg_model_v1_data_t* data) {
  auto connection = std::make_shared<Connection>();
  connection->deliver = data->cpg_deliver_fn;
  connection->configuration_change = data->cpg_confchg_fn;
  connection->totem_change = data->cpg_totem_confchg_fn;
  connection->flags = data->flags;
  if (data->cpg_deliver_fn != nullptr) data->cpg_deliver_fn = OnDeliver;
  if (data->cpg_confchg_fn != nullptr) data->cpg_confchg_fn = OnChange;
  if (data->cpg_totem_confchg_fn != nullptr) {
    data->cpg_totem_confchg_fn = OnTotem;
  }
  return connection;
}

std::shared_ptr<Connection> Find(cpg_handle_t handle) {
  return ConnectionTable::Get().Find(handle);
}

__attribute__((constructor)) void Load() { ThisLayer().Loading(); }

}  // namespace

CPGCERT_EXPORT cs_error_t cpg_initialize(cpg_handle_t* handle,
                                         cpg_callbacks_t* callbacks) {
  cpg_model_t model = CPG_MODEL_V1;
  cpg_model_v1_data_t data = {};
  data.model = CPG_MODEL_V1;
  if (callbacks != nullptr) {
    data.cpg_deliver_fn = callbacks->cpg_deliver_fn;
    data.cpg_confchg_fn = callbacks->cpg_confchg_fn;
  }
  const cs_error_t refusal =
      ThisLayer().Initializing(&model, callbacks != nullptr ? &data : nullptr);
  if (refusal != CS_OK) return refusal;
  auto connection = Wrap(&data);
  cpg_callbacks_t wrapped = {data.cpg_deliver_fn, data.cpg_confchg_fn};
  const Initializing scope;
  const cs_error_t result = Forward(Real().initialize, handle,
                                    callbacks != nullptr ? &wrapped : nullptr);
  if (result == CS_OK) ConnectionTable::Get().Add(*handle, connection);
  return ThisLayer().Initialized(result, handle, nullptr);
}

CPGCERT_EXPORT cs_error_t cpg_model_initialize(cpg_handle_t* handle,
                                               cpg_model_t model,
                                               cpg_model_data_t* model_data,
                                               void* context) {
  const auto real = Real().model_initialize;
  if (initializing) return Forward(real, handle, model, model_data, context);
  const bool has_data = model_data != nullptr;
  cpg_model_v1_data_t data = {};
  if (has_data && model == CPG_MODEL_V1) {
    data = *reinterpret_cast<cpg_model_v1_data_t*>(model_data);
  }
  const cs_error_t refusal =
      ThisLayer().Initializing(&model, has_data ? &data : nullptr);
  if (refusal != CS_OK) return refusal;
  if (model != CPG_MODEL_V1) {
    return Forward(real, handle, model, model_data, context);
  }
  auto connection = Wrap(&data);
  auto* wrapped = reinterpret_cast<cpg_model_data_t*>(&data);
  const cs_error_t result =
      Forward(real, handle, model, has_data ? wrapped : nullptr, context);
  if (result == CS_OK) ConnectionTable::Get().Add(*handle, connection);
  return ThisLayer().Initialized(result, handle, context);
}

CPGCERT_EXPORT cs_error_t cpg_finalize(cpg_handle_t handle) {
  handle = ThisLayer().Translate(handle);
  const auto connection = Find(handle);
  const cs_error_t result = ThisLayer().Finalize(handle, connection.get());
  // The handle is gone whatever the answer, unless it was none.
  if (connection != nullptr && result != CS_ERR_BAD_HANDLE) {
    connection->finalized = true;
    ConnectionTable::Get().Remove(*connection);
  }
  return result;
}

CPGCERT_EXPORT cs_error_t cpg_dispatch(cpg_handle_t handle,
                                       cs_dispatch_flags_t type) {
  handle = ThisLayer().Translate(handle);
  const Session session = {handle, Find(handle)};
  if (session.connection == nullptr) {
    return ThisLayer().DispatchUnknown(handle, type);
  }
  return ThisLayer().Dispatch(session, type);
}

CPGCERT_EXPORT cs_error_t cpg_join(cpg_handle_t handle, const cpg_name* group) {
  handle = ThisLayer().Translate(handle);
  const auto connection = Find(handle);
  const cs_error_t result = ThisLayer().Join(handle, connection.get(), group);
  if (connection != nullptr && result == CS_OK) {
    connection->joined = true;
    connection->joined_pid = getpid();
    const std::lock_guard lock(connection->mutex);
    connection->group = *group;
  }
  return result;
}

CPGCERT_EXPORT cs_error_t cpg_leave(cpg_handle_t handle,
                                    const cpg_name* group) {
  handle = ThisLayer().Translate(handle);
  const auto connection = Find(handle);
  if (connection == nullptr) return ThisLayer().Leave(handle, nullptr, group);
  // Set before the call: a dispatcher may see the change before its return.
  const bool was_leaving = connection->leaving.exchange(true);
  const cs_error_t result = ThisLayer().Leave(handle, connection.get(), group);
  if (result != CS_OK) connection->leaving = was_leaving;
  return result;
}

CPGCERT_EXPORT cs_error_t cpg_mcast_joined(cpg_handle_t handle,
                                           cpg_guarantee_t guarantee,
                                           const iovec* pieces,
                                           unsigned int piece_count) {
  handle = ThisLayer().Translate(handle);
  return ThisLayer().Multicast(handle, Find(handle).get(), guarantee, pieces,
                               piece_count);
}

CPGCERT_EXPORT cs_error_t cpg_membership_get(cpg_handle_t handle,
                                             cpg_name* group,
                                             cpg_address* members,
                                             int* member_count) {
  handle = ThisLayer().Translate(handle);
  return ThisLayer().MembershipGet(handle, Find(handle).get(), group, members,
                                   member_count);
}

CPGCERT_EXPORT cs_error_t cpg_local_get(cpg_handle_t handle,
                                        unsigned int* nodeid) {
  handle = ThisLayer().Translate(handle);
  return ThisLayer().LocalGet(handle, Find(handle).get(), nodeid);
}

CPGCERT_EXPORT cs_error_t cpg_fd_get(cpg_handle_t handle, int* descriptor) {
  handle = ThisLayer().Translate(handle);
  return ThisLayer().DescriptorGet(handle, Find(handle).get(), descriptor);
}

CPGCERT_EXPORT cs_error_t cpg_context_get(cpg_handle_t handle, void** context) {
  return ThisLayer().ContextGet(ThisLayer().Translate(handle), context);
}

CPGCERT_EXPORT cs_error_t cpg_context_set(cpg_handle_t handle, void* context) {
  return Forward(Real().context_set, ThisLayer().Translate(handle), context);
}

CPGCERT_EXPORT cs_error_t cpg_max_atomic_msgsize_get(cpg_handle_t handle,
                                                     uint32_t* size) {
  return ThisLayer().MaxAtomicSizeGet(ThisLayer().Translate(handle), size);
}

CPGCERT_EXPORT cs_error_t cpg_flow_control_state_get(
    cpg_handle_t handle, cpg_flow_control_state_t* state) {
  return ThisLayer().FlowControlGet(ThisLayer().Translate(handle), state);
}

CPGCERT_EXPORT cs_error_t cpg_zcb_alloc(cpg_handle_t handle, size_t size,
                                        void** buffer) {
  return ThisLayer().ZeroCopyAllocate(ThisLayer().Translate(handle), size,
                                      buffer);
}

CPGCERT_EXPORT cs_error_t cpg_zcb_free(cpg_handle_t handle, void* buffer) {
  return Forward(Real().zcb_free, ThisLayer().Translate(handle), buffer);
}

CPGCERT_EXPORT cs_error_t cpg_zcb_mcast_joined(cpg_handle_t handle,
                                               cpg_guarantee_t guarantee,
                                               void* message, size_t length) {
  return ThisLayer().ZeroCopyMulticast(ThisLayer().Translate(handle), guarantee,
                                       message, length);
}

CPGCERT_EXPORT cs_error_t cpg_iteration_initialize(
    cpg_handle_t handle, cpg_iteration_type_t type, const cpg_name* group,
    cpg_iteration_handle_t* iteration) {
  return ThisLayer().IterationInitialize(ThisLayer().Translate(handle), type,
                                         group, iteration);
}

CPGCERT_EXPORT cs_error_t
cpg_iteration_next(cpg_iteration_handle_t iteration,
                   cpg_iteration_description_t* description) {
  return ThisLayer().IterationNext(iteration, description);
}

CPGCERT_EXPORT cs_error_t
cpg_iteration_finalize(cpg_iteration_handle_t iteration) {
  return Forward(Real().iteration_finalize, iteration);
}

}  // namespace cpgcert::faults
