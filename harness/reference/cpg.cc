// The interface of <corosync/cpg.h>: checks arguments, finds what a handle
// stands for, and keeps exceptions from the caller.
//
// What each function owes is said in its manual page; where the page leaves
// something open, the choice is said here.

#include <corosync/cpg.h>

#include <algorithm>
#include <atomic>
#include <bit>
#include <memory>
#include <new>
#include <span>
#include <vector>

#include "harness/reference/connection.h"
#include "harness/reference/handle_table.h"

namespace cpgcert::reference {

namespace {

struct Iteration {
  std::shared_ptr<Connection> connection;
  uint64_t at_service = 0;
  std::atomic<bool> is_at_end = false;
};

// Never destroyed: a callback may run while the process ends.
HandleTable<Connection>& Connections() {
  static auto& table = *new HandleTable<Connection>;
  return table;
}

HandleTable<Iteration>& Iterations() {
  static auto& table = *new HandleTable<Iteration>;
  return table;
}

template <class Call>
cs_error_t Guarded(Call call) {
  try {
    return call();
  } catch (const std::bad_alloc&) {
    return CS_ERR_NO_MEMORY;
  }
}

// Calls `call` with the connection of that handle.
template <class Call>
cs_error_t With(cpg_handle_t handle, Call call) {
  return Guarded([&] {
    const std::shared_ptr<Connection> connection = Connections().Find(handle);
    return connection == nullptr ? CS_ERR_BAD_HANDLE : call(*connection);
  });
}

// The same for an iteration.
template <class Call>
cs_error_t WithIteration(cpg_iteration_handle_t handle, Call call) {
  return Guarded([&] {
    const std::shared_ptr<Iteration> iteration = Iterations().Find(handle);
    return iteration == nullptr ? CS_ERR_BAD_HANDLE : call(*iteration);
  });
}

// A caller in C may pass any number for an enumerator.
template <class Enumeration>
int Number(const Enumeration& value) {
  return std::bit_cast<int>(value);
}

cs_error_t CheckName(const cpg_name* name) {
  if (name == nullptr) return CS_ERR_INVALID_PARAM;
  return name->length > CPG_MAX_NAME_LENGTH ? CS_ERR_NAME_TOO_LONG : CS_OK;
}

cs_error_t Initialize(const Options& options, void* context,
                      cpg_handle_t* handle) {
  return Guarded([&] {
    // cpg_finalize needs it, and must not fail for want of memory.
    Iterations();
    const auto connection = std::make_shared<Connection>(options);
    connection->set_context(context);
    const cs_error_t error = connection->Open();
    if (error == CS_OK) *handle = Connections().Add(connection);
    return error;
  });
}

}  // namespace

}  // namespace cpgcert::reference

using cpgcert::reference::CheckName;
using cpgcert::reference::Connection;
using cpgcert::reference::Connections;
using cpgcert::reference::DecodeName;
using cpgcert::reference::Guarded;
using cpgcert::reference::Initialize;
using cpgcert::reference::Iteration;
using cpgcert::reference::IterationItem;
using cpgcert::reference::Iterations;
using cpgcert::reference::Number;
using cpgcert::reference::Options;
using cpgcert::reference::Transport;
using cpgcert::reference::With;
using cpgcert::reference::WithIteration;

// --- Connections ------------------------------------------------------------

cs_error_t cpg_initialize(cpg_handle_t* handle, cpg_callbacks_t* callbacks) {
  if (handle == nullptr) return CS_ERR_INVALID_PARAM;
  Options options;
  if (callbacks != nullptr) {
    options.deliver = callbacks->cpg_deliver_fn;
    options.configuration_change = callbacks->cpg_confchg_fn;
  }
  return Initialize(options, nullptr, handle);
}

cs_error_t cpg_model_initialize(cpg_handle_t* handle, cpg_model_t model,
                                cpg_model_data_t* model_data, void* context) {
  if (handle == nullptr || Number(model) != CPG_MODEL_V1)
    return CS_ERR_INVALID_PARAM;
  Options options;
  if (model_data != nullptr) {
    const auto& data = *reinterpret_cast<cpg_model_v1_data_t*>(model_data);
    if ((data.flags & ~CPG_MODEL_V1_DELIVER_INITIAL_TOTEM_CONF) != 0) {
      return CS_ERR_INVALID_PARAM;
    }
    options = {.deliver = data.cpg_deliver_fn,
               .configuration_change = data.cpg_confchg_fn,
               .totem_change = data.cpg_totem_confchg_fn,
               .flags = data.flags};
  }
  return Initialize(options, context, handle);
}

