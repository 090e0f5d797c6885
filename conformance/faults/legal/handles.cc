// Legal variants with another scheme of handles: what the caller holds is not
// what the library beneath gave.

#include <map>
#include <mutex>

#include "conformance/faults/layer/layer.h"

namespace cpgcert::faults {

namespace {

// Keeps the caller's handle and that of the library beneath apart.
class OwnHandles : public Layer {
 protected:
  // A handle that was never given out before. Not 0.
  virtual cpg_handle_t NewHandle() = 0;

 private:
  cpg_handle_t Translate(cpg_handle_t own) override {
    const std::lock_guard lock(mutex_);
    const auto found = beneath_.find(own);
    return found == beneath_.end() ? 0 : found->second;
  }

  cs_error_t Initialized(cs_error_t result, cpg_handle_t* handle,
                         void*) override {
    if (result != CS_OK) return result;
    const std::lock_guard lock(mutex_);
    const cpg_handle_t own = NewHandle();
    beneath_[own] = *handle;
    own_[*handle] = own;
    *handle = own;
    return result;
  }

  cs_error_t Finalize(cpg_handle_t handle, Connection* connection) override {
    const cpg_handle_t own = OwnOf(handle);
    const cs_error_t result = Layer::Finalize(handle, connection);
    if (connection != nullptr && result != CS_ERR_BAD_HANDLE) {
      const std::lock_guard lock(mutex_);
      beneath_.erase(own);
      // Unless another connection has been given the same one meanwhile.
      const auto found = own_.find(handle);
      if (found != own_.end() && found->second == own) own_.erase(found);
    }
    return result;
  }

  void Deliver(Connection& connection, const Delivery& delivery) override {
    Delivery mine = delivery;
    mine.handle = OwnOf(delivery.handle);
    Layer::Deliver(connection, mine);
  }

  void Change(Connection& connection,
              const ConfigurationChange& change) override {
    ConfigurationChange mine = change;
    mine.handle = OwnOf(change.handle);
    Layer::Change(connection, mine);
  }

  void Totem(Connection& connection, const TotemChange& change) override {
    TotemChange mine = change;
    mine.handle = OwnOf(change.handle);
    Layer::Totem(connection, mine);
  }

  cpg_handle_t OwnOf(cpg_handle_t handle) {
    const std::lock_guard lock(mutex_);
    const auto found = own_.find(handle);
    return found == own_.end() ? 0 : found->second;
  }

  std::mutex mutex_;
  std::map<cpg_handle_t, cpg_handle_t> beneath_;
  std::map<cpg_handle_t, cpg_handle_t> own_;
};

}  // namespace

// 1, 2, 3, ...; none twice.
class SmallIntegerHandles : public OwnHandles {
  cpg_handle_t NewHandle() override { return ++last_; }
  cpg_handle_t last_ = 0;
};
CPGCERT_PLANT(SmallIntegerHandles)

// The address of a block of memory, which is kept: none twice.
class PointerHandles : public OwnHandles {
  cpg_handle_t NewHandle() override {
    return reinterpret_cast<uintptr_t>(new uint64_t);  // NOLINT: kept
  }
};
CPGCERT_PLANT(PointerHandles)

}  // namespace cpgcert::faults
