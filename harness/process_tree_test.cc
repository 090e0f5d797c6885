#include "harness/process_tree.h"

#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <filesystem>
#include <iterator>
#include <string>
#include <thread>
#include <vector>

#include "gtest/gtest.h"

namespace cpgcert::harness {
namespace {

bool Contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

// A child that sleeps in pause(2), named `name`, with `threads` threads.
pid_t StartSleeper(const char* name = "sleeper", int threads = 1) {
  std::array<int, 2> ready{};
  if (pipe(ready.data()) != 0) {
    abort();
  }
  const pid_t child = fork();
  if (child == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    prctl(PR_SET_NAME, name);
    std::vector<std::thread> others;
    for (int i = 1; i < threads; ++i) {
      others.emplace_back([] {
        while (true) {
          pause();
        }
      });
    }
    (void)!write(ready[1], "r", 1);
    while (true) {
      pause();
    }
  }
  char byte = 0;
  (void)!read(ready[0], &byte, 1);
  close(ready[0]);
  close(ready[1]);
  return child;
}

// The threads that the kernel lists. ThreadSanitizer adds some of its own to
// those that were asked for.
int KernelThreads(pid_t process) {
  const std::filesystem::directory_iterator tasks(
      "/proc/" + std::to_string(process) + "/task");
  return static_cast<int>(std::distance(begin(tasks), end(tasks)));
}

int Reap(pid_t child) {
  int status = 0;
  EXPECT_EQ(waitpid(child, &status, 0), child);
  return status;
}

// Lets a child end, and leaves it a zombie.
pid_t StartZombie() {
  const pid_t child = fork();
  if (child == 0) {
    _exit(0);
  }
  siginfo_t info{};
  EXPECT_EQ(waitid(P_PID, child, &info, WEXITED | WNOWAIT), 0);
  return child;
}

void AwaitPause(pid_t process, int threads) {
  const std::string call =
      "state S, system call " + std::to_string(SYS_pause) + " ";
  int asleep = 0;
  while (asleep < threads) {
    const std::string text = DescribeThreads(process);
    asleep = 0;
    for (size_t at = text.find(call); at != std::string::npos;
         at = text.find(call, at + 1)) {
      ++asleep;
    }
  }
}

TEST(ProcessTreeTest, EachThreadIsDescribedOnALine) {
  const pid_t child = StartSleeper("sleeper", 3);
  AwaitPause(child, 3);
  const std::string text = DescribeThreads(child);
  EXPECT_EQ(std::ranges::count(text, '\n'), KernelThreads(child)) << text;
  EXPECT_TRUE(Contains(text, "thread " + std::to_string(child) +
                                 " (sleeper): state S, system call"))
      << text;
  kill(child, SIGKILL);
  Reap(child);
  EXPECT_EQ(DescribeThreads(child), "");
}

TEST(ProcessTreeTest, AThreadsNameCannotForgeItsState) {
  const pid_t child = StartSleeper("a) T 1 (b");
  const pid_t other = StartSleeper("two\nlines");
  EXPECT_EQ(CountThreads(child).stopped, 0);
  EXPECT_FALSE(Contains(DescribeThreads(child), "state T"));
  EXPECT_EQ(std::ranges::count(DescribeThreads(other), '\n'),
            KernelThreads(other));
  EXPECT_EQ(KillChildrenExcept({}), 2);
}

TEST(ProcessTreeTest, TheEndOfAProcessIsDescribed) {
  const auto end_of = [](int number) {
    const pid_t child = StartSleeper();
    kill(child, number);
    return DescribeEnd(Reap(child));
  };
  EXPECT_EQ(end_of(SIGKILL), "killed by signal 9 (SIGKILL)");
  EXPECT_EQ(end_of(SIGTERM), "killed by signal 15 (SIGTERM)");
  EXPECT_EQ(end_of(SIGRTMIN + 1), "killed by signal 35 (SIG?)");
  const pid_t child = fork();
  if (child == 0) {
    _exit(42);
  }
  EXPECT_EQ(DescribeEnd(Reap(child)), "exited with status 42");
}

TEST(ProcessTreeTest, StoppedThreadsAreCounted) {
  const pid_t child = StartSleeper("sleeper", 3);
  const int threads = KernelThreads(child);
  EXPECT_GE(threads, 3);
  EXPECT_EQ(CountThreads(child).all, threads);
  EXPECT_EQ(CountThreads(child).stopped, 0);
  kill(child, SIGSTOP);
  while (CountThreads(child).stopped < threads) {
    std::this_thread::yield();
  }
  EXPECT_EQ(CountThreads(child).all, threads);
  kill(child, SIGCONT);
  while (CountThreads(child).stopped > 0) {
    std::this_thread::yield();
  }
  kill(child, SIGKILL);
  Reap(child);
  EXPECT_EQ(CountThreads(child).all, 0);
}

TEST(ProcessTreeTest, ChildrenAreThoseThatWereForkedAndNotReaped) {
  EXPECT_EQ(Children(), std::vector<pid_t>{});
  const pid_t first = StartSleeper();
  EXPECT_EQ(Children(), std::vector<pid_t>{first});
  const pid_t second = StartZombie();
  const std::vector<pid_t> children = Children();
  EXPECT_EQ(children.size(), 2U);
  EXPECT_EQ(std::ranges::count(children, first), 1);
  EXPECT_EQ(std::ranges::count(children, second), 1);
  EXPECT_EQ(KillChildrenExcept({}), 1);
  EXPECT_EQ(Children(), std::vector<pid_t>{});
}

TEST(ProcessTreeTest, AllChildrenButThoseToKeepAreKilled) {
  const pid_t kept = StartSleeper();
  const pid_t killed = StartSleeper();
  const pid_t stopped = StartSleeper();
  kill(stopped, SIGSTOP);
  EXPECT_EQ(KillChildrenExcept({kept, getpid()}), 2);
  EXPECT_EQ(kill(killed, 0), -1);
  EXPECT_EQ(errno, ESRCH);
  EXPECT_EQ(Children(), std::vector<pid_t>{kept});
  EXPECT_EQ(KillChildrenExcept({}), 1);
  EXPECT_EQ(KillChildrenExcept({}), 0);
}

TEST(ProcessTreeTest, AZombieIsReapedAndNotCounted) {
  StartZombie();
  StartSleeper();
  EXPECT_EQ(KillChildrenExcept({}), 1);
  EXPECT_EQ(waitpid(-1, nullptr, WNOHANG), -1);
  EXPECT_EQ(errno, ECHILD);
}

TEST(ProcessTreeTest, ASubreaperKillsGenerationsOfOrphans) {
  const pid_t reaper = fork();
  if (reaper == 0) {
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    std::array<int, 2> ready{};
    (void)!pipe(ready.data());
    // A chain of three, each the child of the one before.
    pid_t child = fork();
    if (child == 0) {
      child = fork();
      if (child == 0) {
        child = fork();
        if (child == 0) {
          (void)!write(ready[1], "r", 1);
        }
      }
      while (true) {
        pause();
      }
    }
    char byte = 0;
    (void)!read(ready[0], &byte, 1);
    _exit(KillChildrenExcept({}));
  }
  EXPECT_EQ(DescribeEnd(Reap(reaper)), "exited with status 3");
}

}  // namespace
}  // namespace cpgcert::harness
