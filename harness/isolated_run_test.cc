#include "harness/isolated_run.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <functional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>

#include "gtest/gtest.h"

namespace cpgcert::harness {
namespace {

using std::chrono::milliseconds;

// Of the runs that must reach their deadline: the first try, and the last.
constexpr milliseconds kShortDeadline{300};
constexpr milliseconds kLongDeadline{30'000};

bool Contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

int Occurrences(std::string_view text, std::string_view part) {
  int count = 0;
  for (size_t at = text.find(part); at != std::string_view::npos;
       at = text.find(part, at + 1)) {
    ++count;
  }
  return count;
}

[[noreturn]] void SleepForever() {
  while (true) {
    pause();
  }
}

void WriteAll(int file, std::string_view text) {
  while (!text.empty()) {
    const ssize_t size = write(file, text.data(), text.size());
    if (size <= 0) {
      return;
    }
    text.remove_prefix(size);
  }
}

// Runs with the usual deadline, which no such run may reach.
IsolatedResult RunBody(const IsolatedBody& body) {
  return RunIsolated({}, body);
}

// Runs a body that never ends. The deadline is doubled until the run has come
// so far that `arrived` holds, however busy the machine is.
IsolatedResult RunHanging(
    const IsolatedBody& body,
    const std::function<bool(const IsolatedResult&)>& arrived) {
  IsolatedOptions options;
  options.deadline = kShortDeadline;
  IsolatedResult result = RunIsolated(options, body);
  while (!arrived(result) && options.deadline < kLongDeadline) {
    options.deadline *= 2;
    result = RunIsolated(options, body);
  }
  EXPECT_EQ(result.verdict, Verdict::kHang) << result.end;
  EXPECT_EQ(result.end, "still running at the deadline");
  EXPECT_EQ(result.report, "");
  EXPECT_GE(result.duration, options.deadline);
  return result;
}

// Runs `ask` in a child and gives what it says.
std::string AskChild(const std::function<std::string()>& ask) {
  const IsolatedResult result =
      RunBody([&](ReportWriter& writer, uint64_t nonce) {
        writer.Finish(ask(), nonce);
      });
  EXPECT_EQ(result.verdict, Verdict::kPass) << result.end;
  return result.report;
}

// How a run ends whose body only makes `attack`.
IsolatedResult Attack(const std::function<void()>& attack) {
  return RunBody([&](ReportWriter& writer, uint64_t nonce) {
    attack();
    writer.Finish("survived", nonce);
  });
}

void ExpectCrash(const IsolatedResult& result, const std::string& end) {
  EXPECT_EQ(result.verdict, Verdict::kCrash);
  EXPECT_EQ(result.end, end);
  EXPECT_EQ(result.report, "");
}

TEST(IsolatedRunTest, AReportThatArrivedIsAPass) {
  const IsolatedResult result =
      RunBody([](ReportWriter& writer, uint64_t nonce) {
        writer.Step("first");
        writer.Step("second");
        writer.Finish("all was well", nonce);
      });
  EXPECT_EQ(result.verdict, Verdict::kPass);
  EXPECT_EQ(result.report, "all was well");
  EXPECT_EQ(result.end, "exited with status 0");
  EXPECT_EQ(result.steps, "first\nsecond\n");
  EXPECT_EQ(result.output, "");
  EXPECT_EQ(result.threads, "");
  EXPECT_EQ(result.strays, 0);
  EXPECT_GT(result.duration.count(), 0);
}

TEST(IsolatedRunTest, AReportMayHoldAnyBytesOrNone) {
  const std::string bytes("\0\xff\n\0", 4);
  EXPECT_EQ(AskChild([&] { return bytes; }), bytes);
  EXPECT_EQ(AskChild([] { return ""; }), "");
}

TEST(IsolatedRunTest, AReportIsCutAtTheLimit) {
  const std::string exact(kReportSizeMax, 'x');
  EXPECT_TRUE(AskChild([&] { return exact; }) == exact);
  EXPECT_TRUE(AskChild([&] { return exact + "one more"; }) == exact);
}

TEST(IsolatedRunTest, ABodyThatEndsWithoutAReportIsACrash) {
  const std::string early = "exited with status 0 before the case had ended";
  ExpectCrash(RunBody([](ReportWriter&, uint64_t) {}), early);
  ExpectCrash(Attack([] { _exit(0); }), early);
  ExpectCrash(Attack([] { std::exit(0); }), early);
  ExpectCrash(Attack([] { std::quick_exit(0); }), early);
  ExpectCrash(Attack([] { _exit(7); }), "exited with status 7");
}

TEST(IsolatedRunTest, AnExitHandlerCannotHideThatTheBodyExited) {
  const IsolatedResult result = Attack([] {
    std::atexit([] { _exit(0); });
    std::exit(3);
  });
  ExpectCrash(result, "exited with status 0 before the case had ended");
}

TEST(IsolatedRunTest, ASignalThatKillsIsACrash) {
  ExpectCrash(Attack([] { abort(); }), "killed by signal 6 (SIGABRT)");
  ExpectCrash(Attack([] { raise(SIGSEGV); }), "killed by signal 11 (SIGSEGV)");
  ExpectCrash(Attack([] { kill(getpid(), SIGKILL); }),
              "killed by signal 9 (SIGKILL)");
  ExpectCrash(Attack([] { kill(0, SIGTERM); }),  // its own group only
              "killed by signal 15 (SIGTERM)");
}

TEST(IsolatedRunTest, AWriteToNowhereIsASegmentationFault) {
  ExpectCrash(Attack([] {
                void* page = mmap(nullptr, 4096, PROT_NONE,
                                  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
                *static_cast<volatile char*>(page) = 1;
              }),
              "killed by signal 11 (SIGSEGV)");
}

TEST(IsolatedRunTest, AnExceptionThatLeavesTheBodyIsACrash) {
  ExpectCrash(Attack([] { throw std::runtime_error("thrown"); }),
              "killed by signal 6 (SIGABRT)");
}

TEST(IsolatedRunTest, ACrashAfterTheReportIsACrash) {
  ExpectCrash(RunBody([](ReportWriter& writer, uint64_t nonce) {
                writer.Finish("passed", nonce);
                abort();
              }),
              "killed by signal 6 (SIGABRT)");
}

TEST(IsolatedRunTest, AReportWithAnotherNonceIsACrash) {
  for (const uint64_t wrong : {1, 2, 64}) {
    ExpectCrash(RunBody([wrong](ReportWriter& writer, uint64_t nonce) {
                  writer.Finish("forged", nonce ^ wrong);
                }),
                "exited with status 0 before the case had ended");
  }
}

TEST(IsolatedRunTest, NoTwoRunsHaveTheSameNonce) {
  const IsolatedBody tell = [](ReportWriter& writer, uint64_t nonce) {
    writer.Finish(std::to_string(nonce), nonce);
  };
  EXPECT_NE(RunBody(tell).report, RunBody(tell).report);
}

TEST(IsolatedRunTest, TheStepsOfACrashSayHowFarItCame) {
  const IsolatedResult result = RunBody([](ReportWriter& writer, uint64_t) {
    writer.Step("cpg_join");
    raise(SIGKILL);
  });
  EXPECT_EQ(result.steps, "cpg_join\n");
}

TEST(IsolatedRunTest, OfManyStepsTheLastAreKept) {
  const IsolatedResult result =
      RunBody([](ReportWriter& writer, uint64_t nonce) {
        for (int i = 0; i < 5000; ++i) {
          writer.Step("step " + std::to_string(i));
        }
        writer.Finish("", nonce);
      });
  EXPECT_TRUE(result.steps.ends_with("\nstep 4998\nstep 4999\n"));
  EXPECT_TRUE(result.steps.starts_with("step ")) << result.steps.substr(0, 20);
  EXPECT_GT(result.steps.size(), 2000U);
  EXPECT_LT(result.steps.size(), 10'000U);
}

TEST(IsolatedRunTest, OfAnEndlessStepTheEndIsKept) {
  const IsolatedResult result =
      RunBody([](ReportWriter& writer, uint64_t nonce) {
        writer.Step(std::string(100'000, 'a') + " its end");
        writer.Finish("", nonce);
      });
  EXPECT_TRUE(result.steps.ends_with("aaa its end\n"));
  EXPECT_LT(result.steps.size(), 10'000U);
}

TEST(IsolatedRunTest, AnEndlessLoopIsAHang) {
  const IsolatedResult result = RunHanging(
      [](ReportWriter& writer, uint64_t) {
        writer.Step("spins");
        volatile bool never = false;
        while (!never) {
        }
      },
      [](const IsolatedResult& run) { return !run.steps.empty(); });
  EXPECT_EQ(result.steps, "spins\n");
  EXPECT_TRUE(Contains(result.threads, "state R")) << result.threads;
}

TEST(IsolatedRunTest, AHangSaysWhereEachThreadSleeps) {
  const std::string paused = fmt::format("state S, system call {} ", SYS_pause);
  const std::string polls =
      fmt::format("(other thread): state S, system call {} ", SYS_poll);
  const IsolatedResult result = RunHanging(
      [](ReportWriter&, uint64_t) {
        std::thread other([] {
          prctl(PR_SET_NAME, "other thread");
          poll(nullptr, 0, -1);
        });
        SleepForever();
      },
      [&](const IsolatedResult& run) {
        return Contains(run.threads, paused) && Contains(run.threads, polls);
      });
  // No lines are counted: a sanitizer may have threads of its own.
  EXPECT_EQ(Occurrences(result.threads, paused), 1) << result.threads;
  EXPECT_EQ(Occurrences(result.threads, polls), 1) << result.threads;
}

TEST(IsolatedRunTest, AReportDoesNotExcuseAHang) {
  const IsolatedResult result = RunHanging(
      [](ReportWriter& writer, uint64_t nonce) {
        writer.Finish("passed", nonce);
        writer.Step("finished");
        SleepForever();
      },
      [](const IsolatedResult& run) { return !run.steps.empty(); });
  EXPECT_EQ(result.steps, "finished\n");
}

TEST(IsolatedRunTest, AProcessThatStopsItselfAndIgnoresSignalsIsAHang) {
  const IsolatedResult result = RunHanging(
      [](ReportWriter&, uint64_t) {
        for (int number = 1; number < NSIG; ++number) {
          signal(number, SIG_IGN);
        }
        raise(SIGSTOP);
        SleepForever();
      },
      [](const IsolatedResult& run) {
        return Contains(run.threads, "state T");
      });
  EXPECT_TRUE(Contains(result.threads, "state T")) << result.threads;
}

TEST(IsolatedRunTest, ClosingEveryDescriptorLosesNoReport) {
  const IsolatedResult result = Attack([] { close_range(0, ~0U, 0); });
  EXPECT_EQ(result.verdict, Verdict::kPass);
  EXPECT_EQ(result.report, "survived");
}

TEST(IsolatedRunTest, OutputAndErrorsAreBothKept) {
  const IsolatedResult result = Attack([] {
    WriteAll(STDOUT_FILENO, "to output, ");
    WriteAll(STDERR_FILENO, "to errors");
  });
  EXPECT_EQ(result.output, "to output, to errors");
}

TEST(IsolatedRunTest, TheOutputOfACrashIsKept) {
  const IsolatedResult result = Attack([] {
    WriteAll(STDERR_FILENO, "double free or corruption");
    abort();
  });
  EXPECT_EQ(result.output, "double free or corruption");
}

TEST(IsolatedRunTest, MegabytesOfOutputNeitherBlockNorFillTheMemory) {
  const IsolatedResult result = Attack([] {
    WriteAll(STDOUT_FILENO, "the head");
    for (int i = 0; i < 64; ++i) {
      WriteAll(STDOUT_FILENO, std::string(100'000, 'x'));
    }
    WriteAll(STDERR_FILENO, "the tail");
  });
  EXPECT_EQ(result.report, "survived");
  EXPECT_TRUE(result.output.starts_with("the headxxx"));
  EXPECT_TRUE(result.output.ends_with("xxxthe tail"));
  EXPECT_TRUE(Contains(result.output, "bytes left out]"));
  EXPECT_LT(result.output.size(), 10'000U);
}

TEST(IsolatedRunTest, AnEndlessFloodOfOutputIsAHang) {
  const IsolatedResult result = RunHanging(
      [](ReportWriter&, uint64_t) {
        fcntl(STDOUT_FILENO, F_SETPIPE_SZ, 1 << 20);
        fork();
        const std::string flood(1 << 16, 'x');
        while (true) {
          WriteAll(STDOUT_FILENO, flood);
        }
      },
      [](const IsolatedResult& run) { return run.strays > 0; });
  EXPECT_EQ(result.strays, 1);
  EXPECT_LT(result.output.size(), 10'000U);
}

// Starts a process that takes some killing: in a session of its own, deaf to
// all signals, with the output held open. Returns once it is so.
void LeaveStray() {
  std::array<int, 2> ready{};
  if (pipe(ready.data()) != 0 || fork() != 0) {
    char byte = 0;
    (void)!read(ready[0], &byte, 1);
    return;
  }
  setsid();
  for (int number = 1; number < NSIG; ++number) {
    signal(number, SIG_IGN);
  }
  WriteAll(ready[1], "r");
  SleepForever();
}

bool HasNoChildren() {
  return waitpid(-1, nullptr, WNOHANG) < 0 && errno == ECHILD;
}

TEST(IsolatedRunTest, AStrayIsKilledAndCounted) {
  const IsolatedResult result = Attack(LeaveStray);
  EXPECT_EQ(result.verdict, Verdict::kPass);
  EXPECT_EQ(result.strays, 1);
  EXPECT_TRUE(HasNoChildren());
}

TEST(IsolatedRunTest, ADaemonAndItsChildrenAreStraysToo) {
  const IsolatedResult result = Attack([] {
    if (const pid_t first = fork(); first == 0) {
      setsid();
      LeaveStray();  // orphaned before the body has ended
      LeaveStray();
      _exit(0);
    } else {
      waitpid(first, nullptr, 0);
    }
    LeaveStray();
  });
  EXPECT_EQ(result.strays, 3);
  EXPECT_TRUE(HasNoChildren());
}

TEST(IsolatedRunTest, TheStraysOfACrashAndOfAHangAreKilled) {
  const IsolatedResult crash = Attack([] {
    LeaveStray();
    abort();
  });
  EXPECT_EQ(crash.verdict, Verdict::kCrash);
  EXPECT_EQ(crash.strays, 1);
  const IsolatedResult hang = RunHanging(
      [](ReportWriter&, uint64_t) {
        LeaveStray();
        SleepForever();
      },
      [](const IsolatedResult& run) { return run.strays > 0; });
  EXPECT_EQ(hang.strays, 1);
  EXPECT_TRUE(HasNoChildren());
}

TEST(IsolatedRunTest, AProcessToKeepIsNoStray) {
  const pid_t kept = fork();
  if (kept == 0) {
    SleepForever();
  }
  IsolatedOptions options;
  options.keep = {kept};
  const IsolatedResult result =
      RunIsolated(options, [](ReportWriter& writer, uint64_t nonce) {
        LeaveStray();
        writer.Finish("", nonce);
      });
  EXPECT_EQ(result.strays, 1);
  EXPECT_EQ(waitpid(kept, nullptr, WNOHANG), 0);  // is there, has not ended
  kill(kept, SIGKILL);
  EXPECT_EQ(waitpid(kept, nullptr, 0), kept);
}

}  // namespace
}  // namespace cpgcert::harness
