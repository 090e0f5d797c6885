#include "fuzz/coverage/breakpoints.h"

#include <dlfcn.h>
#include <link.h>
#include <sys/ptrace.h>
#include <sys/types.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <barrier>
#include <csignal>
#include <functional>
#include <numeric>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "fuzz/coverage/loaded_subject.h"
#include "gtest/gtest.h"

namespace cpgcert::fuzz::coverage {
namespace {

Breakpoints& Planted() { return *TheSubject().breakpoints; }

void ClearCounters() { std::ranges::fill(Planted().counters(), uint8_t{0}); }

// Indices of the blocks that have been counted.
std::set<size_t> Counted() {
  std::set<size_t> counted;
  for (size_t i = 0; i < Planted().size(); ++i) {
    if (Planted().counters()[i] != 0) {
      counted.insert(i);
    }
  }
  return counted;
}

// How a forked child that runs `body` ends: a wait status.
int StatusOf(const std::function<int()>& body) {
  const pid_t child = fork();
  if (child == 0) {
    _exit(body());
  }
  int status = 0;
  waitpid(child, &status, 0);
  return status;
}

class BreakpointsKeep : public testing::TestWithParam<size_t> {};

// Registers, flags, red zone, vectors, x87, exceptions, data: whatever the
// probe is about.
TEST_P(BreakpointsKeep, WhatTheLibraryAnswers) {
  LoadedSubject& subject = TheSubject();
  for (int round = 0; round < 3; ++round) {
    const size_t before = Planted().trapped();
    Planted().ArmAll();
    EXPECT_EQ(subject.probes[GetParam()].run(), subject.answers[GetParam()]);
    EXPECT_GT(Planted().trapped(), before) << "nothing was interrupted";
  }
  Planted().Disarm();
}

INSTANTIATE_TEST_SUITE_P(Probe, BreakpointsKeep,
                         testing::Range(size_t{0}, size_t{12}),
                         [](const auto& info) {
                           return TheSubject().probes[info.param].name;
                         });

TEST(Breakpoints, HasAProbeForEachInstance) {
  EXPECT_EQ(TheSubject().probes.size(), 12U);
}

TEST(Breakpoints, LeaveTheCodeAsItWas) {
  LoadedSubject& subject = TheSubject();
  Planted().ArmAll();
  Planted().Disarm();
  const uintptr_t code = Planted().address(0) -
                         subject.blocks.blocks[0].address +
                         subject.blocks.text_address;
  EXPECT_EQ(
      std::string(reinterpret_cast<const char*>(code),
                  subject.blocks.text.size()),
      std::string(subject.blocks.text.begin(), subject.blocks.text.end()));
}

TEST(Breakpoints, CountEachBlockOncePerArming) {
  for (int round = 0; round < 3; ++round) {
    Planted().Disarm();
    ClearCounters();
    const size_t before = Planted().trapped();
    Planted().ArmAll();
    for (int i = 0; i < 4; ++i) {
      for (const Probe& probe : TheSubject().probes) {
        probe.run();
      }
    }
    EXPECT_EQ(Planted().trapped() - before, Counted().size());
    EXPECT_GT(Counted().size(), 80U);
  }
  Planted().Disarm();
}

TEST(Breakpoints, CountNothingUnarmed) {
  Planted().Disarm();
  ClearCounters();
  TheSubject().probes[0].run();
  EXPECT_TRUE(Counted().empty());
}

TEST(Breakpoints, ArmWhatWasNotSeen) {
  const Probe& probe = TheSubject().probes[0];
  Planted().Disarm();
  Planted().ForgetSeen();
  Planted().ArmAll();
  probe.run();
  const size_t seen = Planted().seen();
  EXPECT_GT(seen, 0U);
  Planted().ArmUnseen();
  ClearCounters();
  probe.run();
  EXPECT_TRUE(Counted().empty());
  TheSubject().probes[1].run();
  EXPECT_FALSE(Counted().empty());
  EXPECT_EQ(Planted().seen(), seen + Counted().size());
  Planted().Disarm();
}

// Runs `probe` in a child, one instruction at a time.
std::set<uintptr_t> SingleStep(const Probe& probe) {
  std::set<uintptr_t> addresses;
  const pid_t child = fork();
  if (child == 0) {
    ptrace(PTRACE_TRACEME, 0, nullptr, nullptr);
    raise(SIGSTOP);
    probe.run();
    _exit(0);
  }
  int status = 0;
  while (waitpid(child, &status, 0) == child && WIFSTOPPED(status)) {
    user_regs_struct registers{};
    ptrace(PTRACE_GETREGS, child, nullptr, &registers);
    addresses.insert(registers.rip);
    ptrace(PTRACE_SINGLESTEP, child, nullptr, nullptr);
  }
  EXPECT_TRUE(WIFEXITED(status)) << status;
  return addresses;
}

class BreakpointsCount : public testing::TestWithParam<std::string> {};

// The processor's own account of what ran.
TEST_P(BreakpointsCount, ExactlyTheBlocksThatRan) {
  const Probe& probe =
      *std::ranges::find(TheSubject().probes, GetParam(), &Probe::name);
  Planted().Disarm();
  const std::set<uintptr_t> ran = SingleStep(probe);
  ASSERT_GT(ran.size(), 100U);
  std::set<size_t> owed;
  for (size_t i = 0; i < Planted().size(); ++i) {
    if (ran.contains(Planted().address(i))) {
      owed.insert(i);
    }
  }
  ClearCounters();
  Planted().ArmAll();
  probe.run();
  EXPECT_EQ(Counted(), owed);
  EXPECT_GT(owed.size(), 3U);
  Planted().Disarm();
}

INSTANTIATE_TEST_SUITE_P(Probe, BreakpointsCount,
                         testing::Values("Switch", "Tables", "RedZone", "Carry",
                                         "Data"),
                         [](const auto& info) { return info.param; });

constexpr int kThreads = 6;

// All threads enter the same blocks at once.
TEST(Breakpoints, CountOnceForAllThreads) {
  const Probe& probe = TheSubject().probes[0];
  Planted().Disarm();
  ClearCounters();
  Planted().ArmAll();
  probe.run();
  const std::set<size_t> alone = Counted();
  for (int round = 0; round < 50; ++round) {
    ClearCounters();
    Planted().ArmAll();
    const size_t before = Planted().trapped();
    std::barrier start(kThreads);
    std::atomic<int> wrong{0};
    std::vector<std::thread> threads;
    for (int i = 0; i < kThreads; ++i) {
      threads.emplace_back([&] {
        start.arrive_and_wait();
        wrong += probe.run() == TheSubject().answers[0] ? 0 : 1;
      });
    }
    for (std::thread& thread : threads) {
      thread.join();
    }
    ASSERT_EQ(wrong, 0);
    ASSERT_EQ(Counted(), alone);
    ASSERT_EQ(Planted().trapped() - before, alone.size());
  }
  Planted().Disarm();
}

TEST(Breakpoints, MayBeArmedWhileThreadsRun) {
  constexpr int kArmings = 300;
  std::atomic<bool> done{false};
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  std::barrier start(kThreads + 1);
  const size_t before = Planted().trapped();
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&, i] {
      start.arrive_and_wait();
      const size_t count = TheSubject().probes.size();
      for (auto probe = static_cast<size_t>(i); !done; ++probe) {
        const bool same = TheSubject().probes[probe % count].run() ==
                          TheSubject().answers[probe % count];
        wrong += same ? 0 : 1;
      }
    });
  }
  start.arrive_and_wait();
  for (int i = 0; i < kArmings; ++i) {
    // Until one of the threads has met a breakpoint.
    const size_t met = Planted().trapped();
    Planted().ArmAll();
    while (Planted().trapped() == met) {
      std::this_thread::yield();
    }
  }
  done = true;
  for (std::thread& thread : threads) {
    thread.join();
  }
  EXPECT_EQ(wrong, 0);
  EXPECT_GE(Planted().trapped() - before, size_t{kArmings});
  // Still armed and counted after all that.
  ClearCounters();
  Planted().ArmAll();
  TheSubject().probes[0].run();
  EXPECT_FALSE(Counted().empty());
  Planted().Disarm();
}