// Wakes a dispatcher of the handle that sleeps in another thread.
cs_error_t cpg_finalize(cpg_handle_t handle) {
  return Guarded([&] {
    const std::shared_ptr<Connection> connection = Connections().Remove(handle);
    if (connection == nullptr) return CS_ERR_BAD_HANDLE;
    Iterations().RemoveIf([&connection](const Iteration& iteration) {
      return iteration.connection == connection;
    });
    return connection->Close();
  });
}

cs_error_t cpg_fd_get(cpg_handle_t handle, int* fd) {
  return With(handle, [&](Connection& connection) {
    if (fd == nullptr) return CS_ERR_INVALID_PARAM;
    *fd = connection.descriptor();
    return CS_OK;
  });
}

cs_error_t cpg_context_get(cpg_handle_t handle, void** context) {
  return With(handle, [&](Connection& connection) {
    if (context == nullptr) return CS_ERR_INVALID_PARAM;
    *context = connection.context();
    return CS_OK;
  });
}

cs_error_t cpg_context_set(cpg_handle_t handle, void* context) {
  return With(handle, [&](Connection& connection) {
    connection.set_context(context);
    return CS_OK;
  });
}

// A type that does not exist is refused.
cs_error_t cpg_dispatch(cpg_handle_t handle,
                        cs_dispatch_flags_t dispatch_types) {
  return With(handle, [&](Connection& connection) {
    return connection.Dispatch(handle, Number(dispatch_types));
  });
}

// --- Groups -----------------------------------------------------------------

// The empty name is refused: the service would never end such a membership. A
// handle that has joined, and one that has left, is refused with CS_ERR_EXIST.
cs_error_t cpg_join(cpg_handle_t handle, const struct cpg_name* group) {
  return With(handle, [&](Connection& connection) {
    if (const cs_error_t error = CheckName(group); error != CS_OK) return error;
    if (group->length == 0) return CS_ERR_INVALID_PARAM;
    for (const auto& other : Connections().All()) other->ForgetIfLeft(*group);
    return connection.Join(*group);
  });
}

// "currently ignored as only one group can be joined per handle": the name.
cs_error_t cpg_leave(cpg_handle_t handle, const struct cpg_name* /*group*/) {
  return With(handle,
              [](Connection& connection) { return connection.Leave(); });
}

// More members than the array has room for: it is filled, the count is that of
// all members, and the answer is CS_ERR_NO_SPACE.
cs_error_t cpg_membership_get(cpg_handle_t handle, struct cpg_name* group_name,
                              struct cpg_address* member_list,
                              int* member_list_entries) {
  return With(handle, [&](Connection& connection) {
    if (member_list == nullptr || member_list_entries == nullptr ||
        *member_list_entries < 0) {
      return CS_ERR_INVALID_PARAM;
    }
    cs_error_t error = CheckName(group_name);
    if (error != CS_OK) return error;
    std::vector<cpg_address> members;
    error = connection.Members(*group_name, &members);
    if (error != CS_OK) return error;
    const size_t room = *member_list_entries;
    std::copy_n(members.begin(), std::min(room, members.size()), member_list);
    *member_list_entries = static_cast<int>(members.size());
    return members.size() > room ? CS_ERR_NO_SPACE : CS_OK;
  });
}

cs_error_t cpg_local_get(cpg_handle_t handle, unsigned int* local_nodeid) {
  return With(handle, [&](Connection& connection) {
    if (local_nodeid == nullptr) return CS_ERR_INVALID_PARAM;
    return connection.LocalNode(local_nodeid);
  });
}

// --- Messages ---------------------------------------------------------------

cs_error_t cpg_mcast_joined(cpg_handle_t handle, cpg_guarantee_t guarantee,
                            const struct iovec* iovec, unsigned int iov_len) {
  return With(handle, [&](Connection& connection) {
    if (iovec == nullptr && iov_len > 0) return CS_ERR_INVALID_PARAM;
    return connection.Multicast(Number(guarantee), {iovec, iov_len});
  });
}

