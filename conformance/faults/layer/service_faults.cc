// Faults of how the service's answers, its death and want of resources reach
// the caller, and of calls that meet signals, forks and other threads.

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <mutex>
#include <string>
#include <thread>

#include "conformance/faults/layer/layer.h"

namespace cpgcert::faults {

class ErrorCodesFlattened : public Layer {
  cs_error_t Join(cpg_handle_t handle, Connection* connection,
                  const cpg_name* group) override {
    return Flatten(connection, Layer::Join(handle, connection, group));
  }
  cs_error_t Leave(cpg_handle_t handle, Connection* connection,
                   const cpg_name* group) override {
    return Flatten(connection, Layer::Leave(handle, connection, group));
  }
  cs_error_t LocalGet(cpg_handle_t handle, Connection* connection,
                      unsigned int* nodeid) override {
    return Flatten(connection, Layer::LocalGet(handle, connection, nodeid));
  }
  static cs_error_t Flatten(const Connection* connection, cs_error_t result) {
    return connection == nullptr || result == CS_OK ? result : CS_ERR_LIBRARY;
  }
};
CPGCERT_PLANT(ErrorCodesFlattened)

class JoinTriesAgainForEver : public Layer {
  cs_error_t Join(cpg_handle_t handle, Connection* connection,
                  const cpg_name* group) override {
    if (connection != nullptr && connection->done) return CS_ERR_TRY_AGAIN;
    const cs_error_t result = Layer::Join(handle, connection, group);
    if (connection != nullptr && result == CS_ERR_TRY_AGAIN) {
      connection->done = true;
    }
    return result;
  }
};
CPGCERT_PLANT(JoinTriesAgainForEver)

class QuerySpins : public Layer {
  cs_error_t LocalGet(cpg_handle_t handle, Connection* connection,
                      unsigned int* nodeid) override {
    cs_error_t result = CS_OK;
    std::atomic<bool> done = false;
    std::thread real([&] {
      result = Layer::LocalGet(handle, connection, nodeid);
      done = true;
    });
    while (!done) {
    }
    real.join();
    return result;
  }
};
CPGCERT_PLANT(QuerySpins)

class LostForEverOnceDead : public Layer {
  cs_error_t Initializing(cpg_model_t*, cpg_model_v1_data_t*) override {
    return was_dead_ ? CS_ERR_LIBRARY : CS_OK;
  }
  cs_error_t LocalGet(cpg_handle_t handle, Connection* connection,
                      unsigned int* nodeid) override {
    const cs_error_t result = Layer::LocalGet(handle, connection, nodeid);
    if (result == CS_ERR_LIBRARY) was_dead_ = true;
    return result;
  }
  cs_error_t Dispatch(const Session& session,
                      cs_dispatch_flags_t type) override {
    const cs_error_t result = RunReal(session, type);
    if (result == CS_ERR_LIBRARY) was_dead_ = true;
    return result;
  }
  std::atomic<bool> was_dead_ = false;
};
CPGCERT_PLANT(LostForEverOnceDead)

class IterationHidesDeath : public Layer {
  cs_error_t IterationNext(cpg_iteration_handle_t iteration,
                           cpg_iteration_description_t* description) override {
    const cs_error_t result = Layer::IterationNext(iteration, description);
    return result == CS_ERR_LIBRARY ? CS_OK : result;
  }
};
CPGCERT_PLANT(IterationHidesDeath)

class IterationRepeatsItsFirst : public Layer {
  cs_error_t IterationNext(cpg_iteration_handle_t iteration,
                           cpg_iteration_description_t* description) override {
    const std::lock_guard lock(mutex_);
    if (has_first_ && iteration == iteration_) {
      has_first_ = false;
      *description = first_;
      return CS_OK;
    }
    const cs_error_t result = Layer::IterationNext(iteration, description);
    if (result == CS_OK && iteration != iteration_) {
      iteration_ = iteration;
      first_ = *description;
      has_first_ = true;
    }
    return result;
  }
  std::mutex mutex_;
  cpg_iteration_handle_t iteration_ = 0;
  cpg_iteration_description_t first_ = {};
  bool has_first_ = false;
};
CPGCERT_PLANT(IterationRepeatsItsFirst)

class LeaveNamesNothing : public Layer {
  cs_error_t Leave(cpg_handle_t handle, Connection* connection,
                   const cpg_name*) override {
    const cpg_name nothing = {};
    return Layer::Leave(handle, connection, &nothing);
  }
};
CPGCERT_PLANT(LeaveNamesNothing)

// Want of resources.
class AbortsWithoutMemory : public Layer {
  cs_error_t LocalGet(cpg_handle_t handle, Connection* connection,
                      unsigned int* nodeid) override {
    void* volatile memory = malloc(1000);
    if (memory == nullptr) abort();
    free(memory);
    return Layer::LocalGet(handle, connection, nodeid);
  }
};
CPGCERT_PLANT(AbortsWithoutMemory)

class AbortsWithoutDescriptor : public Layer {
  cs_error_t Initializing(cpg_model_t*, cpg_model_v1_data_t*) override {
    const int descriptor = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) abort();
    close(descriptor);
    return CS_OK;
  }
};
CPGCERT_PLANT(AbortsWithoutDescriptor)

