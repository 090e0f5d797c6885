// The requests of a connection, but for messages.

#include "harness/reference/connection.h"

#include <unistd.h>

#include <cstring>
#include <utility>

#include "harness/reference/patience.h"

namespace cpgcert::reference {

namespace {

wire::Name OnWire(const cpg_name& name) {
  wire::Name out = {};
  out.length.value = name.length;
  std::memcpy(out.bytes, name.value, name.length);
  return out;
}

bool SameName(const cpg_name& a, const cpg_name& b) {
  return a.length == b.length && std::memcmp(a.value, b.value, a.length) == 0;
}

}  // namespace

template <class Request>
cs_error_t Connection::Ask(wire::RequestId request_id, Request* request,
                           wire::ReplyId reply_id, size_t reply_size) {
  if (closed_) return CS_ERR_BAD_HANDLE;
  request->header.id.value = request_id;
  request->header.size.value = sizeof *request;
  const iovec piece = {.iov_base = request, .iov_len = sizeof *request};
  return transport_.Call(Transport::Kind::kOther, {&piece, 1}, reply_id,
                         reply_size, &reply_);
}

template <class Request, class Reply>
cs_error_t Connection::Ask(wire::RequestId request_id, Request* request,
                           wire::ReplyId reply_id, Reply* reply) {
  const cs_error_t error = Ask(request_id, request, reply_id, sizeof *reply);
  if (error == CS_OK) std::memcpy(reply, reply_.data(), sizeof *reply);
  return error;
}

cs_error_t Connection::Open() {
  const cs_error_t error = transport_.Connect();
  return error != CS_OK ? error : readiness_.Open(transport_.descriptor());
}

cs_error_t Connection::EndAtService() {
  if (ended_at_service_) return CS_OK;
  struct {
    wire::RequestHeader header;
  } request = {};
  const cs_error_t error = AskAgainWhile(CS_ERR_TRY_AGAIN, [&] {
    return Ask(wire::kFinalize, &request, wire::kFinalizeReply,
               sizeof(wire::ReplyHeader));
  });
  ended_at_service_ = error == CS_OK;
  return error;
}

cs_error_t Connection::Close() {
  const std::lock_guard calls(calls_);
  const cs_error_t error = EndAtService();
  const std::lock_guard events(events_);
  closed_ = true;
  transport_.Close();
  readiness_.Raise(true);
  return error;
}

void Connection::ForgetIfLeft(const cpg_name& group) {
  if (!has_left_) return;
  const std::lock_guard lock(calls_);
  if (SameName(group, group_)) EndAtService();
}

cs_error_t Connection::Join(const cpg_name& group) {
  const std::lock_guard lock(calls_);
  // "once for each handle", cpg_join(3).
  if (state_ != State::kUnjoined) return CS_ERR_EXIST;
  const pid_t pid = getpid();
  wire::JoinRequest request = {};
  request.group = OnWire(group);
  request.pid.value = pid;
  request.flags.value = options_.flags;
  const cs_error_t error = AskAgainWhile(CS_ERR_BUSY, [&] {
    return Ask(wire::kJoin, &request, wire::kJoinReply,
               sizeof(wire::ReplyHeader));
  });
  if (error != CS_OK) return error;
  state_ = State::kJoined;
  group_ = group;
  pid_ = pid;
  return CS_OK;
}

cs_error_t Connection::Leave() {
  uint32_t nodeid = 0;
  if (const cs_error_t error = LocalNode(&nodeid); error != CS_OK) return error;
  const std::lock_guard lock(calls_);
  if (state_ != State::kJoined) return CS_ERR_NOT_EXIST;
  {
    const std::lock_guard events(events_);
    self_ = {nodeid, static_cast<uint32_t>(pid_)};
  }
  wire::LeaveRequest request = {};
  request.group = OnWire(group_);
  request.pid.value = pid_;
  // The service is busy until it has announced the join.
  const cs_error_t error = AskAgainWhile(CS_ERR_BUSY, [&] {
    return Ask(wire::kLeave, &request, wire::kLeaveReply,
               sizeof(wire::ReplyHeader));
  });
  if (error == CS_OK) state_ = State::kLeft;
  return error;
}

cs_error_t Connection::Members(const cpg_name& group,
                               std::vector<cpg_address>* members) {
  const std::lock_guard lock(calls_);
  wire::MembershipRequest request = {};
  request.group = OnWire(group);
  const cs_error_t error =
      Ask(wire::kMembership, &request, wire::kMembershipReply,
          sizeof(wire::MembershipReply));
  if (error != CS_OK) return error;
  const auto& reply =
      *reinterpret_cast<const wire::MembershipReply*>(reply_.data());
  if (reply.count.value > wire::kMembersMax) return CS_ERR_MESSAGE_ERROR;
  for (const wire::Address& member :
       std::span(reply.members, reply.count.value)) {
    members->push_back(
        {member.nodeid.value, member.pid.value, member.reason.value});
  }
  return CS_OK;
}

cs_error_t Connection::LocalNode(uint32_t* nodeid) {
  const std::lock_guard lock(calls_);
  struct {
    wire::RequestHeader header;
  } request = {};
  wire::LocalGetReply reply;
  const cs_error_t error =
      Ask(wire::kLocalGet, &request, wire::kLocalGetReply, &reply);
  if (error == CS_OK) *nodeid = reply.nodeid.value;
  return error;
}

cs_error_t Connection::IterationInitialize(uint32_t type, const cpg_name* group,
                                           uint64_t* iteration) {
  const std::lock_guard lock(calls_);
  wire::IterationInitializeRequest request = {};
  if (group != nullptr) request.group = OnWire(*group);
  request.type.value = type;
  wire::IterationInitializeReply reply;
  const cs_error_t error = Ask(wire::kIterationInitialize, &request,
                               wire::kIterationInitializeReply, &reply);
  if (error == CS_OK) *iteration = reply.iteration;
  return error;
}

cs_error_t Connection::IterationNext(uint64_t iteration, IterationItem* item) {
  const std::lock_guard lock(calls_);
  wire::IterationRequest request = {.header = {}, .iteration = iteration};
  return Ask(wire::kIterationNext, &request, wire::kIterationNextReply, item);
}

cs_error_t Connection::IterationFinalize(uint64_t iteration) {
  const std::lock_guard lock(calls_);
  wire::IterationRequest request = {.header = {}, .iteration = iteration};
  return Ask(wire::kIterationFinalize, &request, wire::kIterationFinalizeReply,
             sizeof(wire::ReplyHeader));
}

}  // namespace cpgcert::reference
