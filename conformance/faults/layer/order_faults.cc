// Faults that need to hold events: order, and what a finalize inside a
// callback stops.

#include <poll.h>

#include <utility>

#include "conformance/faults/layer/layer.h"

namespace cpgcert::faults {
namespace {

// Dispatches event by event through the connection's backlog, in which a
// fault may arrange the events that wait. While it holds one, the descriptor
// may be idle although an event waits. One dispatcher per connection.
class Backlogged : public Layer {
 public:
  cs_error_t Dispatch(const Session& session,
                      cs_dispatch_flags_t type) override {
    switch (type) {
      case CS_DISPATCH_ONE:
      case CS_DISPATCH_ONE_NONBLOCKING:
        return Step(session, type);
      case CS_DISPATCH_ALL: {
        cs_error_t result;
        do {
          result = Step(session, CS_DISPATCH_ONE_NONBLOCKING);
        } while (result == CS_OK);
        return result == CS_ERR_TRY_AGAIN ? CS_OK : result;
      }
      case CS_DISPATCH_BLOCKING: {
        cs_error_t result;
        do {
          result = Step(session, CS_DISPATCH_ONE);
        } while (result == CS_OK);
        return result;
      }
      default:
        return RunReal(session, type);
    }
  }

 protected:
  // Called when the backlog has exactly one event; may Fetch one more.
  virtual void Arrange(const Session& session) = 0;

  // Appends the next event to the backlog; answers as the real library.
  static cs_error_t Fetch(const Session& session, cs_dispatch_flags_t type) {
    std::vector<Event> captured;
    const cs_error_t result = RunReal(session, type, &captured);
    if (result == CS_OK && captured.empty()) captured.emplace_back();
    const std::lock_guard lock(session.connection->mutex);
    for (Event& event : captured) {
      session.connection->backlog.push_back(std::move(event));
    }
    return result;
  }

 private:
  cs_error_t Step(const Session& session, cs_dispatch_flags_t type) {
    Connection& connection = *session.connection;
    if (IsEmpty(connection)) {
      const cs_error_t result = Fetch(session, type);
      if (result != CS_OK) return result;
      Arrange(session);
    }
    Event event;
    {
      const std::lock_guard lock(connection.mutex);
      if (!connection.backlog.empty()) {
        event = std::move(connection.backlog.front());
        connection.backlog.pop_front();
      }
    }
    event.Run(connection);
    return connection.finalized ? CS_ERR_BAD_HANDLE : CS_OK;
  }

  static bool IsEmpty(Connection& connection) {
    const std::lock_guard lock(connection.mutex);
    return connection.backlog.empty();
  }
};

}  // namespace

class SwapsTwoEvents : public Backlogged {
  void Arrange(const Session& session) override {
    Connection& connection = *session.connection;
    if (connection.done || !connection.backlog.front().is_message()) return;
    if (Fetch(session, CS_DISPATCH_ONE_NONBLOCKING) != CS_OK) return;
    const std::lock_guard lock(connection.mutex);
    auto& backlog = connection.backlog;
    if (backlog.size() < 2 || !backlog[1].is_message()) return;
    std::swap(backlog[0], backlog[1]);
    connection.done = true;
  }
};
CPGCERT_PLANT(SwapsTwoEvents)

class TotemBeforeConfigurationChange : public Backlogged {
  void Arrange(const Session& session) override {
    Connection& connection = *session.connection;
    if (!connection.backlog.front().is_configuration_change()) return;
    const bool first = !connection.done.exchange(true);
    if (first && (connection.flags & CPG_MODEL_V1_DELIVER_INITIAL_TOTEM_CONF)) {
      // The totem event follows at once, but it may not be here yet.
      pollfd poller = {RealDescriptor(session), POLLIN, 0};
      poll(&poller, 1, 200);
    }
    if (Fetch(session, CS_DISPATCH_ONE_NONBLOCKING) != CS_OK) return;
    const std::lock_guard lock(connection.mutex);
    auto& backlog = connection.backlog;
    if (backlog.size() < 2 || !backlog[1].is_totem_change()) return;
    std::swap(backlog[0], backlog[1]);
  }
};
CPGCERT_PLANT(TotemBeforeConfigurationChange)

class DispatchContinuesAfterFinalizeInCallback : public Layer {
  cs_error_t Dispatch(const Session& session,
                      cs_dispatch_flags_t type) override {
    if (type != CS_DISPATCH_ALL && type != CS_DISPATCH_BLOCKING) {
      return RunReal(session, type);
    }
    for (;;) {
      std::vector<Event> events;
      cs_error_t result = CS_OK;
      if (type == CS_DISPATCH_BLOCKING) {
        result = RunReal(session, CS_DISPATCH_ONE, &events);
      }
      if (result == CS_OK) result = RunReal(session, CS_DISPATCH_ALL, &events);
      for (Event& event : events) event.Run(*session.connection);
      if (session.connection->finalized) return CS_ERR_BAD_HANDLE;
      if (result != CS_OK) return result;
      if (type == CS_DISPATCH_ALL && events.empty()) return CS_OK;
    }
  }
};
CPGCERT_PLANT(DispatchContinuesAfterFinalizeInCallback)

}  // namespace cpgcert::faults
