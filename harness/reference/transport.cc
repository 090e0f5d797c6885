#include "harness/reference/transport.h"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>

#include "harness/reference/reply_decoder.h"

namespace cpgcert::reference {

namespace {

constexpr char kServiceName[] = "cpg";
constexpr size_t kRequestMax = size_t{1} << 20;
constexpr int32_t kWithoutEnd = -1;

// Where no socket can be had, libqb 2.0.6 closes descriptor 0, which is not
// its own (qb_ipcc_us_setup_connect).
bool SocketsCanBeHad() {
  const int descriptor = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (descriptor < 0) return false;
  close(descriptor);
  return true;
}

}  // namespace

cs_error_t ErrorOf(ssize_t result) {
  if (result >= 0) return CS_OK;
  switch (-result) {
    case EAGAIN:
    case ETIMEDOUT:
    case ENOBUFS:
    case ENOMSG:
    case EINTR:
      return CS_ERR_TRY_AGAIN;
    case ENOMEM:
      return CS_ERR_NO_MEMORY;
    case EACCES:
      return CS_ERR_ACCESS;
    case ENOENT:
    case ENODEV:
      return CS_ERR_NOT_EXIST;
    case EBADMSG:
      return CS_ERR_MESSAGE_ERROR;
    case EMSGSIZE:
    case E2BIG:
      return CS_ERR_TOO_BIG;
    case ENOSPC:
      return CS_ERR_NO_SPACE;
    case ENOSYS:
    case ENOTSUP:
      return CS_ERR_NOT_SUPPORTED;
    default:  // the connection failed
      return CS_ERR_LIBRARY;
  }
}

cs_error_t Transport::Connect() {
  if (!SocketsCanBeHad()) return CS_ERR_LIBRARY;
  connection_.reset(qb_ipcc_connect(kServiceName, kRequestMax));
  return connection_ == nullptr ? ErrorOf(-errno) : CS_OK;
}

int Transport::descriptor() const {
  int descriptor = -1;
  qb_ipcc_fd_get(connection_.get(), &descriptor);
  return descriptor;
}

bool Transport::HasRoom(bool wait) const {
  // libqb writes one byte to its socket for each request, and where that is
  // full, tries again and again without a pause (qb_ipcc_sendv).
  pollfd socket = {.fd = descriptor(), .events = POLLOUT, .revents = 0};
  int ready = 0;
  do {
    ready = poll(&socket, 1, wait ? kWithoutEnd : 0);
  } while (ready < 0 && errno == EINTR);
  return ready > 0;
}

void Transport::ObeyFlowControl(Kind kind) {
  constexpr uint32_t kFirstLevel = 1;
  constexpr uint32_t kBothLevels = 2;
  qb_ipcc_fc_enable_max_set(connection_.get(),
                            kind == Kind::kMessage ? kBothLevels : kFirstLevel);
}

cs_error_t Transport::RequestError(ssize_t result) {
  const cs_error_t error = ErrorOf(result);
  // To libqb a service that died while it held callers back is busy.
  if (error == CS_ERR_TRY_AGAIN && !qb_ipcc_is_connected(connection_.get())) {
    return CS_ERR_LIBRARY;
  }
  return error;
}

cs_error_t Transport::Call(Kind kind, std::span<const iovec> request,
                           wire::ReplyId id, size_t size, Buffer* reply) {
  ObeyFlowControl(kind);
  HasRoom(/*wait=*/true);
  const ssize_t result =
      qb_ipcc_sendv_recv(connection_.get(), request.data(), request.size(),
                         reply->data(), Buffer::kCapacity, kWithoutEnd);
  if (result < 0) return RequestError(result);
  reply->set_size(result);
  return CheckReply(reply->message(), id, size);
}

cs_error_t Transport::Send(std::span<const iovec> request) {
  ObeyFlowControl(Kind::kMessage);
  if (!HasRoom(/*wait=*/false)) return CS_ERR_TRY_AGAIN;
  return RequestError(
      qb_ipcc_sendv(connection_.get(), request.data(), request.size()));
}

cs_error_t Transport::Receive(Buffer* event) {
  const ssize_t result = qb_ipcc_event_recv(connection_.get(), event->data(),
                                            Buffer::kCapacity, 0);
  // Longer than any event can be: libqb leaves it where it is.
  if (result == -ENOBUFS || result == -EMSGSIZE) return CS_ERR_MESSAGE_ERROR;
  if (result < 0) return ErrorOf(result);
  event->set_size(result);
  return CS_OK;
}

}  // namespace cpgcert::reference
