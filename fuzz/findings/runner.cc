#include "fuzz/findings/runner.h"

#include <dlfcn.h>
#include <execinfo.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <malloc.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>

// Of the sanitizers, which have a heap of their own.
extern "C" __attribute__((weak)) size_t
__sanitizer_get_current_allocated_bytes();

namespace cpgcert::fuzz {

namespace {

constexpr size_t kTextMax = 1500;
constexpr size_t kFillSize = 4096;
constexpr int kFrames = 48;
// Of processor time, for one input: a thousand times what it takes.
constexpr int kInputSeconds = 2;
// For what sleeps for ever instead; of time on the clock.
constexpr int kAsleepSeconds = 30;
constexpr int kFound = 3;
constexpr rlim_t kRoom = rlim_t{1} << 30;
constexpr std::array<harness::StaleFill, 2> kFills = {
    {{.pattern = 0x00, .size_max = kFillSize},
     {.pattern = 0x5a, .size_max = kFillSize}}};

// What a child that dies leaves behind, where its handlers can reach it.
struct Death {
  int signal;
  int frames;
  std::array<void*, kFrames> stack;
};
Death* death = nullptr;

void OnDeath(int signal, siginfo_t* /*info*/, void* context) {
  death->signal = signal;
  death->frames = 0;
  const auto* const machine = static_cast<ucontext_t*>(context);
  // Kept in case the stack cannot be walked.
  death->stack[0] =
      reinterpret_cast<void*>(machine->uc_mcontext.gregs[REG_RIP]);
  death->frames = 1;
  std::array<void*, kFrames> stack{};
  // Loaded before (Prepare): no allocation here.
  const int frames = backtrace(stack.data(), kFrames - 1);
  for (int i = 0; i < frames; ++i) death->stack.at(i + 1) = stack.at(i);
  death->frames = frames + 1;
  _exit(kFound);
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

void StartClocks() {
  itimerval processor{};
  processor.it_value.tv_sec = kInputSeconds;
  setitimer(ITIMER_VIRTUAL, &processor, nullptr);
}

// The heap's memory that is in use.
size_t HeapSize() {
  if (__sanitizer_get_current_allocated_bytes != nullptr) {
    return __sanitizer_get_current_allocated_bytes();
  }
  const struct mallinfo2 info = mallinfo2();
  return info.uordblks + info.hblkhd;
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
  alarm(kAsleepSeconds);
}

Played PlayOver(const harness::CpgApi& api,
                const std::vector<EventRecord>& records,
                const std::vector<OwedEvent>& owed, size_t fill) {
  // What is allocated has other contents each time, too.
  mallopt(M_PERTURB, fill == 0 ? 0x11 : 0x22);
  return PlayEvents(api, records, owed, kFills.at(fill));
}

Outcome PlayTwice(const harness::CpgApi& api,
                  const std::vector<EventRecord>& records,
                  const std::vector<OwedEvent>& owed) {
  StartClocks();
  const Played first = PlayOver(api, records, owed, 0);
  return JudgeTwice(owed, first, PlayOver(api, records, owed, 1));
}

// Every session more keeps as much as the one before.
size_t LeakOf(const harness::CpgApi& api,
              const std::vector<EventRecord>& records,
              const std::vector<OwedEvent>& owed) {
  // More than the seven blocks of one size that the heap counts as in use
  // when they have been freed.
  constexpr size_t kSessions = 16;
  size_t least = SIZE_MAX;
  size_t before = 0;
  for (size_t i = 0; i <= kSessions && least > 0; ++i) {
    StartClocks();
    PlayOver(api, records, owed, 0);
    const size_t size = HeapSize();
    if (i > 0) least = std::min(least, size > before ? size - before : 0);
    before = size;
  }
  return least;
}

void Put(const std::string& text, std::array<char, kTextMax>* to) {
  const size_t size = std::min(text.size(), to->size() - 1);
  std::memcpy(to->data(), text.data(), size);
  (*to)[size] = '\0';
}

int Wait(pid_t child) {
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return status;
}

// Runs `work` on a stack that is new, so that nothing depends on what lies on
// this one, and that ends where memory ends.
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

int InChild(const std::function<void()>& work) {
  std::fflush(nullptr);
  const pid_t child = fork();
  if (child < 0) {
    std::perror("fork");
    std::abort();
  }
  if (child == 0) {
    BecomeChild();
    OnNewStack(work);
    _exit(0);
  }
  return Wait(child);
}

}  // namespace

struct Runner::Shared {
  Death death;
  size_t done;
  Damage damage;
  int event;
  std::array<char, kTextMax> part;
  std::array<char, kTextMax> owed;
  std::array<char, kTextMax> came;
};

Runner::Runner(const harness::CpgApi& api) : api_(api) {
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

Runner::~Runner() { munmap(shared_, sizeof(Shared)); }

Outcome Runner::Run(const Sequence& sequence) {
  ++runs_;
  const std::vector<EventRecord> records = RecordsOf(sequence);
  const std::vector<OwedEvent> owed = OwedFor(records);
  std::memset(shared_, 0, sizeof(Shared));
  death = &shared_->death;
  const int status = InChild([&] {
    Outcome outcome = PlayTwice(api_, records, owed);
    if (outcome.ok()) {
      if (const size_t leak = LeakOf(api_, records, owed); leak > 0) {
        outcome = {.damage = Damage::kLeak,
                   .owed = "no more memory in use after cpg_finalize\n",
                   .came = fmt::format("{} bytes more, each time\n", leak)};
      }
    }
    WriteOutcome(outcome);
  });
  return ReadOutcome(status);
}

Runner::BatchEnd Runner::RunBatch(std::span<const BatchInput> inputs,
                                  const Explained& explained) {
  std::memset(shared_, 0, sizeof(Shared));
  death = &shared_->death;
  const int status = InChild([&] {
    for (const BatchInput& input : inputs) {
      const std::vector<EventRecord> records = ParseEventInput(input.input);
      const std::vector<OwedEvent> owed = OwedFor(records);
      const size_t before = HeapSize();
      const Outcome outcome = PlayTwice(api_, records, owed);
      if (!outcome.ok() && !explained(ParseSequence(input.input), outcome)) {
        WriteOutcome(outcome);
        return;
      }
      // The first session may keep what is used again by all others.
      if (!input.may_leak && HeapSize() > before &&
          LeakOf(api_, records, owed) > 0) {
        WriteOutcome({.damage = Damage::kLeak});
        return;
      }
      ++shared_->done;
      alarm(kAsleepSeconds);
    }
  });
  return {.right = shared_->done, .wrong = ReadOutcome(status)};
}

void Runner::WriteOutcome(const Outcome& outcome) {
  shared_->event = outcome.event;
  Put(outcome.part, &shared_->part);
  Put(outcome.owed, &shared_->owed);
  Put(outcome.came, &shared_->came);
  shared_->damage = outcome.damage;
}

Outcome Runner::ReadOutcome(int status) const {
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) {
    return {.damage = shared_->damage,
            .part = shared_->part.data(),
            .event = shared_->event,
            .owed = shared_->owed.data(),
            .came = shared_->came.data()};
  }
  Outcome outcome{.damage = Damage::kCrash,
                  .owed = "calls that return\n",
                  .where = Where()};
  const int signal =
      WIFSIGNALED(status) ? WTERMSIG(status) : shared_->death.signal;
  if (signal == SIGVTALRM || signal == SIGALRM) {
    outcome.damage = Damage::kHang;
    outcome.came = signal == SIGVTALRM
                       ? fmt::format("it runs for {} s\n", kInputSeconds)
                       : fmt::format("it sleeps for {} s\n", kAsleepSeconds);
  } else if (signal == 0) {
    outcome.came =
        fmt::format("the process exits with {}\n", WEXITSTATUS(status));
  } else {
    outcome.came = fmt::format("SIG{}\n", sigabbrev_np(signal));
  }
  return outcome;
}

// The innermost call that is in the library. The child had the same addresses.
std::string Runner::Where() const {
  Dl_info library{};
  if (dladdr(reinterpret_cast<void*>(api_.dispatch), &library) == 0) return "";
  const Death& death = shared_->death;
  for (int i = 0; i < std::min(death.frames, kFrames); ++i) {
    Dl_info info{};
    if (dladdr(death.stack.at(i), &info) == 0 ||
        info.dli_fbase != library.dli_fbase) {
      continue;
    }
    const auto offset = [&](const void* base) {
      return static_cast<const char*>(death.stack.at(i)) -
             static_cast<const char*>(base);
    };
    return info.dli_sname != nullptr
               ? fmt::format("{}+{:#x}", info.dli_sname, offset(info.dli_saddr))
               : fmt::format("library+{:#x}", offset(info.dli_fbase));
  }
  return "outside of the library";
}

}  // namespace cpgcert::fuzz
