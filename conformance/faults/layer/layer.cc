#include "conformance/faults/layer/layer.h"

#include <poll.h>

#include "conformance/faults/layer/frame.h"

namespace cpgcert::faults {

namespace {
thread_local Frame* innermost = nullptr;
}  // namespace

Frame::Frame(Connection& connection, std::vector<Event>* captured)
    : connection(connection), captured(captured), outer(innermost) {
  innermost = this;
}

Frame::~Frame() { innermost = outer; }

Frame* Frame::Innermost() { return innermost; }

bool InCallbackOf(const Connection& connection) {
  for (const Frame* frame = innermost; frame != nullptr; frame = frame->outer) {
    if (&frame->connection == &connection) return true;
  }
  return false;
}

cs_error_t RunReal(const Session& session, cs_dispatch_flags_t type,
                   std::vector<Event>* captured) {
  const Frame frame(*session.connection, captured);
  return Forward(Real().dispatch, session.handle, type);
}

int RealDescriptor(const Session& session) {
  int descriptor = -1;
  const cs_error_t result = Forward(Real().fd_get, session.handle, &descriptor);
  return result == CS_OK ? descriptor : -1;
}

bool ServiceIsDead(const Session& session) {
  pollfd poller = {RealDescriptor(session), 0, 0};
  return poll(&poller, 1, 0) == 1 &&
         (poller.revents & (POLLHUP | POLLERR)) != 0;
}

bool IsDispatchType(cs_dispatch_flags_t type) {
  return type >= CS_DISPATCH_ONE && type <= CS_DISPATCH_ONE_NONBLOCKING;
}

cs_error_t Layer::Initializing(cpg_model_t*, cpg_model_v1_data_t*) {
  return CS_OK;
}

cs_error_t Layer::Initialized(cs_error_t result, cpg_handle_t*, void*) {
  return result;
}

cs_error_t Layer::Dispatch(const Session& session, cs_dispatch_flags_t type) {
  return RunReal(session, type);
}

cs_error_t Layer::DispatchUnknown(cpg_handle_t handle,
                                  cs_dispatch_flags_t type) {
  return Forward(Real().dispatch, handle, type);
}

cs_error_t Layer::Finalize(cpg_handle_t handle, Connection*) {
  return Forward(Real().finalize, handle);
}

void Layer::Deliver(Connection& connection, const Delivery& delivery) {
  RunCallback(connection, delivery);
}

void Layer::Change(Connection& connection, const ConfigurationChange& change) {
  RunCallback(connection, change);
}

void Layer::Totem(Connection& connection, const TotemChange& change) {
  RunCallback(connection, change);
}

cs_error_t Layer::Join(cpg_handle_t handle, Connection*,
                       const cpg_name* group) {
  return Forward(Real().join, handle, group);
}

cs_error_t Layer::Leave(cpg_handle_t handle, Connection*,
                        const cpg_name* group) {
  return Forward(Real().leave, handle, group);
}

cs_error_t Layer::Multicast(cpg_handle_t handle, Connection*,
                            cpg_guarantee_t guarantee, const iovec* pieces,
                            unsigned int piece_count) {
  return Forward(Real().mcast_joined, handle, guarantee, pieces, piece_count);
}

cs_error_t Layer::MembershipGet(cpg_handle_t handle, Connection*,
                                cpg_name* group, cpg_address* members,
                                int* member_count) {
  return Forward(Real().membership_get, handle, group, members, member_count);
}

cs_error_t Layer::LocalGet(cpg_handle_t handle, Connection*,
                           unsigned int* nodeid) {
  return Forward(Real().local_get, handle, nodeid);
}

cs_error_t Layer::ContextGet(cpg_handle_t handle, void** context) {
  return Forward(Real().context_get, handle, context);
}

cs_error_t Layer::DescriptorGet(cpg_handle_t handle, Connection*,
                                int* descriptor) {
  return Forward(Real().fd_get, handle, descriptor);
}

cs_error_t Layer::MaxAtomicSizeGet(cpg_handle_t handle, uint32_t* size) {
  return Forward(Real().max_atomic_msgsize_get, handle, size);
}

cs_error_t Layer::FlowControlGet(cpg_handle_t handle,
                                 cpg_flow_control_state_t* state) {
  return Forward(Real().flow_control_state_get, handle, state);
}

cs_error_t Layer::ZeroCopyAllocate(cpg_handle_t handle, size_t size,
                                   void** buffer) {
  return Forward(Real().zcb_alloc, handle, size, buffer);
}

cs_error_t Layer::ZeroCopyMulticast(cpg_handle_t handle,
                                    cpg_guarantee_t guarantee, void* message,
                                    size_t length) {
  return Forward(Real().zcb_mcast_joined, handle, guarantee, message, length);
}

cs_error_t Layer::IterationInitialize(cpg_handle_t handle,
                                      cpg_iteration_type_t type,
                                      const cpg_name* group,
                                      cpg_iteration_handle_t* iteration) {
  return Forward(Real().iteration_initialize, handle, type, group, iteration);
}

cs_error_t Layer::IterationNext(cpg_iteration_handle_t iteration,
                                cpg_iteration_description_t* description) {
  return Forward(Real().iteration_next, iteration, description);
}

}  // namespace cpgcert::faults
