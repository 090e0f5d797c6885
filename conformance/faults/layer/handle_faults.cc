// Faults of what a handle names, and of its end.

#include <signal.h>

#include <map>
#include <mutex>

#include "conformance/faults/layer/layer.h"

namespace cpgcert::faults {
namespace {

// A layer that knows which handles were finalized, and when: each with the
// serial number of the newest connection at that time.
class KnowsFinalized : public Layer {
 public:
  cs_error_t Finalize(cpg_handle_t handle, Connection* connection) override {
    const cs_error_t result = Layer::Finalize(handle, connection);
    if (connection != nullptr && result != CS_ERR_BAD_HANDLE) {
      const uint64_t serial = ConnectionTable::Get().last_serial();
      const std::lock_guard lock(mutex_);
      finalized_[connection->handle] = serial;
      if (finalized_.size() > kRemembered) finalized_.erase(finalized_.begin());
    }
    return result;
  }

 protected:
  // Whether it was finalized; if so, `serial` is set.
  bool IsFinalized(cpg_handle_t handle, uint64_t* serial) const {
    const std::lock_guard lock(mutex_);
    const auto found = finalized_.find(handle);
    if (found == finalized_.end()) return false;
    *serial = found->second;
    return true;
  }

 private:
  static constexpr size_t kRemembered = 4096;
  mutable std::mutex mutex_;
  std::map<cpg_handle_t, uint64_t> finalized_;
};

}  // namespace

class FinalizedHandleAccepted : public KnowsFinalized {
  cs_error_t DispatchUnknown(cpg_handle_t handle,
                             cs_dispatch_flags_t type) override {
    uint64_t serial;
    if (IsFinalized(handle, &serial)) return CS_OK;
    return Layer::DispatchUnknown(handle, type);
  }
};
CPGCERT_PLANT(FinalizedHandleAccepted)

class ReusedSlotAccepted : public KnowsFinalized {
  cpg_handle_t Translate(cpg_handle_t handle) override {
    uint64_t serial;
    if (!IsFinalized(handle, &serial)) return handle;
    const auto newest = ConnectionTable::Get().Newest();
    const bool came_later = newest != nullptr && newest->serial > serial;
    return came_later ? newest->handle : handle;
  }
};
CPGCERT_PLANT(ReusedSlotAccepted)

class SecondFinalizeOk : public KnowsFinalized {
  cs_error_t Finalize(cpg_handle_t handle, Connection* connection) override {
    uint64_t serial;
    if (connection == nullptr && IsFinalized(handle, &serial)) return CS_OK;
    return KnowsFinalized::Finalize(handle, connection);
  }
};
CPGCERT_PLANT(SecondFinalizeOk)

class WrongHandleInCallbacks : public Layer {
  void Deliver(Connection& connection, const Delivery& delivery) override {
    Run(connection, delivery);
  }
  void Change(Connection& connection,
              const ConfigurationChange& change) override {
    Run(connection, change);
  }
  void Totem(Connection& connection, const TotemChange& change) override {
    Run(connection, change);
  }

  template <typename Borrowed>
  static void Run(Connection& connection, Borrowed event) {
    const auto others = ConnectionTable::Get().Others(connection);
    if (!others.empty()) event.handle = others.front()->handle;
    RunCallback(connection, event);
  }
};
CPGCERT_PLANT(WrongHandleInCallbacks)

class FinalizeInCallbackCrashes : public Layer {
  cs_error_t Finalize(cpg_handle_t handle, Connection* connection) override {
    if (connection != nullptr && InCallbackOf(*connection)) raise(SIGSEGV);
    return Layer::Finalize(handle, connection);
  }
};
CPGCERT_PLANT(FinalizeInCallbackCrashes)

class FinalizeLeavesFirst : public Layer {
  cs_error_t Finalize(cpg_handle_t handle, Connection* connection) override {
    if (connection != nullptr && connection->joined && !connection->leaving) {
      cpg_name group;
      {
        const std::lock_guard lock(connection->mutex);
        group = connection->group;
      }
      Forward(Real().leave, handle, &group);
    }
    return Layer::Finalize(handle, connection);
  }
};
CPGCERT_PLANT(FinalizeLeavesFirst)

class SecondConnectionRefused : public Layer {
  cs_error_t Initializing(cpg_model_t*, cpg_model_v1_data_t*) override {
    const bool first = ConnectionTable::Get().Newest() == nullptr;
    return first ? CS_OK : CS_ERR_NO_RESOURCES;
  }
};
CPGCERT_PLANT(SecondConnectionRefused)

class UnknownModelAccepted : public Layer {
  cs_error_t Initializing(cpg_model_t* model, cpg_model_v1_data_t*) override {
    *model = CPG_MODEL_V1;
    return CS_OK;
  }
};
CPGCERT_PLANT(UnknownModelAccepted)

class UnknownFlagsAccepted : public Layer {
  cs_error_t Initializing(cpg_model_t*, cpg_model_v1_data_t* data) override {
    if (data != nullptr) data->flags &= CPG_MODEL_V1_DELIVER_INITIAL_TOTEM_CONF;
    return CS_OK;
  }
};
CPGCERT_PLANT(UnknownFlagsAccepted)

class NullCallbacksRefused : public Layer {
  cs_error_t Initializing(cpg_model_t*, cpg_model_v1_data_t* data) override {
    return data == nullptr ? CS_ERR_INVALID_PARAM : CS_OK;
  }
};
CPGCERT_PLANT(NullCallbacksRefused)

class FinalizeBesideDispatchCrashes : public Layer {
  cs_error_t Dispatch(const Session& session,
                      cs_dispatch_flags_t type) override {
    ++session.connection->dispatchers;
    const cs_error_t result = RunReal(session, type);
    --session.connection->dispatchers;
    return result;
  }
  cs_error_t Finalize(cpg_handle_t handle, Connection* connection) override {
    if (connection != nullptr && connection->dispatchers > 0 &&
        !InCallbackOf(*connection)) {
      raise(SIGSEGV);
    }
    return Layer::Finalize(handle, connection);
  }
};
CPGCERT_PLANT(FinalizeBesideDispatchCrashes)

}  // namespace cpgcert::faults
