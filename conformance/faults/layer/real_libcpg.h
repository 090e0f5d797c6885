// The library beneath the layer: a faithful libcpg, to which every call goes
// that a planted fault leaves alone.

#ifndef CONFORMANCE_FAULTS_LAYER_REAL_LIBCPG_H_
#define CONFORMANCE_FAULTS_LAYER_REAL_LIBCPG_H_

#include <corosync/cpg.h>

// Every function that libcpg.so.4 exports, without its prefix cpg_.
#define CPGCERT_FOR_EACH_ENTRY_POINT(X) \
  X(context_get)                        \
  X(context_set)                        \
  X(dispatch)                           \
  X(fd_get)                             \
  X(finalize)                           \
  X(flow_control_state_get)             \
  X(initialize)                         \
  X(iteration_finalize)                 \
  X(iteration_initialize)               \
  X(iteration_next)                     \
  X(join)                               \
  X(leave)                              \
  X(local_get)                          \
  X(max_atomic_msgsize_get)             \
  X(mcast_joined)                       \
  X(membership_get)                     \
  X(model_initialize)                   \
  X(zcb_alloc)                          \
  X(zcb_free)                           \
  X(zcb_mcast_joined)

namespace cpgcert::faults {

// An entry point is null if the library beneath does not have it.
struct RealLibcpg {
// NOLINTNEXTLINE(bugprone-macro-parentheses): a declaration needs none.
#define CPGCERT_MEMBER(name) decltype(&::cpg_##name) name = nullptr;
  CPGCERT_FOR_EACH_ENTRY_POINT(CPGCERT_MEMBER)
#undef CPGCERT_MEMBER
};

// Loads the library on the first call: the file that the environment variable
// CPGCERT_REAL_LIBCPG names, or else libcpg.so.4. Aborts with one line on
// stderr if it does not load: a layer over nothing must not pass for a fault.
const RealLibcpg& Real();

// Calls `function`, or answers CS_ERR_NOT_SUPPORTED if it is absent.
template <typename... Parameters, typename... Arguments>
cs_error_t Forward(cs_error_t (*function)(Parameters...),
                   Arguments... arguments) {
  if (function == nullptr) return CS_ERR_NOT_SUPPORTED;
  return function(arguments...);
}

}  // namespace cpgcert::faults

#endif  // CONFORMANCE_FAULTS_LAYER_REAL_LIBCPG_H_
