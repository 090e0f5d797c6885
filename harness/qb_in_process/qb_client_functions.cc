// The functions of <qb/qbipcc.h> that a libcpg finds in this executable.

#include <qb/qbipcc.h>
#include <unistd.h>

#include <cerrno>
#include <mutex>

#include "harness/qb_in_process/connection.h"
#include "harness/qb_in_process/libqb_functions.h"

using cpgcert::harness::Libqb;

namespace {

using Lock = std::scoped_lock<std::recursive_mutex>;

// What every call begins with.
class Entered {
 public:
  explicit Entered(const qb_ipcc_connection* connection)
      : lock_(qb_ipcc_connection::Guard()) {
    qb_ipcc_connection::MustBeOpen(connection);
  }

 private:
  const Lock lock_;
};

}  // namespace

extern "C" {

qb_ipcc_connection_t* qb_ipcc_connect(const char* name, size_t max_msg_size) {
  if (const auto* libqb = Libqb()) return libqb->connect(name, max_msg_size);
  const Lock lock(qb_ipcc_connection::Guard());
  int32_t error = 0;
  auto* const made = qb_ipcc_connection::Make(name, max_msg_size, &error);
  if (made != nullptr) {
    error = made->Admit();
    if (error == 0) {
      return made;
    }
    made->Destroy(/*tell=*/false);
  }
  errno = -error;
  return nullptr;
}

qb_ipcc_connection_t* qb_ipcc_connect_async(const char* name,
                                            size_t max_msg_size,
                                            int* connect_fd) {
  if (const auto* libqb = Libqb())
    return libqb->connect_async(name, max_msg_size, connect_fd);
  const Lock lock(qb_ipcc_connection::Guard());
  int32_t error = 0;
  auto* const made = qb_ipcc_connection::Make(name, max_msg_size, &error);
  if (made != nullptr) {
    error = made->Descriptor(connect_fd);
    if (error == 0) {
      return made;
    }
    made->Destroy(/*tell=*/false);
  }
  errno = -error;
  return nullptr;
}

int qb_ipcc_connect_continue(struct qb_ipcc_connection* c) {
  if (const auto* libqb = Libqb()) return libqb->connect_continue(c);
  const Entered entered(c);
  const int32_t error = c->Admit();
  if (error != 0) {
    c->Destroy(/*tell=*/false);
    errno = -error;
  }
  return error;
}

void qb_ipcc_disconnect(qb_ipcc_connection_t* c) {
  if (const auto* libqb = Libqb()) {
    libqb->disconnect(c);
    return;
  }
  if (c != nullptr) {
    const Entered entered(c);
    c->Destroy(/*tell=*/true);
  }
}

int32_t qb_ipcc_fd_get(qb_ipcc_connection_t* c, int32_t* fd) {
  if (const auto* libqb = Libqb()) return libqb->fd_get(c, fd);
  if (c == nullptr) return -EINVAL;
  const Entered entered(c);
  return c->Descriptor(fd);
}

int32_t qb_ipcc_auth_get(qb_ipcc_connection_t* c, pid_t* pid, uid_t* uid,
                         gid_t* gid) {
  if (const auto* libqb = Libqb()) return libqb->auth_get(c, pid, uid, gid);
  if (c == nullptr) return -EINVAL;
  const Entered entered(c);
  if (pid != nullptr) *pid = getpid();
  if (uid != nullptr) *uid = geteuid();
  if (gid != nullptr) *gid = getegid();
  return 0;
}

int32_t qb_ipcc_fc_enable_max_set(qb_ipcc_connection_t* c, uint32_t max) {
  if (const auto* libqb = Libqb()) return libqb->fc_enable_max_set(c, max);
  if (c == nullptr || max > 2) return -EINVAL;
  const Entered entered(c);
  c->flow_control_max = max;
  return 0;
}

ssize_t qb_ipcc_sendv(qb_ipcc_connection_t* c, const struct iovec* iov,
                      size_t iov_len) {
  if (const auto* libqb = Libqb()) return libqb->sendv(c, iov, iov_len);
  if (c == nullptr) return -EINVAL;
  const Entered entered(c);
  return c->Send({iov, iov_len});
}

ssize_t qb_ipcc_send(qb_ipcc_connection_t* c, const void* msg_ptr,
                     size_t msg_len) {
  if (const auto* libqb = Libqb()) return libqb->send(c, msg_ptr, msg_len);
  const iovec whole{.iov_base = const_cast<void*>(msg_ptr), .iov_len = msg_len};
  return qb_ipcc_sendv(c, &whole, 1);
}

ssize_t qb_ipcc_recv(qb_ipcc_connection_t* c, void* msg_ptr, size_t msg_len,
                     int32_t ms_timeout) {
  if (const auto* libqb = Libqb())
    return libqb->recv(c, msg_ptr, msg_len, ms_timeout);
  if (c == nullptr) return -EINVAL;
  const Entered entered(c);
  return c->Receive(msg_ptr, msg_len, ms_timeout);
}

ssize_t qb_ipcc_sendv_recv(qb_ipcc_connection_t* c, const struct iovec* iov,
                           uint32_t iov_len, void* msg_ptr, size_t msg_len,
                           int32_t ms_timeout) {
  if (const auto* libqb = Libqb())
    return libqb->sendv_recv(c, iov, iov_len, msg_ptr, msg_len, ms_timeout);
  if (c == nullptr) return -EINVAL;
  const Entered entered(c);
  const ssize_t sent = c->Send({iov, iov_len});
  if (sent < 0) return sent;
  ssize_t received = 0;
  do {
    received = c->Receive(msg_ptr, msg_len, ms_timeout);
  } while (received == -EAGAIN && c->IsConnected());
  return received;
}

ssize_t qb_ipcc_event_recv(qb_ipcc_connection_t* c, void* msg_ptr,
                           size_t msg_len, int32_t ms_timeout) {
  if (const auto* libqb = Libqb())
    return libqb->event_recv(c, msg_ptr, msg_len, ms_timeout);
  if (c == nullptr) return -EINVAL;
  const Entered entered(c);
  return c->ReceiveEvent(msg_ptr, msg_len, ms_timeout);
}

void qb_ipcc_context_set(qb_ipcc_connection_t* c, void* context) {
  if (const auto* libqb = Libqb()) {
    libqb->context_set(c, context);
    return;
  }
  if (c != nullptr) {
    const Entered entered(c);
    c->context = context;
  }
}

void* qb_ipcc_context_get(qb_ipcc_connection_t* c) {
  if (const auto* libqb = Libqb()) return libqb->context_get(c);
  if (c == nullptr) return nullptr;
  const Entered entered(c);
  return c->context;
}

int32_t qb_ipcc_is_connected(qb_ipcc_connection_t* c) {
  if (const auto* libqb = Libqb()) return libqb->is_connected(c);
  if (c == nullptr) return 0;
  const Entered entered(c);
  return c->IsConnected() ? 1 : 0;
}

int32_t qb_ipcc_get_buffer_size(qb_ipcc_connection_t* c) {
  if (const auto* libqb = Libqb()) return libqb->get_buffer_size(c);
  if (c == nullptr) return -EINVAL;
  const Entered entered(c);
  return static_cast<int32_t>(c->buffer_size);
}

}  // extern "C"
