// Libraries that change what is around them: a harness must neither take the
// changed surroundings for a failure of the case nor let them outlive it.

#include <pthread.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <thread>

#include "conformance/faults/layer/layer.h"

namespace cpgcert::faults {
namespace {

// Does something once per process, at the first initialize.
class ActsAtFirstInitialize : public Layer {
  cs_error_t Initializing(cpg_model_t*, cpg_model_v1_data_t*) override {
    if (!acted_.exchange(true)) Act();
    return CS_OK;
  }
  virtual void Act() = 0;

  std::atomic<bool> acted_ = false;
};

void WriteAll(int descriptor, const std::string& text) {
  for (size_t done = 0; done < text.size();) {
    const ssize_t written =
        write(descriptor, text.data() + done, text.size() - done);
    if (written <= 0) return;
    done += static_cast<size_t>(written);
  }
}

void SleepMs(long ms) {
  const timespec time = {ms / 1000, ms % 1000 * 1'000'000};
  nanosleep(&time, nullptr);  // sleep: it attacks, it waits for nothing
}

}  // namespace

class ClosesAllDescriptors : public Layer {
  cs_error_t Dispatch(const Session& session,
                      cs_dispatch_flags_t type) override {
    syscall(SYS_close_range, 0, ~0U, 0);
    return RunReal(session, type);
  }
};
CPGCERT_PLANT(ClosesAllDescriptors)

class FloodsOutput : public ActsAtFirstInitialize {
  void Act() override {
    std::string flood;
    while (flood.size() < 4 << 20) flood += "all is well, all is well\n";
    WriteAll(STDOUT_FILENO, flood);
    WriteAll(STDERR_FILENO, flood);
  }
};
CPGCERT_PLANT(FloodsOutput)

class ForksAChild : public ActsAtFirstInitialize {
  void Act() override {
    if (fork() != 0) return;
    for (const int number : {SIGTERM, SIGHUP, SIGINT}) signal(number, SIG_IGN);
    setsid();
    // Bounded, so that a harness without a way to end it is not haunted.
    for (int second = 0; second < 120; ++second) SleepMs(1000);
    _exit(0);
  }
};
CPGCERT_PLANT(ForksAChild)

class InstallsSignalHandlers : public ActsAtFirstInitialize {
  void Act() override {
    for (const int number : {SIGTERM, SIGSEGV, SIGUSR1, SIGALRM, SIGCHLD}) {
      signal(number, [](int) {});
    }
    sigset_t blocked;
    sigemptyset(&blocked);
    for (const int number : {SIGTERM, SIGINT, SIGHUP, SIGALRM}) {
      sigaddset(&blocked, number);
    }
    pthread_sigmask(SIG_BLOCK, &blocked, nullptr);
  }
};
CPGCERT_PLANT(InstallsSignalHandlers)

class ChangesDirectoryAndUmask : public ActsAtFirstInitialize {
  void Act() override {
    if (chdir("/") != 0) std::abort();
    umask(0777);
  }
};
CPGCERT_PLANT(ChangesDirectoryAndUmask)

class StartsThreads : public ActsAtFirstInitialize {
  void Act() override {
    for (int i = 0; i < 4; ++i) {
      std::thread([i] {
        for (;;) SleepMs(i == 0 ? 10 : 1'000'000);
      }).detach();
    }
  }
};
CPGCERT_PLANT(StartsThreads)

class CorruptsMemory : public Layer {
  cs_error_t Dispatch(const Session& session,
                      cs_dispatch_flags_t type) override {
    if (!corrupted_.exchange(true)) Corrupt();
    return RunReal(session, type);
  }

  // From a block of ours to the end of the heap, or for 64 KiB where threads
  // have heaps of their own. The allocator's own words lie there too.
  static void Corrupt() {
    constexpr size_t kWordsMax = (64 << 10) / sizeof(uint64_t);
    auto* word = static_cast<volatile uint64_t*>(std::malloc(64));
    auto* end = static_cast<volatile uint64_t*>(sbrk(0));
    const bool in_main_heap = word < end;
    uint64_t state = 0x9E3779B97F4A7C15;
    for (size_t i = 0; i < kWordsMax; ++i) {
      if (in_main_heap && word + i >= end) break;
      state ^= state << 13;
      state ^= state >> 7;
      state ^= state << 17;
      word[i] = state;
    }
  }

  std::atomic<bool> corrupted_ = false;
};
CPGCERT_PLANT(CorruptsMemory)

}  // namespace cpgcert::faults