TEST(Breakpoints, AreAForkedChildsOwn) {
  const Probe& probe = TheSubject().probes[0];
  ClearCounters();
  Planted().ArmAll();
  const int status = StatusOf([&] {
    const bool same = probe.run() == TheSubject().answers[0];
    return same && !Counted().empty() ? 0 : 1;
  });
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
  EXPECT_TRUE(Counted().empty());
  probe.run();
  EXPECT_FALSE(Counted().empty());
  Planted().Disarm();
}

TEST(Breakpoints, DoNotHideATrapOfTheLibrary) {
  const auto trap = reinterpret_cast<decltype(&subject_trap)>(
      TheSubject().Function("subject_trap"));
  const int status = StatusOf([&] {
    Planted().ArmAll();
    trap();
    return 0;
  });
  EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGTRAP) << status;
}

TEST(Breakpoints, DoNotHideASignalFromOutside) {
  TheSubject();
  const int status = StatusOf([] {
    kill(getpid(), SIGTRAP);
    return 0;
  });
  EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGTRAP) << status;
}

TEST(Breakpoints, AreReadyOnce) {
  LoadedSubject& subject = TheSubject();
  Breakpoints* more = nullptr;
  EXPECT_EQ(Breakpoints::Ready(subject.library, subject.blocks, &more),
            "it has breakpoints already");
  EXPECT_EQ(more, nullptr);
}

