// How the events of one input reach a library, and what its service sees of
// it: one object for each connection.

#ifndef CPGCERT_FUZZ_EVENTS_EVENT_TRANSPORT_H_
#define CPGCERT_FUZZ_EVENTS_EVENT_TRANSPORT_H_

#include <corosync/cpg.h>

#include <cstddef>
#include <string_view>

#include "fuzz/events/callback_trace.h"

namespace cpgcert::fuzz {

class EventTransport {
 public:
  virtual ~EventTransport() = default;

  // For cpg_model_initialize(3): those of the CallbackRecorder, or what calls
  // them.
  virtual cpg_model_v1_data_t Callbacks() {
    return CallbackRecorder::Callbacks();
  }

  // When it returns, the event waits for the library. Nothing happens if the
  // library has closed its connection.
  virtual void Push(std::string_view event) = 0;
  // Events that the library has not taken yet.
  virtual size_t Waiting() = 0;
  // The connection ends once the events that wait have been dispatched.
  virtual void EndAfterEvents() = 0;
  // True if the library has closed its connection.
  virtual bool IsClosed() = 0;
};

}  // namespace cpgcert::fuzz

#endif  // CPGCERT_FUZZ_EVENTS_EVENT_TRANSPORT_H_
