// Events over a real libqb server (event_server.h): for libraries that do not
// bind to the functions of this executable, and for comparing the speed.
//
// Nothing can be seen or set there of a library's buffers: what lies behind an
// event in memory is whatever was there before.

#ifndef CPGCERT_FUZZ_EVENTS_SERVER_TRANSPORT_H_
#define CPGCERT_FUZZ_EVENTS_SERVER_TRANSPORT_H_

#include <vector>

#include "fuzz/events/event_input.h"
#include "fuzz/events/event_server.h"
#include "fuzz/events/event_transport.h"

namespace cpgcert::fuzz {

// One at a time.
class ServerTransport : public EventTransport {
 public:
  // What libqb carries, all at once: no event without bytes, 100 events and
  // 512 KiB at most.
  static bool Carries(const std::vector<EventRecord>& records);

  // `server` must outlive it.
  explicit ServerTransport(EventServer* server);
  ~ServerTransport() override;
  ServerTransport(const ServerTransport&) = delete;
  ServerTransport& operator=(const ServerTransport&) = delete;

  cpg_model_v1_data_t Callbacks() override;
  void Push(std::string_view event) override { server_.Send(event); }
  size_t Waiting() override { return server_.Waiting(); }
  // With one more message, whose callback ends the connection: nobody else
  // could tell when the events before it have been dispatched.
  void EndAfterEvents() override;
  bool IsClosed() override { return server_.AllAreClosed(); }

 private:
  static void Deliver(cpg_handle_t handle, const cpg_name* group, uint32_t node,
                      uint32_t process, void* message, size_t size);

  EventServer& server_;
  bool ending_ = false;
};

}  // namespace cpgcert::fuzz

#endif  // CPGCERT_FUZZ_EVENTS_SERVER_TRANSPORT_H_
