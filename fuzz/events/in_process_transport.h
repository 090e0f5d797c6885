// Events over the qb_ipcc_* functions of this executable
// (harness/qb_in_process): for libraries that bind to them.

#ifndef CPGCERT_FUZZ_EVENTS_IN_PROCESS_TRANSPORT_H_
#define CPGCERT_FUZZ_EVENTS_IN_PROCESS_TRANSPORT_H_

#include "fuzz/events/event_transport.h"
#include "harness/qb_in_process/in_process_service.h"

namespace cpgcert::fuzz {

// REQUIRES: no other InProcessService at the moment.
class InProcessTransport : public EventTransport {
 public:
  // `fill` overwrites what lies behind an event in the library's memory.
  explicit InProcessTransport(harness::StaleFill fill);

  void Push(std::string_view event) override { service_.Push(0, event); }
  size_t Waiting() override;
  void EndAfterEvents() override { service_.End(0); }
  bool IsClosed() override { return service_.counters().open == 0; }

 private:
  harness::InProcessService service_;
};

}  // namespace cpgcert::fuzz

#endif  // CPGCERT_FUZZ_EVENTS_IN_PROCESS_TRANSPORT_H_
