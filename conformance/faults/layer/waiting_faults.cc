// Faults of how a dispatch waits: how it sleeps, what wakes it, and what it
// makes of a signal or of the service's death.

#include <poll.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>

#include "conformance/faults/layer/layer.h"

namespace cpgcert::faults {
namespace {

bool Waits(cs_dispatch_flags_t type) {
  return type == CS_DISPATCH_ONE || type == CS_DISPATCH_BLOCKING;
}

}  // namespace

class OneSpins : public Layer {
  cs_error_t Dispatch(const Session& session,
                      cs_dispatch_flags_t type) override {
    if (type != CS_DISPATCH_ONE) return RunReal(session, type);
    for (;;) {
      const cs_error_t result = RunReal(session, CS_DISPATCH_ONE_NONBLOCKING);
      if (result != CS_ERR_TRY_AGAIN) return result;
    }
  }
};
CPGCERT_PLANT(OneSpins)

class OnePolls50Ms : public Layer {
  cs_error_t Dispatch(const Session& session,
                      cs_dispatch_flags_t type) override {
    if (type != CS_DISPATCH_ONE) return RunReal(session, type);
    for (;;) {
      const cs_error_t result = RunReal(session, CS_DISPATCH_ONE_NONBLOCKING);
      if (result != CS_ERR_TRY_AGAIN) return result;
      const timespec period = {0, 50'000'000};
      nanosleep(&period, nullptr);  // sleep: this is the fault
    }
  }
};
CPGCERT_PLANT(OnePolls50Ms)

class NotWokenByEvent : public Layer {
  cs_error_t Dispatch(const Session& session,
                      cs_dispatch_flags_t type) override {
    if (type != CS_DISPATCH_ONE) return RunReal(session, type);
    const cs_error_t result = RunReal(session, CS_DISPATCH_ONE_NONBLOCKING);
    if (result != CS_ERR_TRY_AGAIN) return result;
    // Asleep as it should be, with nothing asked for: only the service's
    // death ends this.
    pollfd poller = {RealDescriptor(session), 0, 0};
    while (poll(&poller, 1, -1) < 1) {
    }
    return RunReal(session, CS_DISPATCH_ONE_NONBLOCKING);
  }
};
CPGCERT_PLANT(NotWokenByEvent)

class SignalEndsBlockingWithOk : public Layer {
  cs_error_t Dispatch(const Session& session,
                      cs_dispatch_flags_t type) override {
    if (!Waits(type)) return RunReal(session, type);
    for (;;) {
      const cs_error_t result = RunReal(session, CS_DISPATCH_ONE_NONBLOCKING);
      if (result == CS_OK && type == CS_DISPATCH_BLOCKING) continue;
      if (result != CS_ERR_TRY_AGAIN) return result;
      pollfd poller = {RealDescriptor(session), POLLIN, 0};
      if (poll(&poller, 1, -1) < 0 && errno == EINTR) return CS_OK;
    }
  }
};
CPGCERT_PLANT(SignalEndsBlockingWithOk)

class DeathReportedAsOk : public Layer {
  cs_error_t Dispatch(const Session& session,
                      cs_dispatch_flags_t type) override {
    const cs_error_t result = RunReal(session, type);
    const bool dead = result == CS_ERR_LIBRARY && ServiceIsDead(session);
    return dead ? CS_OK : result;
  }
};
CPGCERT_PLANT(DeathReportedAsOk)

class DeathIgnoredBlocks : public Layer {
  cs_error_t Dispatch(const Session& session,
                      cs_dispatch_flags_t type) override {
    const cs_error_t result = RunReal(session, type);
    if (Waits(type) && result == CS_ERR_LIBRARY && ServiceIsDead(session)) {
      for (;;) pause();
    }
    return result;
  }
};
CPGCERT_PLANT(DeathIgnoredBlocks)

class CallersWaitForDispatcher : public Layer {
  cs_error_t Dispatch(const Session& session,
                      cs_dispatch_flags_t type) override {
    const std::lock_guard lock(session.connection->whole_library);
    return RunReal(session, type);
  }

  cs_error_t Multicast(cpg_handle_t handle, Connection* connection,
                       cpg_guarantee_t guarantee, const iovec* pieces,
                       unsigned int piece_count) override {
    std::unique_lock<std::recursive_mutex> lock;
    if (connection != nullptr) {
      lock = std::unique_lock(connection->whole_library);
    }
    return Layer::Multicast(handle, connection, guarantee, pieces, piece_count);
  }
};
CPGCERT_PLANT(CallersWaitForDispatcher)

}  // namespace cpgcert::faults