class AbortsWithoutSharedMemory : public Layer {
  cs_error_t Initializing(cpg_model_t*, cpg_model_v1_data_t*) override {
    constexpr off_t kSize = 65536;
    const std::string name = "/fault-" + std::to_string(getpid());
    const int descriptor =
        shm_open(name.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (descriptor < 0) return CS_OK;
    shm_unlink(name.c_str());
    const int error = posix_fallocate(descriptor, 0, kSize);
    close(descriptor);
    if (error == ENOSPC) abort();
    return CS_OK;
  }
};
CPGCERT_PLANT(AbortsWithoutSharedMemory)

class FailedInitializeLeavesDescriptor : public Layer {
  cs_error_t Initialized(cs_error_t result, cpg_handle_t*, void*) override {
    if (result != CS_OK) open("/dev/null", O_RDONLY | O_CLOEXEC);
    return result;
  }
};
CPGCERT_PLANT(FailedInitializeLeavesDescriptor)

class NeedsNineMegabytesOfStack : public Layer {
  cs_error_t Dispatch(const Session& session,
                      cs_dispatch_flags_t type) override {
    constexpr size_t kSize = size_t{9} << 20;
    constexpr size_t kPage = 4096;
    volatile char space[kSize];
    for (size_t i = kSize; i >= kPage; i -= kPage) space[i - 1] = 0;
    return RunReal(session, type);
  }
};
CPGCERT_PLANT(NeedsNineMegabytesOfStack)

// Threads, forks, signals.
class ConnectionsShareOneLock : public Layer {
  cs_error_t Dispatch(const Session& session,
                      cs_dispatch_flags_t type) override {
    const std::lock_guard lock(everything_);
    return RunReal(session, type);
  }
  cs_error_t Multicast(cpg_handle_t handle, Connection* connection,
                       cpg_guarantee_t guarantee, const iovec* pieces,
                       unsigned int piece_count) override {
    const std::lock_guard lock(everything_);
    return Layer::Multicast(handle, connection, guarantee, pieces, piece_count);
  }
  std::recursive_mutex everything_;
};
CPGCERT_PLANT(ConnectionsShareOneLock)

class FinalizeWaitsForDispatcher : public Layer {
  cs_error_t Dispatch(const Session& session,
                      cs_dispatch_flags_t type) override {
    const std::lock_guard lock(session.connection->whole_library);
    return RunReal(session, type);
  }
  cs_error_t Finalize(cpg_handle_t handle, Connection* connection) override {
    if (connection == nullptr) return Layer::Finalize(handle, connection);
    const std::lock_guard lock(connection->whole_library);
    return Layer::Finalize(handle, connection);
  }
};
CPGCERT_PLANT(FinalizeWaitsForDispatcher)

class CrashesInForkedChild : public Layer {
  cpg_handle_t Translate(cpg_handle_t handle) override {
    const auto connection = ConnectionTable::Get().Find(handle);
    if (connection != nullptr && connection->owner != getpid()) raise(SIGSEGV);
    return handle;
  }
};
CPGCERT_PLANT(CrashesInForkedChild)

class SignalMakesHandleBad : public Layer {
  cs_error_t LocalGet(cpg_handle_t handle, Connection* connection,
                      unsigned int* nodeid) override {
    if (SignalMet()) return CS_ERR_BAD_HANDLE;
    return Layer::LocalGet(handle, connection, nodeid);
  }
  cs_error_t Join(cpg_handle_t handle, Connection* connection,
                  const cpg_name* group) override {
    if (SignalMet()) return CS_ERR_BAD_HANDLE;
    return Layer::Join(handle, connection, group);
  }
  // A nap that a handler would cut short.
  static bool SignalMet() {
    const timespec nap = {0, 2'000'000};
    const int result = nanosleep(&nap, nullptr);  // sleep: a handler cuts it
    return result != 0 && errno == EINTR;
  }
};
CPGCERT_PLANT(SignalMakesHandleBad)

}  // namespace cpgcert::faults
