#include "harness/qb_in_process/connection.h"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>

#include "harness/qb_in_process/guarded_buffer.h"

namespace cpgcert::harness {

namespace {

// The buffer that corosync's service has for each direction.
constexpr size_t kServiceBufferSize = size_t{1} << 20;
// So many waits with a deadline find nothing, in a row, before the connection
// ends: time does not pass here, so a library that tries again would for ever.
constexpr int kEmptyWaitsMax = 1000;

// libqb's list of errors after which a connection may still be good.
bool MeansDisconnected(ssize_t result) {
  return result < 0 && result != -EAGAIN && result != -ETIMEDOUT &&
         result != -EINTR && result != -EMSGSIZE && result != -ENOMSG &&
         result != -EINVAL;
}

struct Registry {
  std::recursive_mutex guard;
  InProcessService* service = nullptr;
  std::vector<std::unique_ptr<qb_ipcc_connection>> open;
  // One request at a time is looked at; a handler does not send requests.
  GuardedBuffer request;
};

Registry& TheRegistry() {
  // Never destroyed: a library may disconnect when the process ends.
  static Registry* const registry = new Registry;
  return *registry;
}

}  // namespace

void ByteQueue::Push(std::string_view bytes) {
  bytes_.append(bytes);
  ends_.push_back(bytes_.size());
}

std::string_view ByteQueue::Front() const {
  return {bytes_.data() + begin_, ends_[first_] - begin_};
}

void ByteQueue::Pop() {
  begin_ = ends_[first_++];
  if (empty()) {
    Clear();
  }
}

void ByteQueue::Clear() {
  bytes_.clear();
  ends_.clear();
  first_ = 0;
  begin_ = 0;
}

}  // namespace cpgcert::harness

using cpgcert::harness::TheRegistry;

std::recursive_mutex& qb_ipcc_connection::Guard() {
  return TheRegistry().guard;
}

cpgcert::harness::InProcessService* qb_ipcc_connection::Service() {
  return TheRegistry().service;
}

void qb_ipcc_connection::Install(InProcessService* service) {
  TheRegistry().service = service;
}

void qb_ipcc_connection::Uninstall() {
  TheRegistry().service = nullptr;
  for (const auto& connection : TheRegistry().open) {
    connection->Cut();
    connection->service_ = nullptr;
  }
}

qb_ipcc_connection* qb_ipcc_connection::Make(const char* name, size_t max_size,
                                             int32_t* error) {
  InProcessService* const service = Service();
  if (service == nullptr || std::string_view(name) != "cpg") {
    *error = -ECONNREFUSED;
    return nullptr;
  }
  auto made = std::make_unique<qb_ipcc_connection>();
  made->number = static_cast<int>(service->counters_.connects++);
  made->buffer_size = std::max(max_size, cpgcert::harness::kServiceBufferSize);
  made->service_ = service;
  TheRegistry().open.push_back(std::move(made));
  return TheRegistry().open.back().get();
}

qb_ipcc_connection* qb_ipcc_connection::Find(int number) {
  for (const auto& connection : TheRegistry().open) {
    if (connection->number == number && connection->service_ == Service()) {
      return connection.get();
    }
  }
  return nullptr;
}

void qb_ipcc_connection::MustBeOpen(const qb_ipcc_connection* connection) {
  for (const auto& open : TheRegistry().open) {
    if (open.get() == connection) {
      return;
    }
  }
  std::fputs("a qb_ipcc function was given a connection that is not open\n",
             stderr);
  std::abort();
}

int32_t qb_ipcc_connection::Admit() {
  if (service_ == nullptr) {
    return -ENOTCONN;
  }
  if (const int32_t planted = service_->TakePlanted(QbCall::kConnect);
      planted != 0) {
    return planted;
  }
  if (service_->on_connect) {
    if (const int32_t refused = service_->on_connect(number); refused != 0) {
      return refused;
    }
  }
  admitted_ = true;
  connected_ = true;
  ++service_->counters_.open;
  UpdateDescriptor();
  return 0;
}

void qb_ipcc_connection::Destroy(bool tell) {
  if (near_ >= 0) {
    close(near_);
    close(far_);
  }
  InProcessService* const service = admitted_ ? service_ : nullptr;
  const int number_was = number;
  auto& open = TheRegistry().open;
  std::erase_if(open,
                [this](const auto& entry) { return entry.get() == this; });
  if (service != nullptr) {
    --service->counters_.open;
    if (tell && service->on_disconnect) {
      service->on_disconnect(number_was);
    }
  }
}

ssize_t qb_ipcc_connection::Noted(ssize_t result) {
  if (cpgcert::harness::MeansDisconnected(result)) {
    connected_ = false;
  }
  return result;
}

bool qb_ipcc_connection::IsConnected() {
  connected_ = connected_ && !AtEnd();
  return connected_;
}

