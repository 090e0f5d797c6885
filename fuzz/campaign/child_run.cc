#include "fuzz/campaign/child_run.h"

#include <dlfcn.h>
#include <execinfo.h>
#include <fcntl.h>
#include <fmt/core.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>

// Of the sanitizers, which reserve more memory than a limit would allow.
extern "C" __attribute__((weak)) size_t
__sanitizer_get_current_allocated_bytes();

namespace cpgcert::fuzz {

namespace {

constexpr size_t kTextMax = 64 * 1024;
constexpr int kFrames = 48;
// Of processor time, for one input: a thousand times what it takes.
constexpr int kInputSeconds = 2;
// For what sleeps for ever instead; of time on the clock.
constexpr int kAsleepSeconds = 30;
constexpr int kDied = 3;
constexpr rlim_t kRoom = rlim_t{1} << 30;

// What a child that dies leaves behind, where its handlers can reach it.
struct Death {
  int signal;
  int frames;
  std::array<void*, kFrames> stack;
};
Death* death = nullptr;

void OnDeath(int signal, siginfo_t* /*info*/, void* context) {
  death->signal = signal;
  const auto* const machine = static_cast<ucontext_t*>(context);
  // Kept in case the stack cannot be walked.
  death->stack[0] =
      reinterpret_cast<void*>(machine->uc_mcontext.gregs[REG_RIP]);
  death->frames = 1;
  // Loaded before, by ChildRun(): no allocation here.
  std::array<void*, kFrames> stack{};
  const int frames = backtrace(stack.data(), kFrames - 1);
  for (int i = 0; i < frames; ++i) death->stack.at(i + 1) = stack.at(i);
  death->frames = frames + 1;
  _exit(kDied);
}

void CatchDeath() {
  static std::array<char, 64 * 1024> stack;
  stack_t alternate{};
  alternate.ss_sp = stack.data();
  alternate.ss_size = stack.size();
  sigaltstack(&alternate, nullptr);
  struct sigaction action{};
  action.sa_sigaction = OnDeath;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESETHAND;
  for (const int signal : {SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL, SIGTRAP,
                           SIGVTALRM, SIGALRM}) {
    sigaction(signal, &action, nullptr);
  }
}

rlim_t AddressSpace() {
  rlim_t pages = 0;
  if (FILE* const file = std::fopen("/proc/self/statm", "r")) {
    unsigned long long read = 0;
    if (std::fscanf(file, "%llu", &read) == 1) pages = read;
    std::fclose(file);
  }
  return pages * static_cast<rlim_t>(sysconf(_SC_PAGESIZE));
}

void BecomeChild() {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  const int nowhere = open("/dev/null", O_RDWR | O_CLOEXEC);
  dup2(nowhere, STDOUT_FILENO);
  dup2(nowhere, STDERR_FILENO);
  const rlimit no_core{0, 0};
  setrlimit(RLIMIT_CORE, &no_core);
  if (__sanitizer_get_current_allocated_bytes == nullptr) {
    const rlim_t room = AddressSpace() + kRoom;
    const rlimit memory{room, room};
    setrlimit(RLIMIT_AS, &memory);
  }
  CatchDeath();
}

// So that nothing depends on what lies on this one; it ends where memory ends.
void OnNewStack(const std::function<void()>& work) {
  constexpr size_t kStack = size_t{8} << 20;
  constexpr size_t kGuard = 4096;
  static const std::function<void()>* todo = nullptr;
  static ucontext_t here;
  static ucontext_t there;
  void* const memory = mmap(nullptr, kStack + kGuard, PROT_READ | PROT_WRITE,
                            MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) return work();
  mprotect(static_cast<char*>(memory) + kStack, kGuard, PROT_NONE);
  todo = &work;
  getcontext(&there);
  there.uc_stack.ss_sp = memory;
  there.uc_stack.ss_size = kStack;
  there.uc_link = &here;
  makecontext(&there, [] { (*todo)(); }, 0);
  swapcontext(&here, &there);
}

int Wait(pid_t child) {
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return status;
}

}  // namespace

struct ChildRun::Shared {
  Death death;
  size_t done;
  bool at_end;
  size_t said;
  std::array<char, kTextMax> text;
};

class ChildRun::SharedVoice : public ChildRun::Voice {
 public:
  explicit SharedVoice(Shared* shared) : shared_(*shared) {}

  void Done() override {
    ++shared_.done;
    Begin();
  }
  void Say(std::string_view text) override {
    shared_.said = text.copy(shared_.text.data(), kTextMax);
  }
  void Begin() override {
    itimerval processor{};
    processor.it_value.tv_sec = kInputSeconds;
    setitimer(ITIMER_VIRTUAL, &processor, nullptr);
    alarm(kAsleepSeconds);
  }

 private:
  Shared& shared_;
};

ChildRun::ChildRun(const void* in_library) : in_library_(in_library) {
  void* const memory = mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE,
                            MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) {
    std::perror("mmap");
    std::abort();
  }
  shared_ = static_cast<Shared*>(memory);
  // The first call loads what it needs.
  std::array<void*, 1> stack{};
  backtrace(stack.data(), 1);
}

ChildRun::~ChildRun() { munmap(shared_, sizeof(Shared)); }

ChildEnd ChildRun::Run(const std::function<void(Voice*)>& work) {
  shared_->death = {};
  shared_->done = 0;
  shared_->at_end = false;
  shared_->said = 0;
  death = &shared_->death;
  std::fflush(nullptr);
  const pid_t child = fork();
  if (child < 0) {
    std::perror("fork");
    std::abort();
  }
  if (child == 0) {
    BecomeChild();
    OnNewStack([&] {
      SharedVoice voice(shared_);
      voice.Begin();
      work(&voice);
    });
    shared_->at_end = true;
    _exit(0);
  }
  const int status = Wait(child);
  ChildEnd end{
      .done = shared_->done,
      .said = {shared_->text.data(), std::min(shared_->said, kTextMax)},
      .lost = !shared_->at_end};
  if (!end.lost) return end;
  end.where = Where();
  const int signal =
      WIFSIGNALED(status) ? WTERMSIG(status) : shared_->death.signal;
  end.hung = signal == SIGVTALRM || signal == SIGALRM;
  if (signal == SIGVTALRM) {
    end.death = fmt::format("it runs for {} s", kInputSeconds);
  } else if (signal == SIGALRM) {
    end.death = fmt::format("it sleeps for {} s", kAsleepSeconds);
  } else if (signal == 0) {
    end.death = fmt::format("the process exits with {}", WEXITSTATUS(status));
  } else {
    end.death = fmt::format("SIG{}", sigabbrev_np(signal));
  }
  return end;
}

// The innermost call that is in the library. The child had the same addresses.
std::string ChildRun::Where() const {
  Dl_info library{};
  if (in_library_ == nullptr || dladdr(in_library_, &library) == 0) return "";
  for (int i = 0; i < std::clamp(shared_->death.frames, 0, kFrames); ++i) {
    const auto* const address =
        static_cast<const char*>(shared_->death.stack.at(i));
    Dl_info info{};
    if (dladdr(address, &info) == 0 || info.dli_fbase != library.dli_fbase) {
      continue;
    }
    const auto offset = [&](const void* base) {
      return address - static_cast<const char*>(base);
    };
    return info.dli_sname != nullptr
               ? fmt::format("{}+{:#x}", info.dli_sname, offset(info.dli_saddr))
               : fmt::format("library+{:#x}", offset(info.dli_fbase));
  }
  return "outside of the library";
}

}  // namespace cpgcert::fuzz
