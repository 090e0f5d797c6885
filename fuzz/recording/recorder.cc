// Stands between the reference and libqb, and writes down what the service
// sends, as inputs of event_decoder and reply_decoder: files in the folder that
// CPGCERT_RECORDINGS names. Linked with --wrap of each function here.
//
// A file has at most kRecordsMax events, or replies, of one connection.

#include <qb/qbipcc.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "fuzz/events/event_input.h"
#include "fuzz/replies/reply_input.h"
#include "harness/wire/wire.h"

namespace cpgcert::fuzz {
namespace {

namespace wire = harness::wire;

constexpr size_t kRecordsMax = 6;

struct Recording {
  std::string path{};  // the newest
  size_t records = 0;
};

std::mutex guard;
// Of each connection, by the target.
std::map<std::pair<const void*, std::string>, Recording> recordings;

void Append(const void* connection, const std::string& target,
            const std::string& record) {
  const char* const folder = std::getenv("CPGCERT_RECORDINGS");
  if (folder == nullptr) return;
  const std::lock_guard lock(guard);
  Recording& recording = recordings[{connection, target}];
  if (recording.records % kRecordsMax == 0) {
    recording.path = std::string(folder) + "/" + target + "/XXXXXX";
    const int descriptor = mkstemp(recording.path.data());
    if (descriptor >= 0) close(descriptor);
  }
  ++recording.records;
  std::ofstream(recording.path, std::ios::binary | std::ios::app) << record;
}

void Forget(const void* connection) {
  const std::lock_guard lock(guard);
  std::erase_if(recordings, [connection](const auto& entry) {
    return entry.first.first == connection;
  });
}

std::optional<Call> CallOf(std::string_view request) {
  switch (static_cast<wire::RequestId>(wire::IdOf(request).value_or(-1))) {
    case wire::RequestId::kJoin:
      return Call::kJoin;
    case wire::RequestId::kLeave:
      return Call::kLeave;
    case wire::RequestId::kMembership:
      return Call::kMembership;
    case wire::RequestId::kLocalGet:
      return Call::kLocalGet;
    case wire::RequestId::kIterationInitialize:
      return Call::kIterationInitialize;
    case wire::RequestId::kIterationNext:
      return Call::kIterationNext;
    case wire::RequestId::kIterationFinalize:
      return Call::kIterationFinalize;
    case wire::RequestId::kPartialMulticast:
      return Call::kMulticast;
    case wire::RequestId::kFinalize:
      return Call::kFinalize;
    default:
      return std::nullopt;
  }
}

// What the call was made with (fuzz/replies/reply_input.h).
uint16_t ParameterOf(std::string_view request) {
  const auto parsed = wire::ParseRequest(request);
  if (!parsed.message) return 0;
  if (const auto* initialize =
          std::get_if<wire::IterationInitializeRequest>(&*parsed.message)) {
    const bool known = initialize->type >= 1 && initialize->type <= 3;
    return known ? static_cast<uint16_t>(initialize->type - 1) : 0;
  }
  if (const auto* fragment =
          std::get_if<wire::PartialMulticastRequest>(&*parsed.message)) {
    constexpr auto kFirst = static_cast<uint32_t>(wire::PartialType::kFirst);
    return fragment->type == kFirst ? 0 : 1;
  }
  return wire::kNameMax;  // as many members as there is room for
}

void AppendReply(const void* connection, std::string_view request,
                 std::string_view reply, ssize_t result) {
  const std::optional<Call> call = CallOf(request);
  if (!call) return;
  ReplyRecord record{.call = *call,
                     .at = ErrorAt::kReceive,
                     .parameter = ParameterOf(request)};
  if (result < 0) {
    record.error = static_cast<int32_t>(result);
  } else {
    record.reply = reply.substr(0, static_cast<size_t>(result));
  }
  Append(connection, "reply_decoder", BuildReplyInput({record}));
}

std::string Gathered(const iovec* pieces, size_t count) {
  std::string bytes;
  for (size_t i = 0; i < count; ++i) {
    bytes.append(static_cast<const char*>(pieces[i].iov_base),
                 pieces[i].iov_len);
  }
  return bytes;
}

}  // namespace
}  // namespace cpgcert::fuzz

extern "C" {

ssize_t __real_qb_ipcc_event_recv(qb_ipcc_connection_t* connection, void* to,
                                  size_t size, int32_t timeout_ms);
ssize_t __real_qb_ipcc_sendv_recv(qb_ipcc_connection_t* connection,
                                  const iovec* pieces, uint32_t count,
                                  void* reply, size_t size, int32_t timeout_ms);
void __real_qb_ipcc_disconnect(qb_ipcc_connection_t* connection);

ssize_t __wrap_qb_ipcc_event_recv(qb_ipcc_connection_t* connection, void* to,
                                  size_t size, int32_t timeout_ms) {
  using namespace cpgcert::fuzz;  // NOLINT(google-build-using-namespace)
  const ssize_t result =
      __real_qb_ipcc_event_recv(connection, to, size, timeout_ms);
  if (result > 0) {
    const std::string_view event(static_cast<const char*>(to),
                                 static_cast<size_t>(result));
    Append(connection, "event_decoder",
           BuildEventInput(
               {{.delivery = Delivery::kOneNonblocking, .event = event}}));
  }
  return result;
}

ssize_t __wrap_qb_ipcc_sendv_recv(qb_ipcc_connection_t* connection,
                                  const iovec* pieces, uint32_t count,
                                  void* reply, size_t size,
                                  int32_t timeout_ms) {
  const ssize_t result = __real_qb_ipcc_sendv_recv(connection, pieces, count,
                                                   reply, size, timeout_ms);
  cpgcert::fuzz::AppendReply(connection, cpgcert::fuzz::Gathered(pieces, count),
                             {static_cast<const char*>(reply), size}, result);
  return result;
}

void __wrap_qb_ipcc_disconnect(qb_ipcc_connection_t* connection) {
  cpgcert::fuzz::Forget(connection);
  __real_qb_ipcc_disconnect(connection);
}

}  // extern "C"
