#include "harness/member_census.h"

#include <corosync/corotypes.h>
#include <corosync/cpg.h>
#include <poll.h>
#include <qb/qbipc_common.h>
#include <sys/uio.h>

#include <cstdint>

namespace cpgcert::harness {

namespace {

using Clock = std::chrono::steady_clock;

constexpr size_t kBufferSize = size_t{1} << 20;
constexpr int kTimeoutMs = 2000;
constexpr int kPauseUs = 200;

constexpr int32_t kIterationInitialize = 5;
constexpr int32_t kIterationNext = 6;
constexpr int32_t kIterationFinalize = 7;

// The layout of the requests and replies; every field is 8-aligned.
struct Name {
  alignas(8) uint32_t length;
  alignas(8) char value[CPG_MAX_NAME_LENGTH];
};
struct InitializeRequest {
  qb_ipc_request_header header;
  Name group;
  alignas(8) uint32_t type;
};
struct InitializeReply {
  qb_ipc_response_header header;
  alignas(8) uint64_t iteration;
};
struct IterationRequest {
  qb_ipc_request_header header;
  alignas(8) uint64_t iteration;
};
struct NextReply {
  qb_ipc_response_header header;
  Name group;
  alignas(8) uint32_t node_id;
  alignas(8) uint32_t process;
};
static_assert(sizeof(InitializeRequest) == 160);
static_assert(sizeof(InitializeReply) == 32);
static_assert(sizeof(IterationRequest) == 24);
static_assert(sizeof(NextReply) == 176);

IterationRequest MakeRequest(int32_t id, uint64_t iteration) {
  IterationRequest request{};
  request.header.id = id;
  request.header.size = sizeof(request);
  request.iteration = iteration;
  return request;
}

}  // namespace

MemberCensus::~MemberCensus() { Disconnect(); }

void MemberCensus::Disconnect() {
  if (connection_ != nullptr) {
    qb_ipcc_disconnect(connection_);
    connection_ = nullptr;
  }
}

bool MemberCensus::Call(const void* request, size_t request_size, void* reply,
                        size_t reply_size) {
  const iovec part{const_cast<void*>(request), request_size};  // NOLINT
  return qb_ipcc_sendv_recv(connection_, &part, 1, reply, reply_size,
                            kTimeoutMs) > 0;
}

MemberCensus::Answer MemberCensus::Ask() {
  if (connection_ == nullptr) {
    connection_ = qb_ipcc_connect("cpg", kBufferSize);
    if (connection_ == nullptr) {
      return Answer::kNoAnswer;
    }
  }
  InitializeRequest request{};
  request.header.id = kIterationInitialize;
  request.header.size = sizeof(request);
  request.type = CPG_ITERATION_ALL;
  InitializeReply begun{};
  if (!Call(&request, sizeof(request), &begun, sizeof(begun)) ||
      begun.header.error != CS_OK) {
    return Answer::kNoAnswer;
  }
  const IterationRequest next = MakeRequest(kIterationNext, begun.iteration);
  NextReply first{};
  const bool answered = Call(&next, sizeof(next), &first, sizeof(first));
  const IterationRequest end = MakeRequest(kIterationFinalize, begun.iteration);
  qb_ipc_response_header ended{};
  if (!answered || !Call(&end, sizeof(end), &ended, sizeof(ended))) {
    return Answer::kNoAnswer;
  }
  return first.header.error == CS_OK ? Answer::kSomebody : Answer::kNobody;
}

std::string MemberCensus::WaitNobody(std::chrono::milliseconds deadline) {
  const auto end = Clock::now() + deadline;
  while (true) {
    switch (Ask()) {
      case Answer::kNobody:
        return "";
      case Answer::kNoAnswer:
        Disconnect();
        return "the service does not answer";
      case Answer::kSomebody:
        break;
    }
    if (Clock::now() > end) {
      return "processes that have ended are still members of groups";
    }
    const timespec pause{0, kPauseUs * 1000};
    ppoll(nullptr, 0, &pause, nullptr);
  }
}

}  // namespace cpgcert::harness
