#include "fuzz/coverage/coverage.h"

#include <dlfcn.h>
#include <fmt/core.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>

#include "fuzz/coverage/loaded_subject.h"
#include "gtest/gtest.h"
#include "harness/forked_call.h"

namespace {

// What was registered, as libFuzzer would be told.
char* counters_begin = nullptr;
char* counters_end = nullptr;
const uintptr_t* table_begin = nullptr;
const uintptr_t* table_end = nullptr;

}  // namespace

extern "C" {
void __sanitizer_cov_8bit_counters_init(char* start, char* stop) {
  counters_begin = start;
  counters_end = stop;
}
void __sanitizer_cov_pcs_init(const uintptr_t* begin, const uintptr_t* end) {
  table_begin = begin;
  table_end = end;
}
}

namespace cpgcert::fuzz::coverage {
namespace {

constexpr std::chrono::seconds kFarAway{60};

// What `body` returns in a process of its own: coverage starts once.
std::string Apart(const std::function<std::string()>& body) {
  const auto result = harness::RunInForkedChild(body, kFarAway);
  return result.returned ? result.text : result.end;
}

std::string Path() { return RunfilePath("subject/subject.so"); }

void* Load(const std::string& path) {
  return dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
}

int CountersSet() {
  int set = 0;
  for (const char* at = counters_begin; at != counters_end; ++at) {
    set += *at != 0 ? 1 : 0;
  }
  return set;
}

// As libFuzzer does before it runs an input.
void ClearCounters() { std::fill(counters_begin, counters_end, '\0'); }

// Runs an input as a fuzz target does; returns how often.
int Repeat(const std::function<void()>& input) {
  ClearCounters();
  int runs = 0;
  do {
    input();
    ++runs;
  } while (RunAgain() && runs < 10);
  return runs;
}

TEST(Coverage, RegistersItsCounters) {
  EXPECT_EQ(Apart([] {
              Load(Path());
              const std::string why = Start(Path());
              const auto blocks = static_cast<ptrdiff_t>(Describe().blocks);
              return !why.empty() ? why
                     : blocks > 50 && counters_end - counters_begin == blocks &&
                             table_end - table_begin == 2 * blocks
                         ? "registered"
                         : "wrong sizes";
            }),
            "registered");
}

TEST(Coverage, TakesAHandle) {
  EXPECT_EQ(Apart([] {
              return Start(Load(Path())) + Describe().text;
            }).substr(0, Path().size() + 6),
            Path() + ": 0 of");
}

// Counts the blocks that each operation of subject_switch shows.
class SwitchInputs {
 public:
  SwitchInputs()
      : library_(Load(Path())),
        run_(reinterpret_cast<decltype(&subject_switch)>(
            dlsym(library_, "subject_switch"))) {}

  void Run(uint32_t operation) { run_(operation, 5); }
  void Fuzz(uint32_t operation) {
    runs_ = Repeat([&] { Run(operation); });
    shown_ = CountersSet();
    log_ += fmt::format("{}:{} ", runs_, shown_);
  }
  int shown() const { return shown_; }
  const std::string& log() const { return log_; }

