// Faults of how a connection comes to be, what belongs to it, and what it
// leaves behind.

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <map>
#include <mutex>
#include <thread>

#include "conformance/faults/layer/layer.h"

namespace cpgcert::faults {

class AbsentServiceAccepted : public Layer {
  cs_error_t Initialized(cs_error_t result, cpg_handle_t* handle,
                         void*) override {
    if (result != CS_ERR_LIBRARY && result != CS_ERR_NOT_EXIST) return result;
    *handle = 1;
    return CS_OK;
  }
};
CPGCERT_PLANT(AbsentServiceAccepted)

class RefusalAnsweredWithQueueFull : public Layer {
  cs_error_t Initialized(cs_error_t result, cpg_handle_t*, void*) override {
    const bool refused = result != CS_OK && result != CS_ERR_INVALID_PARAM;
    return refused ? CS_ERR_QUEUE_FULL : result;
  }
};
CPGCERT_PLANT(RefusalAnsweredWithQueueFull)

class ContextOfModelForgotten : public Layer {
  cs_error_t Initialized(cs_error_t result, cpg_handle_t* handle,
                         void* context) override {
    if (result == CS_OK && context != nullptr) {
      Forward(Real().context_set, *handle, static_cast<void*>(nullptr));
    }
    return result;
  }
};
CPGCERT_PLANT(ContextOfModelForgotten)

// Two threads that initialize at the same time are given the same handle.
class ConcurrentInitializeMixesHandles : public Layer {
  cs_error_t Initializing(cpg_model_t*, cpg_model_v1_data_t*) override {
    if (++under_way_ > 1) met_ = true;
    return CS_OK;
  }
  cs_error_t Initialized(cs_error_t result, cpg_handle_t* handle,
                         void*) override {
    const std::lock_guard lock(mutex_);
    if (result == CS_OK) {
      if (met_.exchange(false) && last_ != 0) {
        *handle = last_;
      } else {
        last_ = *handle;
      }
    }
    --under_way_;
    return result;
  }

  std::atomic<int> under_way_ = 0;
  std::atomic<bool> met_ = false;
  std::mutex mutex_;
  cpg_handle_t last_ = 0;
};
CPGCERT_PLANT(ConcurrentInitializeMixesHandles)

class OtherThreadsFinalizeOkToo : public Layer {
  cs_error_t Finalize(cpg_handle_t handle, Connection* connection) override {
    const cs_error_t result = Layer::Finalize(handle, connection);
    const std::lock_guard lock(mutex_);
    if (result != CS_ERR_BAD_HANDLE) {
      finalized_by_[handle] = std::this_thread::get_id();
    } else if (const auto found = finalized_by_.find(handle);
               found != finalized_by_.end() &&
               found->second != std::this_thread::get_id()) {
      return CS_OK;
    }
    return result;
  }

