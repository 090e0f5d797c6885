// Faults of the contract of cpg_dispatch: what each type runs, and what it
// answers. All of them are built from faithful dispatches of other types.

#include <signal.h>
#include <unistd.h>

#include "conformance/faults/layer/layer.h"

namespace cpgcert::faults {

class Unfaulted : public Layer {};
CPGCERT_PLANT(Unfaulted)

class AllTriesAgainWhenIdle : public Layer {
  cs_error_t Dispatch(const Session& session,
                      cs_dispatch_flags_t type) override {
    if (type != CS_DISPATCH_ALL) return RunReal(session, type);
    const cs_error_t first = RunReal(session, CS_DISPATCH_ONE_NONBLOCKING);
    return first == CS_OK ? RunReal(session, type) : first;
  }
};
CPGCERT_PLANT(AllTriesAgainWhenIdle)

class AllStopsAfterFirst : public Layer {
  cs_error_t Dispatch(const Session& session,
                      cs_dispatch_flags_t type) override {
    if (type != CS_DISPATCH_ALL) return RunReal(session, type);
    const cs_error_t first = RunReal(session, CS_DISPATCH_ONE_NONBLOCKING);
    return first == CS_ERR_TRY_AGAIN ? CS_OK : first;
  }
};
CPGCERT_PLANT(AllStopsAfterFirst)

class AllBlocksWhenIdle : public Layer {
  cs_error_t Dispatch(const Session& session,
                      cs_dispatch_flags_t type) override {
    if (type != CS_DISPATCH_ALL) return RunReal(session, type);
    const cs_error_t first = RunReal(session, CS_DISPATCH_ONE);
    return first == CS_OK ? RunReal(session, type) : first;
  }
};
CPGCERT_PLANT(AllBlocksWhenIdle)

class OneNonblockingOkWhenIdle : public Layer {
  cs_error_t Dispatch(const Session& session,
                      cs_dispatch_flags_t type) override {
    const cs_error_t result = RunReal(session, type);
    const bool idle =
        type == CS_DISPATCH_ONE_NONBLOCKING && result == CS_ERR_TRY_AGAIN;
    return idle ? CS_OK : result;
  }
};
CPGCERT_PLANT(OneNonblockingOkWhenIdle)

class OneNonblockingRunsTwo : public Layer {
  cs_error_t Dispatch(const Session& session,
                      cs_dispatch_flags_t type) override {
    const cs_error_t first = RunReal(session, type);
    if (type != CS_DISPATCH_ONE_NONBLOCKING || first != CS_OK) return first;
    const cs_error_t second = RunReal(session, type);
    return second == CS_ERR_TRY_AGAIN ? CS_OK : second;
  }
};
CPGCERT_PLANT(OneNonblockingRunsTwo)

class OneNonblockingBlocksWhenIdle : public Layer {
  cs_error_t Dispatch(const Session& session,
                      cs_dispatch_flags_t type) override {
    return RunReal(
        session, type == CS_DISPATCH_ONE_NONBLOCKING ? CS_DISPATCH_ONE : type);
  }
};
CPGCERT_PLANT(OneNonblockingBlocksWhenIdle)

class OneReturnsWithoutCallback : public Layer {
  cs_error_t Dispatch(const Session& session,
                      cs_dispatch_flags_t type) override {
    if (type != CS_DISPATCH_ONE) return RunReal(session, type);
    const cs_error_t result = RunReal(session, CS_DISPATCH_ONE_NONBLOCKING);
    return result == CS_ERR_TRY_AGAIN ? CS_OK : result;
  }
};
CPGCERT_PLANT(OneReturnsWithoutCallback)

class BlockingReturnsAfterOne : public Layer {
  cs_error_t Dispatch(const Session& session,
                      cs_dispatch_flags_t type) override {
    return RunReal(session,
                   type == CS_DISPATCH_BLOCKING ? CS_DISPATCH_ONE : type);
  }
};
CPGCERT_PLANT(BlockingReturnsAfterOne)

class UnjoinedBlockingReturns : public Layer {
  cs_error_t Dispatch(const Session& session,
                      cs_dispatch_flags_t type) override {
    const bool unjoined = !session.connection->joined;
    return RunReal(session, type == CS_DISPATCH_BLOCKING && unjoined
                                ? CS_DISPATCH_ALL
                                : type);
  }
};
CPGCERT_PLANT(UnjoinedBlockingReturns)

class InvalidTypeOk : public Layer {
  cs_error_t Dispatch(const Session& session,
                      cs_dispatch_flags_t type) override {
    return IsDispatchType(type) ? RunReal(session, type) : CS_OK;
  }
};
CPGCERT_PLANT(InvalidTypeOk)

class ErrorConsumesEvent : public Layer {
  cs_error_t Dispatch(const Session& session,
                      cs_dispatch_flags_t type) override {
    if (IsDispatchType(type)) return RunReal(session, type);
    std::vector<Event> lost;
    RunReal(session, CS_DISPATCH_ONE_NONBLOCKING, &lost);
    return CS_ERR_INVALID_PARAM;
  }
};
CPGCERT_PLANT(ErrorConsumesEvent)

class RunsOtherConnectionsCallbacks : public Layer {
  cs_error_t Dispatch(const Session& session,
                      cs_dispatch_flags_t type) override {
    // A connection that this thread has already is not claimed twice.
    if (InCallbackOf(*session.connection)) return RunReal(session, type);
    for (const auto& other :
         ConnectionTable::Get().Others(*session.connection)) {
      DispatchForeign({other->handle, other});
    }
    const Claim claim(*session.connection);
    return RunReal(session, type);
  }