TEST(Breakpoints, AreNoneInCodeOfAnotherFile) {
  LoadedSubject& subject = TheSubject();
  BasicBlocks other = subject.blocks;
  other.blocks.erase(other.blocks.begin());
  other.text[0] ^= 1;
  Breakpoints* more = nullptr;
  EXPECT_EQ(Breakpoints::Ready(subject.library, other, &more),
            "its code in memory is not that of its file");
  EXPECT_EQ(Breakpoints::Ready(subject.library, BasicBlocks{}, &more),
            "no basic block was found");
}

TEST(Breakpoints, WorkInAThreadThatBlockedTheSignalBefore) {
  // Ready() unblocks it for the thread; those that it starts inherit that.
  sigset_t mask;
  sigemptyset(&mask);
  sigaddset(&mask, SIGTRAP);
  const int status = StatusOf([&] {
    pthread_sigmask(SIG_BLOCK, &mask, nullptr);
    void* copy = dlopen(RunfilePath("subject/copy.so").c_str(), RTLD_NOW);
    const auto run = reinterpret_cast<decltype(&subject_switch)>(
        dlsym(copy, "subject_switch"));
    LibraryImage image;
    Breakpoints* planted = nullptr;
    if (!ReadLibrary(RunfilePath("subject/copy.so"), &image).empty() ||
        !Breakpoints::Ready(copy, FindBasicBlocks(image), &planted).empty()) {
      return 1;
    }
    planted->ArmAll();
    return run(0, 5) == 15 && planted->trapped() > 0 ? 0 : 2;
  });
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
}

// A library may read what it never wrote; it should find the same there.
TEST(Breakpoints, LeaveAloneWhatIsBelowTheStack) {
  const auto run = reinterpret_cast<decltype(&subject_below_stack)>(
      TheSubject().Function("subject_below_stack"));
  Planted().ArmAll();
  const size_t before = Planted().trapped();
  EXPECT_EQ(run(1), 496U);
  EXPECT_EQ(Planted().trapped() - before, 6U);
  Planted().Disarm();
}

// A function that runs on the alternate stack of another signal's handler.
TEST(Breakpoints, WorkOnAnAlternateStack) {
  const int status = StatusOf([] {
    std::vector<char> stack(1 << 16);
    stack_t alternate{};
    alternate.ss_sp = stack.data();
    alternate.ss_size = stack.size();
    sigaltstack(&alternate, nullptr);
    static const auto run = reinterpret_cast<decltype(&subject_switch)>(
        TheSubject().Function("subject_switch"));
    static uint64_t answer;
    struct sigaction action{};
    action.sa_handler = [](int) {
      sigset_t trap;  // ThreadSanitizer blocks all signals in a handler
      sigemptyset(&trap);
      sigaddset(&trap, SIGTRAP);
      pthread_sigmask(SIG_UNBLOCK, &trap, nullptr);
      answer = run(0, 5);
    };
    action.sa_flags = SA_ONSTACK;
    sigaction(SIGUSR1, &action, nullptr);
    Planted().ArmAll();
    const size_t before = Planted().trapped();
    raise(SIGUSR1);
    return answer == 15 && Planted().trapped() > before ? 0 : 1;
  });
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
}

}  // namespace
}  // namespace cpgcert::fuzz::coverage
