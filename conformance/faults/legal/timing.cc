// Legal variants that take longer, ask for patience, talk, or keep something
// for the whole process.

#include <fcntl.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <mutex>
#include <string_view>
#include <thread>

#include "conformance/faults/layer/layer.h"

namespace cpgcert::faults {

namespace {

// 20 ms, whatever happens meanwhile: what is left of a sleep that signals
// interrupt may grow with each of them (seen on Linux 6.18: to minutes), an end
// does not move.
void Pause() {
  constexpr long kDelayNs = 20'000'000;
  constexpr long kSecondNs = 1'000'000'000;
  timespec end{};
  clock_gettime(CLOCK_MONOTONIC, &end);
  end.tv_nsec += kDelayNs;
  end.tv_sec += end.tv_nsec / kSecondNs;
  end.tv_nsec %= kSecondNs;
  int error = EINTR;
  while (error == EINTR) {
    // The variants are slow on purpose, and wait for nothing.
    const int way = TIMER_ABSTIME;
    error = clock_nanosleep(CLOCK_MONOTONIC, way, &end, nullptr);  // sleep: so
  }
}

}  // namespace

// Every call, once: with a handle before it is looked up.
class SlowCalls : public Layer {
  cpg_handle_t Translate(cpg_handle_t handle) override {
    Pause();
    return handle;
  }
  cs_error_t Initializing(cpg_model_t*, cpg_model_v1_data_t*) override {
    Pause();
    return CS_OK;
  }
  cs_error_t IterationNext(cpg_iteration_handle_t iteration,
                           cpg_iteration_description_t* description) override {
    Pause();
    return Layer::IterationNext(iteration, description);
  }
};
CPGCERT_PLANT(SlowCalls)

// As a library that does not wait for the service itself, at a service that
// takes a while to start: in each process the first calls come too early.
class ServiceStartsSlowly : public Layer {
  static constexpr int kEarlyCalls = 3;
  cs_error_t Initializing(cpg_model_t* model,
                          cpg_model_v1_data_t* data) override {
    const bool refused_anyway =
        *model != CPG_MODEL_V1 ||
        (data != nullptr &&
         (data->flags & ~CPG_MODEL_V1_DELIVER_INITIAL_TOTEM_CONF) != 0);
    if (refused_anyway || calls_ >= kEarlyCalls || calls_++ >= kEarlyCalls) {
      return CS_OK;
    }
    Pause();
    return CS_ERR_TRY_AGAIN;
  }
  std::atomic<int> calls_ = 0;
};
CPGCERT_PLANT(ServiceStartsSlowly)

// A join or a message that would succeed is put off twice.
class TryAgainTwice : public Layer {
  static constexpr unsigned kTimes = 2;

  cs_error_t Join(cpg_handle_t handle, Connection* connection,
                  const cpg_name* group) override {
    if (connection != nullptr && !connection->joined &&
        group->length <= CPG_MAX_NAME_LENGTH &&
        PutOff(&connection->configuration_changes)) {
      return CS_ERR_TRY_AGAIN;
    }
    return Layer::Join(handle, connection, group);
  }

  cs_error_t Multicast(cpg_handle_t handle, Connection* connection,
                       cpg_guarantee_t guarantee, const iovec* pieces,
                       unsigned int piece_count) override {
    if (connection != nullptr && connection->joined &&
        PutOff(&connection->messages_sent)) {
      return CS_ERR_TRY_AGAIN;
    }
    return Layer::Multicast(handle, connection, guarantee, pieces, piece_count);
  }

  cs_error_t ZeroCopyMulticast(cpg_handle_t handle, cpg_guarantee_t guarantee,
                               void* message, size_t length) override {
    const auto connection = ConnectionTable::Get().Find(handle);
    if (connection != nullptr && connection->joined &&
        PutOff(&connection->messages_delivered)) {
      return CS_ERR_TRY_AGAIN;
    }
    return Layer::ZeroCopyMulticast(handle, guarantee, message, length);
  }

  // Counts the calls of one kind on one connection.
  static bool PutOff(std::atomic<unsigned>* calls) {
    return (*calls)++ % (kTimes + 1) != kTimes;
  }
};
CPGCERT_PLANT(TryAgainTwice)

class WritesToStderr : public Layer {
  static void Talk() {
    static constexpr std::string_view kLine =
        "libcpg[debug]: [  FAILED  ] call: none\n";
    (void)!write(STDERR_FILENO, kLine.data(), kLine.size());
  }

  cpg_handle_t Translate(cpg_handle_t handle) override {
    Talk();
    return handle;
  }
  cs_error_t Initializing(cpg_model_t*, cpg_model_v1_data_t*) override {
    Talk();
    return CS_OK;
  }
};
CPGCERT_PLANT(WritesToStderr)

// The first connection brings a descriptor and a thread that serve the whole
// process and stay.
class KeepsForProcess : public Layer {
  cs_error_t Initializing(cpg_model_t*, cpg_model_v1_data_t*) override {
    std::call_once(first_, [] {
      open("/dev/null", O_RDONLY | O_CLOEXEC);
      std::thread([] {
        for (;;) pause();
      }).detach();
    });
    return CS_OK;
  }
  std::once_flag first_;
};
CPGCERT_PLANT(KeepsForProcess)

}  // namespace cpgcert::faults
