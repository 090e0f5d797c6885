// A libcpg that forwards every call to the real one. A planted fault is a
// class derived from Layer that overrides what it breaks, and nothing else.
//
//   class OneSpins : public Layer {
//     cs_error_t Dispatch(const Session& session, ...) override { ... }
//   };
//   CPGCERT_PLANT(OneSpins)
//
// The shared object <one_spins>.so is the layer with that class chosen.
// Threads: as for libcpg itself; no lock is held while the real library or a
// callback runs, unless that is the fault.

#ifndef CONFORMANCE_FAULTS_LAYER_LAYER_H_
#define CONFORMANCE_FAULTS_LAYER_LAYER_H_

#include <corosync/cpg.h>

#include <memory>
#include <vector>

#include "conformance/faults/layer/connection.h"
#include "conformance/faults/layer/event.h"
#include "conformance/faults/layer/real_libcpg.h"

namespace cpgcert::faults {

// A call on a live connection: the handle as the caller gave it.
struct Session {
  cpg_handle_t handle;
  std::shared_ptr<Connection> connection;
};

class Layer {
 public:
  Layer() = default;
  Layer(const Layer&) = delete;
  Layer& operator=(const Layer&) = delete;
  virtual ~Layer() = default;

  // While the shared object is being loaded.
  virtual void Loading() {}

  // The handle that a call with this handle is about.
  virtual cpg_handle_t Translate(cpg_handle_t handle) { return handle; }

  // Before either initialize. `model_data` is null if the caller's was.
  // Anything but CS_OK is answered without a connection being made.
  virtual cs_error_t Initializing(cpg_model_t* model,
                                  cpg_model_v1_data_t* model_data);

  // After either initialize of the real library; answers what the caller is
  // given. `handle` is set if `result` is CS_OK.
  virtual cs_error_t Initialized(cs_error_t result, cpg_handle_t* handle,
                                 void* context);

  virtual cs_error_t Dispatch(const Session& session, cs_dispatch_flags_t type);
  // Of a handle that no live connection has.
  virtual cs_error_t DispatchUnknown(cpg_handle_t handle,
                                     cs_dispatch_flags_t type);
  // `connection` is null for an unknown handle, here and below.
  virtual cs_error_t Finalize(cpg_handle_t handle, Connection* connection);

  // What happens when the real library runs one of the layer's callbacks.
  virtual void Deliver(Connection& connection, const Delivery& delivery);
  virtual void Change(Connection& connection,
                      const ConfigurationChange& change);
  virtual void Totem(Connection& connection, const TotemChange& change);

  virtual cs_error_t Join(cpg_handle_t handle, Connection* connection,
                          const cpg_name* group);
  virtual cs_error_t Leave(cpg_handle_t handle, Connection* connection,
                           const cpg_name* group);
  virtual cs_error_t Multicast(cpg_handle_t handle, Connection* connection,
                               cpg_guarantee_t guarantee, const iovec* pieces,
                               unsigned int piece_count);
  virtual cs_error_t MembershipGet(cpg_handle_t handle, Connection* connection,
                                   cpg_name* group, cpg_address* members,
                                   int* member_count);
  virtual cs_error_t LocalGet(cpg_handle_t handle, Connection* connection,
                              unsigned int* nodeid);
  virtual cs_error_t ContextGet(cpg_handle_t handle, void** context);
  virtual cs_error_t DescriptorGet(cpg_handle_t handle, Connection* connection,
                                   int* descriptor);
  virtual cs_error_t MaxAtomicSizeGet(cpg_handle_t handle, uint32_t* size);
  virtual cs_error_t FlowControlGet(cpg_handle_t handle,
                                    cpg_flow_control_state_t* state);
  virtual cs_error_t ZeroCopyAllocate(cpg_handle_t handle, size_t size,
                                      void** buffer);
  virtual cs_error_t ZeroCopyMulticast(cpg_handle_t handle,
                                       cpg_guarantee_t guarantee, void* message,
                                       size_t length);
  virtual cs_error_t IterationInitialize(cpg_handle_t handle,
                                         cpg_iteration_type_t type,
                                         const cpg_name* group,
                                         cpg_iteration_handle_t* iteration);
  virtual cs_error_t IterationNext(cpg_iteration_handle_t iteration,
                                   cpg_iteration_description_t* description);
};

// The layer of this shared object, chosen when it was built.
Layer& ThisLayer();

// Dispatches in the real library. If `captured` is given, the events go there
// instead of to the caller's callbacks.
cs_error_t RunReal(const Session& session, cs_dispatch_flags_t type,
                   std::vector<Event>* captured = nullptr);

// True if this thread is inside a callback of that connection.
bool InCallbackOf(const Connection& connection);

// The descriptor that the real library polls for this connection, or -1.
int RealDescriptor(const Session& session);

// True if the service has closed the connection.
bool ServiceIsDead(const Session& session);

// True if `type` is one of the four that exist.
bool IsDispatchType(cs_dispatch_flags_t type);

// Defines the function that makes the layer of a planted fault.
// NOLINTBEGIN(bugprone-macro-parentheses): a function needs none.
#define CPGCERT_PLANT(Class)                       \
  Layer& Plant##Class() {                          \
    static Layer& layer = *new Class; /* NOLINT */ \
    return layer;                                  \
  }
// NOLINTEND(bugprone-macro-parentheses)

}  // namespace cpgcert::faults

#endif  // CONFORMANCE_FAULTS_LAYER_LAYER_H_
