#include "fuzz/events/event_channel.h"

#include <poll.h>
#include <qb/qbipcs.h>
#include <qb/qbloop.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "fuzz/events/event_server.h"
#include "harness/wire/wire.h"

namespace cpgcert::fuzz {

namespace {

namespace wire = harness::wire;

// libqb's handlers have no argument of ours.
qb_loop_t* loop = nullptr;
int channel = -1;
qb_ipcs_connection_t* newest = nullptr;  // null once it is closed
int open_count = 0;
std::optional<uint32_t> awaits_all_closed;  // the question's number

void Answer(uint32_t number, uint64_t value) {
  const EventAnswer answer{.number = number, .value = value};
  if (!WriteAll(channel, &answer, sizeof(answer))) _exit(0);
}

void AnswerIfAllClosed() {
  if (open_count == 0 && awaits_all_closed.has_value()) {
    Answer(*awaits_all_closed, 0);
    awaits_all_closed.reset();
  }
}

// --- What libqb calls -------------------------------------------------------

int32_t Accept(qb_ipcs_connection_t* /*link*/, uid_t /*user*/,
               gid_t /*group*/) {
  return 0;
}

void Created(qb_ipcs_connection_t* link) {
  newest = link;
  ++open_count;
}

int32_t Closed(qb_ipcs_connection_t* link) {
  if (link == newest) newest = nullptr;
  --open_count;
  AnswerIfAllClosed();
  return 0;
}

void Destroyed(qb_ipcs_connection_t* /*link*/) {}

std::string ReplyTo(std::optional<int32_t> request) {
  if (request == static_cast<int32_t>(wire::RequestId::kFinalize)) {
    return wire::Build(
        wire::Reply(wire::PlainReply{.id = wire::ReplyId::kFinalize}));
  }
  if (request == static_cast<int32_t>(wire::RequestId::kLocalGet)) {
    return wire::Build(
        wire::Reply(wire::LocalGetReply{.node = EventServer::kNode}));
  }
  constexpr int32_t kNotSupported = 20;  // CS_ERR_NOT_SUPPORTED
  return wire::Build(wire::Reply(wire::PlainReply{.error = kNotSupported}));
}

// The size is what the client wrote into the header, whatever that is.
int32_t OnRequest(qb_ipcs_connection_t* link, void* data, size_t /*size*/) {
  const std::string reply = ReplyTo(
      wire::IdOf({static_cast<const char*>(data), wire::kRequestHeaderSize}));
  qb_ipcs_response_send(link, reply.data(), reply.size());
  return 0;
}

int32_t AddJob(qb_loop_priority priority, void* data,
               qb_loop_job_dispatch_fn function) {
  return qb_loop_job_add(loop, priority, data, function);
}
int32_t AddPoll(qb_loop_priority priority, int32_t descriptor, int32_t events,
                void* data, qb_ipcs_dispatch_fn_t function) {
  return qb_loop_poll_add(loop, priority, descriptor, events, data, function);
}
int32_t ModifyPoll(qb_loop_priority priority, int32_t descriptor,
                   int32_t events, void* data, qb_ipcs_dispatch_fn_t function) {
  return qb_loop_poll_mod(loop, priority, descriptor, events, data, function);
}
int32_t DeletePoll(int32_t descriptor) {
  return qb_loop_poll_del(loop, descriptor);
}

// --- Questions --------------------------------------------------------------

uint64_t CountWaiting() {
  qb_ipcs_connection_stats_2* statistics =
      newest == nullptr ? nullptr : qb_ipcs_connection_stats_get_2(newest, 0);
  const uint64_t count = statistics == nullptr ? 0 : statistics->event_q_length;
  std::free(statistics);  // NOLINT(*-no-malloc): libqb's
  return count;
}

int32_t OnQuestion(int32_t /*descriptor*/, int32_t /*events*/, void* /*data*/) {
  EventQuestion question{};
  static std::string bytes;
  if (!ReadAll(channel, &question, sizeof(question)) ||
      question.size > wire::kBufferSize) {
    _exit(0);
  }
  bytes.resize(question.size);
  if (!ReadAll(channel, bytes.data(), bytes.size())) _exit(0);
  uint64_t value = 0;
  switch (question.verb) {
    case kSendEvent:
      if (newest != nullptr) {
        qb_ipcs_event_send(newest, bytes.data(), bytes.size());
      }
      break;
    case kCountWaiting:
      value = CountWaiting();
      break;
    case kDisconnect:
      if (newest != nullptr) qb_ipcs_disconnect(std::exchange(newest, nullptr));
      break;
    case kAwaitAllClosed:
      awaits_all_closed = question.number;
      AnswerIfAllClosed();
      return 0;
    default:
      _exit(0);
  }
  Answer(question.number, value);
  return 0;
}

int Listen() {
  loop = qb_loop_create();
  qb_ipcs_service_handlers handlers{};
  handlers.connection_accept = Accept;
  handlers.connection_created = Created;
  handlers.msg_process = OnRequest;
  handlers.connection_closed = Closed;
  handlers.connection_destroyed = Destroyed;
  qb_ipcs_service_t* const service =
      qb_ipcs_create("cpg", 0, QB_IPC_SHM, &handlers);
  if (loop == nullptr || service == nullptr) return ENOMEM;
  qb_ipcs_enforce_buffer_size(service, wire::kBufferSize);
  qb_ipcs_poll_handlers poll_handlers{};
  poll_handlers.job_add = AddJob;
  poll_handlers.dispatch_add = AddPoll;
  poll_handlers.dispatch_mod = ModifyPoll;
  poll_handlers.dispatch_del = DeletePoll;
  qb_ipcs_poll_handlers_set(service, &poll_handlers);
  const int32_t result = qb_ipcs_run(service);
  return result != 0 ? -result
                     : -qb_loop_poll_add(loop, QB_LOOP_MED, channel, POLLIN,
                                         nullptr, OnQuestion);
}

}  // namespace

bool WriteAll(int socket, const void* bytes, size_t size) {
  const char* from = static_cast<const char*>(bytes);
  while (size > 0) {
    const ssize_t sent = send(socket, from, size, MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent <= 0) return false;
    from += sent;
    size -= static_cast<size_t>(sent);
  }
  return true;
}

bool ReadAll(int socket, void* bytes, size_t size) {
  char* to = static_cast<char*>(bytes);
  while (size > 0) {
    const ssize_t received = recv(socket, to, size, 0);
    if (received < 0 && errno == EINTR) continue;
    if (received <= 0) return false;
    to += received;
    size -= static_cast<size_t>(received);
  }
  return true;
}

void RunEventServer(int socket) {
  channel = socket;
  const int error = Listen();
  Answer(0, static_cast<uint64_t>(error));
  if (error == 0) qb_loop_run(loop);
  _exit(1);
}

}  // namespace cpgcert::fuzz
