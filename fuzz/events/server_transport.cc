#include "fuzz/events/server_transport.h"

#include <cstring>
#include <string>
#include <string_view>

#include "fuzz/events/callback_trace.h"
#include "harness/wire/wire.h"

namespace cpgcert::fuzz {

namespace {

namespace wire = harness::wire;

constexpr size_t kBytesMax = wire::kBufferSize / 2;
// For each event there is a byte in libqb's socket, too.
constexpr size_t kEventsMax = 100;
// The group of the message that ends a connection.
constexpr std::string_view kLastGroup = "cpgcert: the last message";

ServerTransport* transport = nullptr;

}  // namespace

bool ServerTransport::Carries(const std::vector<EventRecord>& records) {
  size_t size = 0;
  for (const EventRecord& record : records) {
    if (record.event.empty()) return false;
    size += record.event.size();
  }
  return records.size() <= kEventsMax && size <= kBytesMax;
}

ServerTransport::ServerTransport(EventServer* server) : server_(*server) {
  transport = this;
}

ServerTransport::~ServerTransport() { transport = nullptr; }

cpg_model_v1_data_t ServerTransport::Callbacks() {
  cpg_model_v1_data_t callbacks = CallbackRecorder::Callbacks();
  callbacks.cpg_deliver_fn = Deliver;
  return callbacks;
}

void ServerTransport::EndAfterEvents() {
  ending_ = true;
  server_.Send(
      wire::Build(wire::DeliverEvent{.group = std::string(kLastGroup)}));
}

void ServerTransport::Deliver(cpg_handle_t handle, const cpg_name* group,
                              uint32_t node, uint32_t process, void* message,
                              size_t size) {
  if (transport != nullptr && transport->ending_ &&
      group->length == kLastGroup.size() &&
      std::memcmp(group->value, kLastGroup.data(), kLastGroup.size()) == 0) {
    transport->server_.Disconnect();
    return;
  }
  CallbackRecorder::Callbacks().cpg_deliver_fn(handle, group, node, process,
                                               message, size);
}

}  // namespace cpgcert::fuzz
