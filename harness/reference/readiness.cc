#include "harness/reference/readiness.h"

#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>

#include "harness/reference/transport.h"

namespace cpgcert::reference {

namespace {

bool Watch(int epoll, int descriptor) {
  epoll_event event = {.events = EPOLLIN, .data = {.fd = descriptor}};
  return epoll_ctl(epoll, EPOLL_CTL_ADD, descriptor, &event) == 0;
}

}  // namespace

Readiness::~Readiness() {
  if (epoll_ >= 0) close(epoll_);
  if (signal_ >= 0) close(signal_);
}

cs_error_t Readiness::Open(int transport) {
  epoll_ = epoll_create1(EPOLL_CLOEXEC);
  if (epoll_ < 0) return ErrorOf(-errno);
  signal_ = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (signal_ < 0 || !Watch(epoll_, signal_) || !Watch(epoll_, transport)) {
    return ErrorOf(-errno);
  }
  return CS_OK;
}

void Readiness::Raise(bool up) {
  if (up == is_raised_) return;
  is_raised_ = up;
  eventfd_t ignored = 0;
  if (up) {
    eventfd_write(signal_, 1);
  } else {
    eventfd_read(signal_, &ignored);
  }
}

void Readiness::Wait() const {
  pollfd ready = {.fd = epoll_, .events = POLLIN, .revents = 0};
  while (poll(&ready, 1, -1) < 0 && errno == EINTR) {
  }
}

}  // namespace cpgcert::reference