ssize_t qb_ipcc_connection::Send(std::span<const iovec> pieces) {
  size_t size = 0;
  for (const iovec& piece : pieces) {
    size += piece.iov_len;
  }
  if (size > buffer_size) {
    return -EMSGSIZE;
  }
  if (service_ == nullptr || cut_) {
    return Noted(-ENOTCONN);
  }
  if (flow_control > 0 &&
      flow_control <= static_cast<int32_t>(flow_control_max)) {
    return -EAGAIN;
  }
  if (const int32_t planted = service_->TakePlanted(QbCall::kSend);
      planted != 0) {
    return Noted(planted);
  }
  const std::string_view request = TheRegistry().request.Gather(pieces);
  if (request.data() == nullptr) {
    return Noted(-ENOMEM);
  }
  ++service_->counters_.requests;
  if (service_->on_request) {
    const InProcessService::Answer answer =
        service_->on_request(number, request);
    if (answer.error < 0) {
      return Noted(answer.error);
    }
    if (!answer.reply.empty()) {
      replies_.Push(answer.reply);
    }
  }
  return static_cast<ssize_t>(size);
}

ssize_t qb_ipcc_connection::Nothing(int32_t timeout_ms, int32_t at_deadline) {
  if (AtEnd() || service_ == nullptr) {
    return Noted(-ENOTCONN);
  }
  if (timeout_ms == 0) {
    return at_deadline;
  }
  ++service_->counters_.empty_waits;
  if (timeout_ms > 0 && ++empty_waits_ < cpgcert::harness::kEmptyWaitsMax) {
    return at_deadline;
  }
  End();
  return Noted(-ENOTCONN);
}

ssize_t qb_ipcc_connection::Take(cpgcert::harness::ByteQueue* queue, void* to,
                                 size_t size) {
  const std::string_view front = queue->Front();
  if (size < front.size()) {
    return Noted(-ENOBUFS);  // as in libqb, what is too large stays in front
  }
  char* const bytes = static_cast<char*>(to);
  if (service_->fill_.has_value()) {
    std::memset(bytes + front.size(), service_->fill_->pattern,
                std::min(size - front.size(), service_->fill_->size_max));
  }
  std::memcpy(bytes, front.data(), front.size());
  const auto taken = static_cast<ssize_t>(front.size());
  queue->Pop();
  empty_waits_ = 0;
  return taken;
}

ssize_t qb_ipcc_connection::Receive(void* to, size_t size, int32_t timeout_ms) {
  if (service_ == nullptr || cut_) {
    return Noted(-ENOTCONN);
  }
  if (const int32_t planted = service_->TakePlanted(QbCall::kReceive);
      planted != 0) {
    return Noted(planted);
  }
  return replies_.empty() ? Nothing(timeout_ms, -ETIMEDOUT)
                          : Take(&replies_, to, size);
}

ssize_t qb_ipcc_connection::ReceiveEvent(void* to, size_t size,
                                         int32_t timeout_ms) {
  if (service_ == nullptr || cut_) {
    return Noted(-ENOTCONN);
  }
  if (const int32_t planted = service_->TakePlanted(QbCall::kEvent);
      planted != 0) {
    return Noted(planted);
  }
  if (events.empty()) {
    return Nothing(timeout_ms, -EAGAIN);
  }
  const ssize_t taken = Take(&events, to, size);
  if (taken >= 0) {
    ++service_->counters_.events_taken;
    UpdateDescriptor();
  }
  return taken;
}

int32_t qb_ipcc_connection::Descriptor(int32_t* descriptor) {
  if (service_ != nullptr) {
    if (const int32_t planted = service_->TakePlanted(QbCall::kDescriptor);
        planted != 0) {
      return planted;
    }
  }
  if (near_ < 0) {
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0,
                   pair) != 0) {
      return -errno;
    }
    near_ = pair[0];
    far_ = pair[1];
    UpdateDescriptor();
  }
  *descriptor = near_;
  return 0;
}

void qb_ipcc_connection::UpdateDescriptor() {
  if (near_ < 0) {
    return;
  }
  // Before it is admitted, the answer to that is what waits.
  const bool waits = !admitted_ || !events.empty();
  char byte = 0;
  if (waits && !readable_ && !cut_) {
    readable_ = send(far_, &byte, 1, MSG_NOSIGNAL) == 1;
  } else if (!waits && readable_) {
    readable_ = recv(near_, &byte, 1, MSG_DONTWAIT) != 1;
  }
  if (AtEnd()) {
    shutdown(near_, SHUT_RDWR);
  }
}

void qb_ipcc_connection::Push(std::string_view event) {
  if (ended_ || cut_) {
    return;
  }
  ++service_->counters_.events_queued;
  events.Push(event);
  UpdateDescriptor();
}

void qb_ipcc_connection::End() {
  ended_ = true;
  UpdateDescriptor();
}

void qb_ipcc_connection::Cut() {
  cut_ = true;
  connected_ = false;
  events.Clear();
  UpdateDescriptor();
}
