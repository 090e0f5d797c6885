#include "fuzz/events/event_session.h"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

#include "fuzz/events/callback_trace.h"
#include "fuzz/events/in_process_transport.h"

namespace cpgcert::fuzz {

namespace {

class Session {
 public:
  Session(const harness::CpgApi& api, const std::vector<EventRecord>& records,
          const std::vector<OwedEvent>& owed, EventTransport* transport)
      : api_(api),
        records_(records),
        owed_(owed),
        transport_(*transport),
        recorder_(Size(records)) {}

  Played Play() {
    cpg_model_v1_data_t callbacks = transport_.Callbacks();
    const cs_error_t connected = api_.model_initialize(
        &handle_, CPG_MODEL_V1, reinterpret_cast<cpg_model_data_t*>(&callbacks),
        nullptr);
    if (connected != CS_OK) {
      Problem(fmt::format("cpg_model_initialize: {}",
                          harness::ErrorName(connected)));
      return std::move(played_);
    }
    recorder_.set_handle(handle_);
    Events();
    const cs_error_t finalized = api_.finalize(handle_);
    if (finalized != CS_OK && !ended_) {
      Problem(fmt::format("cpg_finalize: {}", harness::ErrorName(finalized)));
    }
    if (!transport_.IsClosed()) {
      Problem("cpg_finalize left the connection open");
    }
    played_.trace = recorder_.TakeTrace();
    return std::move(played_);
  }

 private:
  // Of all events together.
  static size_t Size(const std::vector<EventRecord>& records) {
    size_t size = 0;
    for (const EventRecord& record : records) {
      size += record.event.size();
    }
    return size;
  }

  void Problem(const std::string& text) {
    if (played_.problem.empty()) {
      played_.problem = text;
    }
  }

  cs_error_t Dispatch(cs_dispatch_flags_t type) {
    const cs_error_t result = api_.dispatch(handle_, type);
    played_.results.push_back(result);
    return result;
  }

  // Something that waits ends a dispatch that waits for something to do.
  bool WaitWillEnd() const {
    const size_t taken = queued_ - transport_.Waiting();
    return std::any_of(
        owed_.begin() + static_cast<ptrdiff_t>(taken),
        owed_.begin() + static_cast<ptrdiff_t>(queued_),
        [](const OwedEvent& event) { return event.EndsAWait(); });
  }

  void Queue() { transport_.Push(records_[queued_++].event); }

  void Events() {
    while (queued_ < records_.size()) {
      const Delivery delivery = records_[queued_].delivery;
      Queue();
      switch (delivery) {
        case Delivery::kQueue:
          break;
        case Delivery::kOne:
          Once(WaitWillEnd() ? CS_DISPATCH_ONE : CS_DISPATCH_ONE_NONBLOCKING);
          break;
        case Delivery::kAll:
          Once(CS_DISPATCH_ALL);
          break;
        case Delivery::kOneNonblocking:
          Once(CS_DISPATCH_ONE_NONBLOCKING);
          break;
        case Delivery::kBlocking:
          ToTheEnd();
          return;
      }
    }
    Drain();
  }

  void Once(cs_dispatch_flags_t type) {
    const cs_error_t result = Dispatch(type);
    if (result != CS_OK && result != CS_ERR_TRY_AGAIN) {
      ++played_.errors;
    }
  }

  // The call that takes the last event fails for it, or for the end.
  void ToTheEnd() {
    while (queued_ < records_.size()) {
      Queue();
    }
    transport_.EndAfterEvents();
    ended_ = true;
    played_.unclear_errors = 1;
    for (size_t calls = 0; calls <= records_.size(); ++calls) {
      if (transport_.Waiting() == 0) {
        break;
      }
      Once(CS_DISPATCH_BLOCKING);
    }
    if (transport_.Waiting() != 0) {
      Problem("CS_DISPATCH_BLOCKING leaves events");
    }
    if (Dispatch(CS_DISPATCH_BLOCKING) == CS_OK) {
      Problem("CS_DISPATCH_BLOCKING returned CS_OK after the end");
    }
  }

  void Drain() {
    size_t calls = 0;
    do {
      Once(CS_DISPATCH_ALL);
    } while ((transport_.Waiting() != 0 || played_.results.back() != CS_OK) &&
             ++calls < records_.size() + 2);
    if (transport_.Waiting() != 0) {
      Problem("CS_DISPATCH_ALL leaves events");
    }
  }

  const harness::CpgApi& api_;
  const std::vector<EventRecord>& records_;
  const std::vector<OwedEvent>& owed_;
  EventTransport& transport_;
  CallbackRecorder recorder_;
  cpg_handle_t handle_ = 0;
  size_t queued_ = 0;  // records
  bool ended_ = false;
  Played played_;
};

}  // namespace

Played PlayEvents(const harness::CpgApi& api,
                  const std::vector<EventRecord>& records,
                  const std::vector<OwedEvent>& owed,
                  EventTransport* transport) {
  return Session(api, records, owed, transport).Play();
}

Played PlayEvents(const harness::CpgApi& api,
                  const std::vector<EventRecord>& records,
                  const std::vector<OwedEvent>& owed, harness::StaleFill fill) {
  InProcessTransport transport(fill);
  return PlayEvents(api, records, owed, &transport);
}

}  // namespace cpgcert::fuzz
