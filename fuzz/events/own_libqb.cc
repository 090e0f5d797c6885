// Makes a libcpg that does not bind to its process: linked into one, it hands
// what that asks of libqb to a libqb of its own, in a namespace of the dynamic
// linker of its own.

#include <dlfcn.h>
#include <qb/qbipcc.h>

#include <cerrno>
#include <cstdlib>

namespace {

template <class Function>
Function Own(const char* name, Function /*of this type*/) {
  static void* const libqb = dlmopen(LM_ID_NEWLM, "libqb.so.100", RTLD_NOW);
  void* const found = libqb == nullptr ? nullptr : dlsym(libqb, name);
  if (found == nullptr) std::abort();
  return reinterpret_cast<Function>(found);
}

}  // namespace

extern "C" {

qb_ipcc_connection_t* qb_ipcc_connect(const char* name, size_t max_msg_size) {
  static const auto own = Own("qb_ipcc_connect", &qb_ipcc_connect);
  qb_ipcc_connection_t* const made = own(name, max_msg_size);
  // It has an errno of its own, too.
  if (made == nullptr) errno = ECONNREFUSED;
  return made;
}

void qb_ipcc_disconnect(qb_ipcc_connection_t* c) {
  static const auto own = Own("qb_ipcc_disconnect", &qb_ipcc_disconnect);
  own(c);
}

int32_t qb_ipcc_fd_get(qb_ipcc_connection_t* c, int32_t* fd) {
  static const auto own = Own("qb_ipcc_fd_get", &qb_ipcc_fd_get);
  return own(c, fd);
}

int32_t qb_ipcc_fc_enable_max_set(qb_ipcc_connection_t* c, uint32_t max) {
  static const auto own =
      Own("qb_ipcc_fc_enable_max_set", &qb_ipcc_fc_enable_max_set);
  return own(c, max);
}

ssize_t qb_ipcc_sendv(qb_ipcc_connection_t* c, const struct iovec* iov,
                      size_t iov_len) {
  static const auto own = Own("qb_ipcc_sendv", &qb_ipcc_sendv);
  return own(c, iov, iov_len);
}

ssize_t qb_ipcc_sendv_recv(qb_ipcc_connection_t* c, const struct iovec* iov,
                           uint32_t iov_len, void* msg_ptr, size_t msg_len,
                           int32_t ms_timeout) {
  static const auto own = Own("qb_ipcc_sendv_recv", &qb_ipcc_sendv_recv);
  return own(c, iov, iov_len, msg_ptr, msg_len, ms_timeout);
}

ssize_t qb_ipcc_event_recv(qb_ipcc_connection_t* c, void* msg_ptr,
                           size_t msg_len, int32_t ms_timeout) {
  static const auto own = Own("qb_ipcc_event_recv", &qb_ipcc_event_recv);
  return own(c, msg_ptr, msg_len, ms_timeout);
}

int32_t qb_ipcc_is_connected(qb_ipcc_connection_t* c) {
  static const auto own = Own("qb_ipcc_is_connected", &qb_ipcc_is_connected);
  return own(c);
}

}  // extern "C"
