#include "conformance/resources/connection.h"

#include <fmt/core.h>
#include <poll.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

#include "harness/client.h"

namespace cpgcert::conformance::resources {

namespace {

using harness::ErrorName;
using harness::RetryWhileTryAgain;

// No case's message is so short.
constexpr std::string_view kMark = "#";

// Whose callbacks run.
Connection* current = nullptr;

bool ListsThisProcess(const cpg_address* list, size_t entries) {
  const auto self = static_cast<uint32_t>(getpid());
  return std::any_of(list, list + entries, [self](const cpg_address& address) {
    return address.pid == self;
  });
}

}  // namespace

struct Callbacks {
  static void Deliver(cpg_handle_t handle, const cpg_name* /*group*/,
                      uint32_t /*node_id*/, uint32_t /*process*/, void* bytes,
                      size_t size) {
    const std::string_view message(static_cast<const char*>(bytes), size);
    Seen& seen = current->seen_;
    if (message == kMark) {
      ++seen.marks;
      if (current->finalize_at_mark_) {
        current->connected = false;
        current->api_.finalize(handle);
      }
    } else if (message == current->message_) {
      ++seen.whole;
    } else {
      ++seen.damaged;
    }
  }

  static void Change(cpg_handle_t /*handle*/, const cpg_name* /*group*/,
                     const cpg_address* /*members*/, size_t /*member_count*/,
                     const cpg_address* left, size_t left_count,
                     const cpg_address* joined, size_t joined_count) {
    current->seen_.own_joins += ListsThisProcess(joined, joined_count) ? 1 : 0;
    current->seen_.own_leaves += ListsThisProcess(left, left_count) ? 1 : 0;
  }
};

std::string Answer(std::string_view call, cs_error_t result) {
  return result == CS_OK
             ? ""
             : fmt::format("{} answered {}", call, ErrorName(result));
}

Connection::Connection(const harness::CpgApi& api, std::string_view group_name,
                       std::string_view message)
    : group(harness::MakeGroupName(group_name)), api_(api), message_(message) {
  current = this;
}

Connection::~Connection() { current = nullptr; }

cs_error_t Connection::Initialize() {
  cpg_callbacks_t callbacks{Callbacks::Deliver, Callbacks::Change};
  const cs_error_t result = api_.initialize(&handle, &callbacks);
  connected = result == CS_OK;
  return result;
}

cs_error_t Connection::ModelInitialize() {
  cpg_model_v1_data_t data{};
  data.model = CPG_MODEL_V1;
  data.cpg_deliver_fn = Callbacks::Deliver;
  data.cpg_confchg_fn = Callbacks::Change;
  const cs_error_t result = api_.model_initialize(
      &handle, CPG_MODEL_V1, reinterpret_cast<cpg_model_data_t*>(&data),
      nullptr);
  connected = result == CS_OK;
  return result;
}

cs_error_t Connection::Finalize() {
  connected = false;
  return api_.finalize(handle);
}

cs_error_t Connection::Join() { return api_.join(handle, &group); }

cs_error_t Connection::Leave() { return api_.leave(handle, &group); }

cs_error_t Connection::Multicast() {
  const iovec part{const_cast<char*>(message_.data()), message_.size()};
  return api_.mcast_joined(handle, CPG_TYPE_AGREED, &part, 1);
}

std::string Connection::Connect() {
  return Answer("cpg_initialize",
                RetryWhileTryAgain([this] { return Initialize(); }, kDeadline));
}

std::string Connection::ConnectAndJoin() {
  std::string error = Connect();
  if (error.empty()) {
    error = Answer("cpg_join",
                   RetryWhileTryAgain([this] { return Join(); }, kDeadline));
  }
  return error.empty() ? DispatchUntil([this] { return seen_.own_joins > 0; })
                       : error;
}

std::string Connection::SendMark() {
  const iovec part{const_cast<char*>(kMark.data()), kMark.size()};
  return Answer(
      "cpg_mcast_joined",
      RetryWhileTryAgain(
          [&] { return api_.mcast_joined(handle, CPG_TYPE_AGREED, &part, 1); },
          kDeadline));
}

std::string Connection::DispatchMarks(int count) {
  return DispatchUntil([this, count] { return seen_.marks >= count; });
}

std::string Connection::DispatchUntil(const std::function<bool()>& condition) {
  while (!condition()) {
    if (!WaitReadable()) {
      return "an event that was owed did not come";
    }
    const cs_error_t result = api_.dispatch(handle, CS_DISPATCH_ALL);
    if (result != CS_OK) {
      return Answer("cpg_dispatch", result);
    }
  }
  return "";
}

cs_error_t Connection::DispatchToMark(cs_dispatch_flags_t type) {
  finalize_at_mark_ = type == CS_DISPATCH_BLOCKING;
  while (seen_.marks == 0 && WaitReadable()) {
    const cs_error_t result = api_.dispatch(handle, type);
    const bool nothing_there =
        type == CS_DISPATCH_ONE_NONBLOCKING && result == CS_ERR_TRY_AGAIN;
    if (seen_.marks == 0 && result != CS_OK && !nothing_there) {
      return result;
    }
  }
  return CS_OK;
}

bool Connection::WaitReadable() {
  pollfd watched{-1, POLLIN, 0};
  return api_.fd_get(handle, &watched.fd) == CS_OK &&
         poll(&watched, 1, static_cast<int>(kDeadline.count())) > 0;
}

}  // namespace cpgcert::conformance::resources
