// Legal variants of cpg_dispatch(3) and of what cpg_finalize(3) does to it.

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <optional>

#include "conformance/faults/layer/layer.h"

namespace cpgcert::faults {

namespace {

// How many callbacks have run in this thread.
thread_local unsigned callbacks_run = 0;

class CountsCallbacks : public Layer {
 protected:
  void Deliver(Connection& connection, const Delivery& delivery) override {
    ++callbacks_run;
    Layer::Deliver(connection, delivery);
  }
  void Change(Connection& connection,
              const ConfigurationChange& change) override {
    ++callbacks_run;
    Layer::Change(connection, change);
  }
  void Totem(Connection& connection, const TotemChange& change) override {
    ++callbacks_run;
    Layer::Totem(connection, change);
  }
};

}  // namespace

// An event for which no callback is registered does not count as one.
class OneSkipsEventsWithoutCallback : public CountsCallbacks {
  cs_error_t Dispatch(const Session& session,
                      cs_dispatch_flags_t type) override {
    if (type != CS_DISPATCH_ONE && type != CS_DISPATCH_ONE_NONBLOCKING) {
      return RunReal(session, type);
    }
    for (;;) {
      const unsigned before = callbacks_run;
      const cs_error_t result = RunReal(session, type);
      if (result != CS_OK || callbacks_run != before) return result;
    }
  }
};
CPGCERT_PLANT(OneSkipsEventsWithoutCallback)

// An event for which no callback is registered counts as one: the library
// beneath runs one that does nothing.
class OneEndsWithoutCallback : public Layer {
  cs_error_t Initializing(cpg_model_t*, cpg_model_v1_data_t* data) override {
    if (data == nullptr) return CS_OK;
    if (data->cpg_deliver_fn == nullptr) {
      data->cpg_deliver_fn = [](cpg_handle_t, const cpg_name*, uint32_t,
                                uint32_t, void*, size_t) {};
    }
    if (data->cpg_confchg_fn == nullptr) {
      data->cpg_confchg_fn = [](cpg_handle_t, const cpg_name*,
                                const cpg_address*, size_t, const cpg_address*,
                                size_t, const cpg_address*, size_t) {};
    }
    return CS_OK;
  }
};
CPGCERT_PLANT(OneEndsWithoutCallback)

// CS_DISPATCH_ONE takes at least one: here, all that wait.
class OneTakesAllWaiting : public Layer {
  cs_error_t Dispatch(const Session& session,
                      cs_dispatch_flags_t type) override {
    const cs_error_t result = RunReal(session, type);
    if (type == CS_DISPATCH_ONE && result == CS_OK &&
        !session.connection->finalized) {
      RunReal(session, CS_DISPATCH_ALL);
    }
    return result;
  }
};
CPGCERT_PLANT(OneTakesAllWaiting)

// CS_DISPATCH_ALL takes what waited when it was called, and leaves what comes
// while its callbacks run to the next call.
class AllTakesWhatWaited : public Layer {
  cs_error_t Dispatch(const Session& session,
                      cs_dispatch_flags_t type) override {
    Connection& connection = *session.connection;
    if (type == CS_DISPATCH_ALL) return All(session);
    const bool one =
        type == CS_DISPATCH_ONE || type == CS_DISPATCH_ONE_NONBLOCKING;
    for (auto event = Next(connection); event; event = Next(connection)) {
      event->Run(connection);
      if (connection.finalized) return CS_ERR_BAD_HANDLE;
      if (one) return CS_OK;
    }
    return RunReal(session, type);
  }

  static cs_error_t All(const Session& session) {
    Connection& connection = *session.connection;
    size_t count = 0;
    cs_error_t result = CS_OK;
    {
      // No callback runs meanwhile, and nothing waits.
      const std::lock_guard order(connection.whole_library);
      std::vector<Event> taken;
      result = RunReal(session, CS_DISPATCH_ALL, &taken);
      const std::lock_guard lock(connection.mutex);
      std::move(taken.begin(), taken.end(),
                std::back_inserter(connection.backlog));
      count = connection.backlog.size();
    }
    if (count == 0) return result;
    for (; count > 0; --count) {
      auto event = Next(connection);
      if (!event) break;
      event->Run(connection);
      if (connection.finalized) return CS_ERR_BAD_HANDLE;
    }
    return CS_OK;
  }

  static std::optional<Event> Next(Connection& connection) {
    const std::lock_guard lock(connection.mutex);
    if (connection.backlog.empty()) return std::nullopt;
    Event event = std::move(connection.backlog.front());
    connection.backlog.pop_front();
    return event;
  }
};
CPGCERT_PLANT(AllTakesWhatWaited)

namespace {

// Waits in poll(2) instead of in the library beneath.
class WaitsInPoll : public Layer {
 protected:
  // CS_OK: wait again.
  virtual cs_error_t OnSignal() { return CS_OK; }

 private:
  cs_error_t Dispatch(const Session& session,
                      cs_dispatch_flags_t type) override {
    const bool one = type == CS_DISPATCH_ONE;
    if (type == CS_DISPATCH_ALL || type == CS_DISPATCH_ONE_NONBLOCKING) {
      return RunReal(session, type);
    }
    for (;;) {
      // Before the handle can be taken away.
      pollfd wait = {RealDescriptor(session), POLLIN, 0};
      const cs_error_t result =
          RunReal(session, one ? CS_DISPATCH_ONE_NONBLOCKING : CS_DISPATCH_ALL);
      if (one && result == CS_OK) return result;
      if (result != CS_OK && result != CS_ERR_TRY_AGAIN) return result;
      if (poll(&wait, 1, -1) < 0 && errno == EINTR) {
        const cs_error_t interrupted = OnSignal();
        if (interrupted != CS_OK) return interrupted;
      }
    }
  }
};

}  // namespace

// The end of the connection ends the wait.
class FinalizeWakesDispatcher : public WaitsInPoll {};
CPGCERT_PLANT(FinalizeWakesDispatcher)

class SignalInterruptsDispatch : public WaitsInPoll {
  cs_error_t OnSignal() override { return CS_ERR_INTERRUPT; }
};
CPGCERT_PLANT(SignalInterruptsDispatch)

// A dispatcher that waits while another thread finalizes waits for ever.
class FinalizeLeavesDispatcherAsleep : public Layer {
  cs_error_t Dispatch(const Session& session,
                      cs_dispatch_flags_t type) override {
    Connection& connection = *session.connection;
    const cs_error_t result = RunReal(session, type);
    const bool waited = type != CS_DISPATCH_ALL &&
                        type != CS_DISPATCH_ONE_NONBLOCKING &&
                        result == CS_ERR_BAD_HANDLE;
    if (waited && connection.finalized && !connection.done) {
      for (;;) pause();
    }
    return result;
  }

  cs_error_t Finalize(cpg_handle_t handle, Connection* connection) override {
    if (connection != nullptr) {
      // From within a callback, the dispatcher does not wait.
      if (InCallbackOf(*connection)) connection->done = true;
      connection->finalized = true;
    }
    return Layer::Finalize(handle, connection);
  }
};
CPGCERT_PLANT(FinalizeLeavesDispatcherAsleep)

}  // namespace cpgcert::faults