  std::mutex mutex_;
  std::map<cpg_handle_t, std::thread::id> finalized_by_;
};
CPGCERT_PLANT(OtherThreadsFinalizeOkToo)

class HandleSurvivesFailedFinalize : public Layer {
  cs_error_t Finalize(cpg_handle_t handle, Connection* connection) override {
    if (connection != nullptr && !connection->done) {
      const Session session = {handle, ConnectionTable::Get().Find(handle)};
      if (ServiceIsDead(session)) {
        // What the entry point takes for no answer at all, so that the
        // connection stays known.
        connection->done = true;
        return CS_ERR_BAD_HANDLE;
      }
    }
    return Layer::Finalize(handle, connection);
  }
};
CPGCERT_PLANT(HandleSurvivesFailedFinalize)

class IterationSurvivesFinalize : public Layer {
  cs_error_t IterationNext(cpg_iteration_handle_t iteration,
                           cpg_iteration_description_t* description) override {
    const cs_error_t result = Layer::IterationNext(iteration, description);
    const bool gone =
        result == CS_ERR_BAD_HANDLE && ConnectionTable::Get().last_serial() > 0;
    return gone ? CS_ERR_NO_SECTIONS : result;
  }
};
CPGCERT_PLANT(IterationSurvivesFinalize)

class DeathAnsweredWithOkByAll : public Layer {
  cs_error_t Dispatch(const Session& session,
                      cs_dispatch_flags_t type) override {
    const cs_error_t result = RunReal(session, type);
    const bool dead = result == CS_ERR_LIBRARY && type == CS_DISPATCH_ALL &&
                      ServiceIsDead(session);
    return dead ? CS_OK : result;
  }
};
CPGCERT_PLANT(DeathAnsweredWithOkByAll)

class DescriptorChanges : public Layer {
  cs_error_t DescriptorGet(cpg_handle_t handle, Connection* connection,
                           int* descriptor) override {
    const cs_error_t result =
        Layer::DescriptorGet(handle, connection, descriptor);
    if (result == CS_OK) *descriptor = fcntl(*descriptor, F_DUPFD_CLOEXEC, 0);
    return result;
  }
};
CPGCERT_PLANT(DescriptorChanges)

class DescriptorSurvivesExec : public Layer {
  cs_error_t DescriptorGet(cpg_handle_t handle, Connection* connection,
                           int* descriptor) override {
    const cs_error_t result =
        Layer::DescriptorGet(handle, connection, descriptor);
    if (result == CS_OK) fcntl(*descriptor, F_SETFD, 0);
    return result;
  }
};
CPGCERT_PLANT(DescriptorSurvivesExec)

class WildcardHandleCrashes : public Layer {
  cpg_handle_t Translate(cpg_handle_t handle) override {
    if (handle >> 32 == 0xFFFFFFFF) raise(SIGSEGV);
    return handle;
  }
};
CPGCERT_PLANT(WildcardHandleCrashes)

class BadHandleWithLongNameAccepted : public Layer {
  cs_error_t Join(cpg_handle_t handle, Connection* connection,
                  const cpg_name* group) override {
    const cs_error_t result = Layer::Join(handle, connection, group);
    const bool both =
        connection == nullptr && group->length > CPG_MAX_NAME_LENGTH;
    return both ? CS_OK : result;
  }
};
CPGCERT_PLANT(BadHandleWithLongNameAccepted)

class NullResultsIgnored : public Layer {
  cs_error_t DescriptorGet(cpg_handle_t handle, Connection* connection,
                           int* descriptor) override {
    if (descriptor == nullptr) return CS_OK;
    return Layer::DescriptorGet(handle, connection, descriptor);
  }
  cs_error_t LocalGet(cpg_handle_t handle, Connection* connection,
                      unsigned int* nodeid) override {
    if (nodeid == nullptr) return CS_OK;
    return Layer::LocalGet(handle, connection, nodeid);
  }
};
CPGCERT_PLANT(NullResultsIgnored)

// What cpg_finalize leaves behind.
class FinalizeLeavesDescriptor : public Layer {
  cs_error_t Finalize(cpg_handle_t handle, Connection* connection) override {
    if (connection != nullptr) open("/dev/null", O_RDONLY | O_CLOEXEC);
    return Layer::Finalize(handle, connection);
  }
};
CPGCERT_PLANT(FinalizeLeavesDescriptor)

class FinalizeLeavesMapping : public Layer {
  cs_error_t Finalize(cpg_handle_t handle, Connection* connection) override {
    if (connection != nullptr) {
      mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
           -1, 0);
    }
    return Layer::Finalize(handle, connection);
  }
};
CPGCERT_PLANT(FinalizeLeavesMapping)

class FinalizeLeavesThread : public Layer {
  cs_error_t Finalize(cpg_handle_t handle, Connection* connection) override {
    if (connection != nullptr) {
      std::thread([] {
        for (;;) pause();
      }).detach();
    }
    return Layer::Finalize(handle, connection);
  }
};
CPGCERT_PLANT(FinalizeLeavesThread)

class FailedInitializeGivesUsableHandle : public Layer {
  cs_error_t Initialized(cs_error_t result, cpg_handle_t* handle,
                         void*) override {
    if (result != CS_OK) *handle = kUsable;
    return result;
  }
  cs_error_t DispatchUnknown(cpg_handle_t handle,
                             cs_dispatch_flags_t type) override {
    return handle == kUsable ? CS_OK : Layer::DispatchUnknown(handle, type);
  }
  cs_error_t Finalize(cpg_handle_t handle, Connection* connection) override {
    return handle == kUsable ? CS_OK : Layer::Finalize(handle, connection);
  }
  cs_error_t LocalGet(cpg_handle_t handle, Connection* connection,
                      unsigned int* nodeid) override {
    return handle == kUsable ? CS_OK
                             : Layer::LocalGet(handle, connection, nodeid);
  }
  static constexpr cpg_handle_t kUsable = 0x7777'0000'0001;
};
CPGCERT_PLANT(FailedInitializeGivesUsableHandle)

}  // namespace cpgcert::faults