cs_error_t cpg_max_atomic_msgsize_get(cpg_handle_t handle, uint32_t* size) {
  return With(handle, [&](Connection&) {
    if (size == nullptr) return CS_ERR_INVALID_PARAM;
    *size = Transport::kMessageMax;
    return CS_OK;
  });
}

// Nobody is held back: a call that finds no room answers CS_ERR_TRY_AGAIN.
cs_error_t cpg_flow_control_state_get(
    cpg_handle_t handle, cpg_flow_control_state_t* flow_control_enabled) {
  return With(handle, [&](Connection&) {
    if (flow_control_enabled == nullptr) return CS_ERR_INVALID_PARAM;
    *flow_control_enabled = CPG_FLOW_CONTROL_DISABLED;
    return CS_OK;
  });
}

// The buffers are ordinary memory, released with the handle at the latest.
cs_error_t cpg_zcb_alloc(cpg_handle_t handle, size_t size, void** buffer) {
  return With(handle, [&](Connection& connection) {
    if (buffer == nullptr) return CS_ERR_INVALID_PARAM;
    return connection.AllocateBuffer(size, buffer);
  });
}

cs_error_t cpg_zcb_free(cpg_handle_t handle, void* buffer) {
  return With(handle, [&](Connection& connection) {
    return connection.FreeBuffer(buffer);
  });
}

cs_error_t cpg_zcb_mcast_joined(cpg_handle_t handle, cpg_guarantee_t guarantee,
                                void* msg, size_t msg_len) {
  return With(handle, [&](Connection& connection) {
    return connection.MulticastBuffer(Number(guarantee), msg, msg_len);
  });
}

// --- Iterations -------------------------------------------------------------

cs_error_t cpg_iteration_initialize(
    cpg_handle_t handle, cpg_iteration_type_t iteration_type,
    const struct cpg_name* group,
    cpg_iteration_handle_t* cpg_iteration_handle) {
  return Guarded([&] {
    const std::shared_ptr<Connection> connection = Connections().Find(handle);
    if (connection == nullptr) return CS_ERR_BAD_HANDLE;
    const int type = Number(iteration_type);
    const bool of_one_group = type == CPG_ITERATION_ONE_GROUP;
    if (cpg_iteration_handle == nullptr || type < CPG_ITERATION_NAME_ONLY ||
        type > CPG_ITERATION_ALL || of_one_group != (group != nullptr)) {
      return CS_ERR_INVALID_PARAM;
    }
    if (of_one_group) {
      if (const cs_error_t error = CheckName(group); error != CS_OK) {
        return error;
      }
    }
    // Everything that can fail for want of memory comes before the request.
    const auto iteration = std::make_shared<Iteration>();
    iteration->connection = connection;
    const uint64_t iteration_handle = Iterations().Add(iteration);
    const cs_error_t error =
        connection->IterationInitialize(type, group, &iteration->at_service);
    if (error == CS_OK) {
      *cpg_iteration_handle = iteration_handle;
    } else {
      Iterations().Remove(iteration_handle);
    }
    return error;
  });
}

// At its end an iteration stays there, whatever the service would say.
cs_error_t cpg_iteration_next(cpg_iteration_handle_t handle,
                              struct cpg_iteration_description_t* description) {
  return WithIteration(handle, [&](Iteration& iteration) {
    if (description == nullptr) return CS_ERR_INVALID_PARAM;
    if (iteration.is_at_end) return CS_ERR_NO_SECTIONS;
    IterationItem item;
    cs_error_t error =
        iteration.connection->IterationNext(iteration.at_service, &item);
    if (error == CS_ERR_NO_SECTIONS) iteration.is_at_end = true;
    if (error != CS_OK) return error;
    if (!DecodeName(item.group, &description->group)) {
      return CS_ERR_MESSAGE_ERROR;
    }
    description->nodeid = item.nodeid;
    description->pid = item.pid;
    return CS_OK;
  });
}

// An error leaves the iteration as it is.
cs_error_t cpg_iteration_finalize(cpg_iteration_handle_t handle) {
  return WithIteration(handle, [&](Iteration& iteration) {
    const cs_error_t error =
        iteration.connection->IterationFinalize(iteration.at_service);
    if (error == CS_OK) Iterations().Remove(handle);
    return error;
  });
}