 private:
  void* library_;
  decltype(&subject_switch) run_;
  int runs_ = 0;
  int shown_ = 0;
  std::string log_;
};

TEST(Coverage, ShowsAllBlocksOfAnInputWithSomethingNew) {
  EXPECT_EQ(Apart([] {
              SwitchInputs inputs;
              const std::string why = Start(Path());
              inputs.Run(0);   // part of the warm-up, to be forgotten
              inputs.Fuzz(1);  // ends the warm-up, and finds all anew
              const int all = inputs.shown();
              inputs.Fuzz(1);  // nothing new
              inputs.Fuzz(2);  // one new block, and shows the old ones too
              inputs.Fuzz(2);
              inputs.Fuzz(0);   // was reached in the warm-up only
              inputs.Fuzz(99);  // does not pass the table
              const std::string owed =
                  fmt::format("3:{0} 1:0 2:{0} 1:0 2:{0} 2:{1} ", all, all - 1);
              const auto seen = static_cast<size_t>(all + 3);
              return all >= 3 && why.empty() && inputs.log() == owed &&
                             Describe().seen == seen
                         ? "as owed"
                         : why + inputs.log();
            }),
            "as owed");
}

TEST(Coverage, CanShowAllBlocksOfEachInput) {
  EXPECT_EQ(Apart([] {
              SwitchInputs inputs;
              const std::string why = Start(Path());
              ArmBeforeEachInput();
              for (const uint32_t operation : {1, 1, 2, 1}) {
                inputs.Fuzz(operation);
              }
              const std::string owed =
                  fmt::format("2:{0} 1:{0} 1:{0} 1:{0} ", inputs.shown());
              return inputs.log() == owed ? "as owed" : why + inputs.log();
            }),
            "as owed");
}

TEST(Coverage, LeavesAnInstrumentedLibraryAlone) {
  EXPECT_EQ(Apart([] {
              const std::string path = RunfilePath("subject/instrumented.so");
              void* library = Load(path);
              if (library == nullptr) {
                return std::string(dlerror());
              }
              char* own = counters_begin;
              const std::string why = Start(path);
              const Summary summary = Describe();
              return why + (summary.instrumented && summary.blocks == 0 &&
                                    own != nullptr && own == counters_begin &&
                                    !RunAgain()
                                ? "its own"
                                : "planted");
            }),
            "its own");
}

TEST(Coverage, SaysWhatIsNotLoaded) {
  EXPECT_EQ(Apart([] { return Start("/nowhere.so"); }),
            "/nowhere.so: not loaded");
  EXPECT_EQ(Apart([] { return Describe().text; }), "no coverage: not started");
}

TEST(Coverage, StartsOnce) {
  EXPECT_EQ(Apart([] {
              void* library = Load(Path());
              return Start(library) + Start(library);
            }),
            "coverage has been started for " + Path());
}

// From now on no memory of this process becomes writable and executable.
void ForbidWritableCode() {
  constexpr auto kBoth = static_cast<uint32_t>(PROT_WRITE | PROT_EXEC);
  std::array<sock_filter, 7> filter{{
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_mprotect, 0, 4),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, args[2])),
      BPF_STMT(BPF_ALU | BPF_AND | BPF_K, kBoth),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, kBoth, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EACCES),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  }};
  const sock_fprog program{filter.size(), filter.data()};
  prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}

TEST(Coverage, GoesOnWithoutWhereBreakpointsAreForbidden) {
  EXPECT_EQ(Apart([] {
              void* library = Load(Path());
              const auto run = reinterpret_cast<decltype(&subject_switch)>(
                  dlsym(library, "subject_switch"));
              ForbidWritableCode();
              const std::string why = Start(Path());
              const bool works = run(0, 5) == 15 && !RunAgain();
              return Describe().text == "no coverage: " + why && works
                         ? why.substr(Path().size())
                         : "broken";
            }),
            ": this system lets no memory be writable and executable "
            "(mprotect: Permission denied)");
}

// A debugger that keeps every SIGTRAP to itself.
int TracedStatus(const std::function<int()>& body) {
  const pid_t child = fork();
  if (child == 0) {
    ptrace(PTRACE_TRACEME, 0, nullptr, nullptr);
    _exit(body());
  }
  int status = 0;
  while (waitpid(child, &status, 0) == child && WIFSTOPPED(status)) {
    const int signal = WSTOPSIG(status) == SIGTRAP ? 0 : WSTOPSIG(status);
    ptrace(PTRACE_CONT, child, nullptr, signal);
  }
  return status;
}

TEST(Coverage, GoesOnWithoutUnderADebuggerThatTakesTheTraps) {
  const int status = TracedStatus([] {
    void* library = Load(Path());
    const auto run = reinterpret_cast<decltype(&subject_switch)>(
        dlsym(library, "subject_switch"));
    const std::string why = Start(Path());
    return why == Path() + ": something else, a debugger, takes the traps" &&
                   run(0, 5) == 15
               ? 0
               : 1;
  });
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
}

}  // namespace
}  // namespace cpgcert::fuzz::coverage