  // Two threads that dispatch one connection would be a second fault: a
  // connection with a dispatcher of its own is left to it.
  static void DispatchForeign(const Session& session) {
    int nobody = 0;
    if (!session.connection->dispatchers.compare_exchange_strong(nobody, -1)) {
      return;
    }
    RunReal(session, CS_DISPATCH_ALL);
    session.connection->dispatchers = 0;
  }

  struct Claim {
    explicit Claim(Connection& connection)
        : dispatchers(connection.dispatchers) {
      int count = dispatchers;
      while (count < 0 ||
             !dispatchers.compare_exchange_weak(count, count + 1)) {
        if (count < 0) count = dispatchers;
      }
    }
    ~Claim() { --dispatchers; }
    std::atomic<int>& dispatchers;
  };
};
CPGCERT_PLANT(RunsOtherConnectionsCallbacks)

class AllAndOneNonblockingSwapped : public Layer {
  cs_error_t Dispatch(const Session& session,
                      cs_dispatch_flags_t type) override {
    if (type == CS_DISPATCH_ALL) {
      return RunReal(session, CS_DISPATCH_ONE_NONBLOCKING);
    }
    const bool swapped = type == CS_DISPATCH_ONE_NONBLOCKING;
    return RunReal(session, swapped ? CS_DISPATCH_ALL : type);
  }
};
CPGCERT_PLANT(AllAndOneNonblockingSwapped)

class UnknownEventCrashes : public Layer {
  cs_error_t Dispatch(const Session& session,
                      cs_dispatch_flags_t type) override {
    const cs_error_t result = RunReal(session, type);
    if (result == CS_ERR_LIBRARY && !ServiceIsDead(session)) raise(SIGSEGV);
    return result;
  }
};
CPGCERT_PLANT(UnknownEventCrashes)

class DispatchInForkedChildCrashes : public Layer {
  cs_error_t Dispatch(const Session& session,
                      cs_dispatch_flags_t type) override {
    if (session.connection->owner != getpid()) raise(SIGSEGV);
    return RunReal(session, type);
  }
};
CPGCERT_PLANT(DispatchInForkedChildCrashes)

}  // namespace cpgcert::faults
