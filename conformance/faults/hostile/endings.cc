// Libraries that end the process or the call in a way no libcpg may: a
// harness that takes them for a success, or waits for them for ever, is wrong.

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <stdexcept>

#include "conformance/faults/layer/layer.h"

namespace cpgcert::faults {
namespace {

[[noreturn]] void SleepForEver() {
  for (;;) pause();
}

// Does something at every cpg_dispatch; if that returns, behaves well.
class ActsInDispatch : public Layer {
  cs_error_t Dispatch(const Session& session,
                      cs_dispatch_flags_t type) override {
    Act();
    return RunReal(session, type);
  }
  virtual void Act() = 0;
};

void Write(int descriptor, const char* text) {
  [[maybe_unused]] const ssize_t written =
      write(descriptor, text, std::strlen(text));
}

}  // namespace

class ExitsZero : public ActsInDispatch {
  void Act() override { std::exit(0); }
};
CPGCERT_PLANT(ExitsZero)

class ExitsZeroInInitialize : public Layer {
  cs_error_t Initializing(cpg_model_t*, cpg_model_v1_data_t*) override {
    std::exit(0);
  }
};
CPGCERT_PLANT(ExitsZeroInInitialize)

class PrintsSuccessAndExits : public ActsInDispatch {
  void Act() override {
    Write(STDOUT_FILENO,
          "[==========] 1 test from 1 test suite ran. (0 ms total)\n"
          "[  PASSED  ] 1 test.\n");
    _exit(0);
  }
};
CPGCERT_PLANT(PrintsSuccessAndExits)

class WritesToAllDescriptors : public ActsInDispatch {
  void Act() override {
    for (int descriptor = 0; descriptor < 256; ++descriptor) {
      // Not into a socket or pipe that is full: this one is to end.
      const int flags = fcntl(descriptor, F_GETFL);
      if (flags >= 0) fcntl(descriptor, F_SETFL, flags | O_NONBLOCK);
      Write(descriptor, "{\"verdict\": \"pass\"}\n");
    }
    _exit(0);
  }
};
CPGCERT_PLANT(WritesToAllDescriptors)

class ExecutesTrue : public ActsInDispatch {
  void Act() override { execl("/bin/true", "true", nullptr); }
};
CPGCERT_PLANT(ExecutesTrue)

class ExitsTheThread : public ActsInDispatch {
  void Act() override { pthread_exit(nullptr); }
};
CPGCERT_PLANT(ExitsTheThread)

class Aborts : public ActsInDispatch {
  void Act() override { std::abort(); }
};
CPGCERT_PLANT(Aborts)

class Segfaults : public ActsInDispatch {
  void Act() override {
    // A page that is surely not there, and not known as such to a compiler.
    void* page =
        mmap(nullptr, 1, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    *static_cast<volatile char*>(page);
  }
};
CPGCERT_PLANT(Segfaults)

class KillsItself : public ActsInDispatch {
  void Act() override { kill(getpid(), SIGKILL); }
};
CPGCERT_PLANT(KillsItself)

class KillsItsProcessGroup : public ActsInDispatch {
  void Act() override { kill(0, SIGKILL); }
};
CPGCERT_PLANT(KillsItsProcessGroup)

class KillsParent : public ActsInDispatch {
  void Act() override {
    // In a process namespace, the parent may have no number here.
    if (const pid_t parent = getppid(); parent > 1) kill(parent, SIGKILL);
  }
};
CPGCERT_PLANT(KillsParent)

class StopsItself : public ActsInDispatch {
  void Act() override { kill(getpid(), SIGSTOP); }
};
CPGCERT_PLANT(StopsItself)

class LoopsForever : public ActsInDispatch {
  void Act() override {
    for (volatile unsigned turns = 0;;) turns = turns + 1;
  }
};
CPGCERT_PLANT(LoopsForever)

class Hangs : public ActsInDispatch {
  void Act() override { SleepForEver(); }
};
CPGCERT_PLANT(Hangs)

class HangsInInitialize : public Layer {
  cs_error_t Initializing(cpg_model_t*, cpg_model_v1_data_t*) override {
    SleepForEver();
  }
};
CPGCERT_PLANT(HangsInInitialize)

class ThrowsException : public ActsInDispatch {
  void Act() override { throw std::runtime_error("thrown by cpg_dispatch"); }
};
CPGCERT_PLANT(ThrowsException)

class ConstructorCrashes : public Layer {
  void Loading() override { raise(SIGSEGV); }
};
CPGCERT_PLANT(ConstructorCrashes)

class ConstructorExitsZero : public Layer {
  void Loading() override { syscall(SYS_exit_group, 0); }
};
CPGCERT_PLANT(ConstructorExitsZero)

class ConstructorHangs : public Layer {
  void Loading() override { SleepForEver(); }
};
CPGCERT_PLANT(ConstructorHangs)

}  // namespace cpgcert::faults
