// One input of event_decoder, played to a library: a connection of its own,
// the events, the dispatches, the end.

#ifndef CPGCERT_FUZZ_EVENTS_EVENT_SESSION_H_
#define CPGCERT_FUZZ_EVENTS_EVENT_SESSION_H_

#include <corosync/cpg.h>

#include <string>
#include <vector>

#include "fuzz/events/event_input.h"
#include "fuzz/events/event_transport.h"
#include "fuzz/events/owed_events.h"
#include "harness/cpg_api.h"
#include "harness/qb_in_process/in_process_service.h"

namespace cpgcert::fuzz {

// Everything that can be seen of a library.
struct Played {
  std::string trace{};                // callback_trace.h
  std::vector<cs_error_t> results{};  // of the dispatches, in their order
  size_t errors = 0;                  // failures among them
  size_t unclear_errors = 0;          // of these, perhaps for the end only
  std::string problem{};              // what no input may lead to; else ""
  bool operator==(const Played&) const = default;
};

// Events are dispatched as their records say, and what is left at the end with
// CS_DISPATCH_ALL. So that nothing waits for ever, CS_DISPATCH_ONE is called
// only if a callback or an error is `owed` for what waits, and else the
// nonblocking one; before CS_DISPATCH_BLOCKING everything is queued and the
// connection ended, which makes it fail once more.
//
// `transport` is a fresh one: it carries one connection.
Played PlayEvents(const harness::CpgApi& api,
                  const std::vector<EventRecord>& records,
                  const std::vector<OwedEvent>& owed,
                  EventTransport* transport);
// In this process, over a library that binds to it.
Played PlayEvents(const harness::CpgApi& api,
                  const std::vector<EventRecord>& records,
                  const std::vector<OwedEvent>& owed, harness::StaleFill fill);

}  // namespace cpgcert::fuzz

#endif  // CPGCERT_FUZZ_EVENTS_EVENT_SESSION_H_
