#include "harness/thread_watch.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <csignal>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>

#include "gtest/gtest.h"

namespace cpgcert::harness {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using Kind = CallState::Kind;

// Far more than a busy machine needs; no test waits for it to pass.
constexpr milliseconds kFarAway{60'000};
// The time-outs of waits that end by what the test does.
constexpr int kLongSeconds = 100'000;
constexpr int64_t kHalfOfItNs = int64_t{kLongSeconds / 2} * 1'000'000'000;
constexpr int64_t kAllOfItNs = int64_t{kLongSeconds} * 1'000'000'000;

// A pipe that wakes whoever waits for it.
class WakingPipe {
 public:
  WakingPipe() {
    if (pipe2(ends_.data(), O_CLOEXEC) != 0) {
      abort();
    }
  }
  ~WakingPipe() {
    close(ends_[0]);
    close(ends_[1]);
  }
  WakingPipe(const WakingPipe&) = delete;
  WakingPipe& operator=(const WakingPipe&) = delete;

  int end() const { return ends_[0]; }
  void Wake() { (void)!write(ends_[1], "w", 1); }
  bool Poll(int timeout_ms) {
    pollfd watched{ends_[0], POLLIN, 0};
    return poll(&watched, 1, timeout_ms) > 0;
  }
  char Read() {
    char byte = 0;
    (void)!read(ends_[0], &byte, 1);
    return byte;
  }

 private:
  std::array<int, 2> ends_{};
};

std::atomic<int> interruptions{0};

// Ends a sleep that nothing else ends: the call answers EINTR.
void Interrupt(WatchedCall* call) {
  struct sigaction action{};
  action.sa_handler = [](int) { interruptions.fetch_add(1); };
  sigaction(SIGUSR1, &action, nullptr);
  while (!call->WaitReturned(milliseconds(1))) {
    pthread_kill(call->thread_handle(), SIGUSR1);
  }
}

// Settles a call that sleeps, wakes it, and gives how it slept.
CallState SleepOf(const std::function<void()>& sleep,
                  const std::function<void(WatchedCall* call)>& wake) {
  WatchedCall call(sleep);
  const CallState state = call.Settle(kFarAway);
  EXPECT_EQ(state.kind, Kind::kAsleep) << Describe(state);
  EXPECT_TRUE(call.SleptSince(state));
  EXPECT_FALSE(call.returned());
  wake(&call);
  EXPECT_TRUE(call.WaitReturned(kFarAway));
  EXPECT_FALSE(call.SleptSince(state));
  EXPECT_EQ(call.Settle(kFarAway).kind, Kind::kReturned);
  return state;
}

void ExpectSleep(const CallState& state, const std::string& call) {
  EXPECT_EQ(Describe(state), "asleep in " + call + ", no time-out");
}

void ExpectLongSleep(const CallState& state, const std::string& call) {
  EXPECT_EQ(state.sample.sleep.call, call);
  EXPECT_GT(state.sample.sleep.timeout_ns, kHalfOfItNs);
  EXPECT_LE(state.sample.sleep.timeout_ns, kAllOfItNs);
}

// The sleeps that are watched; no test waits for them.
void SleepOnce(const timespec& time) {
  nanosleep(&time, nullptr);  // sleep: to be watched
}

void SleepUntil(const timespec& time) {
  clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME,  // sleep: to be watched
                  &time, nullptr);
}

// Settles a call that repeats `period` until it is told to end.
CallState RepetitionOf(const std::function<void()>& period) {
  std::atomic<bool> enough{false};
  WatchedCall call([&] {
    while (!enough) {
      period();
    }
  });
  const CallState state = call.Settle(kFarAway);
  EXPECT_FALSE(call.returned());
  enough = true;
  EXPECT_TRUE(call.WaitReturned(kFarAway));
  return state;
}

TEST(ThreadWatchTest, ACallThatReturnedHasReturned) {
  bool ran = false;
  WatchedCall call([&] { ran = true; });
  const CallState state = call.Settle(kFarAway);
  EXPECT_EQ(state.kind, Kind::kReturned);
  EXPECT_EQ(Describe(state), "returned");
  EXPECT_GT(state.proof_ns, 0);
  EXPECT_TRUE(call.returned());
  EXPECT_TRUE(ran);
}

TEST(ThreadWatchTest, APollWithoutTimeoutIsAsleep) {
  WakingPipe pipe;
  ExpectSleep(
      SleepOf([&] { pipe.Poll(-1); }, [&](WatchedCall*) { pipe.Wake(); }),
      "poll");
}

TEST(ThreadWatchTest, AReadOfAnEmptyPipeIsAsleep) {
  WakingPipe pipe;
  ExpectSleep(SleepOf([&] { pipe.Read(); }, [&](WatchedCall*) { pipe.Wake(); }),
              "read");
}

TEST(ThreadWatchTest, AConditionVariableIsAFutex) {
  std::mutex mutex;
  std::condition_variable changed;
  bool done = false;
  ExpectSleep(SleepOf(
                  [&] {
                    std::unique_lock lock(mutex);
                    changed.wait(lock, [&] { return done; });
                  },
                  [&](WatchedCall*) {
                    const std::scoped_lock lock(mutex);
                    done = true;
                    changed.notify_all();
                  }),
              "futex");
}

TEST(ThreadWatchTest, ALockThatIsTakenIsAFutex) {
  std::mutex mutex;
  mutex.lock();
  ExpectSleep(SleepOf([&] { const std::scoped_lock lock(mutex); },
                      [&](WatchedCall*) { mutex.unlock(); }),
              "futex");
}

TEST(ThreadWatchTest, APauseIsAsleep) {
  ExpectSleep(SleepOf([] { pause(); }, Interrupt), "pause");
  EXPECT_GT(interruptions, 0);
}

TEST(ThreadWatchTest, ALongPollIsAsleepWithItsTimeout) {
  WakingPipe pipe;
  const CallState state = SleepOf([&] { pipe.Poll(kLongSeconds * 1000); },
                                  [&](WatchedCall*) { pipe.Wake(); });
  EXPECT_EQ(Describe(state), "asleep in poll, time-out 1e+08 ms");
  EXPECT_EQ(state.sample.sleep.timeout_ns, kAllOfItNs);
}

TEST(ThreadWatchTest, LongWaitsForADescriptorAreAsleepWithTheirTimeout) {
  WakingPipe pipe;
  const auto wake = [&](WatchedCall*) { pipe.Wake(); };
  const int group = epoll_create1(EPOLL_CLOEXEC);
  epoll_event event{EPOLLIN, {}};
  epoll_ctl(group, EPOLL_CTL_ADD, pipe.end(), &event);
  ExpectLongSleep(SleepOf(
                      [&] {
                        epoll_event ready{};
                        epoll_wait(group, &ready, 1, kLongSeconds * 1000);
                      },
                      wake),
                  "epoll_wait");
  close(group);
  pipe.Read();
  const CallState selecting = SleepOf(
      [&] {
        fd_set set;
        FD_ZERO(&set);
        FD_SET(pipe.end(), &set);
        timeval limit{kLongSeconds, 0};
        select(pipe.end() + 1, &set, nullptr, nullptr, &limit);
      },
      wake);
  EXPECT_TRUE(selecting.sample.sleep.call.ends_with("select") ||
              selecting.sample.sleep.call == "pselect6");
  EXPECT_GT(selecting.sample.sleep.timeout_ns, kHalfOfItNs);
  pipe.Read();
  ExpectLongSleep(SleepOf(
                      [&] {
                        pollfd watched{pipe.end(), POLLIN, 0};
                        const timespec limit{kLongSeconds, 0};
                        ppoll(&watched, 1, &limit, nullptr);
                      },
                      wake),
                  "ppoll");
}

TEST(ThreadWatchTest, ALongNanosleepIsAsleepWithItsTimeout) {
  const timespec time{kLongSeconds, 0};
  const CallState state = SleepOf([&] { SleepOnce(time); }, Interrupt);
  EXPECT_EQ(state.sample.sleep.call, "clock_nanosleep");
  EXPECT_EQ(state.sample.sleep.timeout_ns, kAllOfItNs);
}

TEST(ThreadWatchTest, AnAbsoluteTimeoutIsGivenAsTheRestOfIt) {
  std::mutex mutex;
  std::condition_variable changed;
  bool done = false;
  const auto wake = [&](WatchedCall*) {
    const std::scoped_lock lock(mutex);
    done = true;
    changed.notify_all();
  };
  const auto wait_until = [&](auto now) {
    done = false;
    return [&, now] {
      std::unique_lock lock(mutex);
      changed.wait_until(lock, now + seconds(kLongSeconds),
                         [&] { return done; });
    };
  };
  ExpectLongSleep(SleepOf(wait_until(std::chrono::steady_clock::now()), wake),
                  "futex");
  ExpectLongSleep(SleepOf(wait_until(std::chrono::system_clock::now()), wake),
                  "futex");
  timespec end{};
  clock_gettime(CLOCK_MONOTONIC, &end);
  end.tv_sec += kLongSeconds;
  ExpectLongSleep(SleepOf([&] { SleepUntil(end); }, Interrupt),
                  "clock_nanosleep");
}

TEST(ThreadWatchTest, ALoopWithoutASleepIsSpinning) {
  const CallState state = RepetitionOf([] {});
  EXPECT_EQ(state.kind, Kind::kSpinning);
  EXPECT_EQ(Describe(state),
            "spinning: uses the processor and does not return");
  EXPECT_GT(state.sample.processor_ns, WatchedCall::kSpinProcessorNs);
}

TEST(ThreadWatchTest, ALoopThatYieldsOrLooksIsSpinning) {
  EXPECT_EQ(RepetitionOf([] { sched_yield(); }).kind, Kind::kSpinning);
  EXPECT_EQ(RepetitionOf([] { poll(nullptr, 0, 0); }).kind, Kind::kSpinning);
}

TEST(ThreadWatchTest, SleepingForAWhileAgainAndAgainIsPolling) {
  const CallState state = RepetitionOf([] { SleepOnce({0, 1'000'000}); });
  EXPECT_EQ(Describe(state),
            "polling: wakes again and again from clock_nanosleep, time-out "
            "1 ms");
  EXPECT_EQ(RepetitionOf([] { SleepOnce({0, 5'000'000}); }).kind,
            Kind::kPolling);
}

TEST(ThreadWatchTest, APollOfNothingAgainAndAgainIsPolling) {
  const CallState state = RepetitionOf([] { poll(nullptr, 0, 50); });
  EXPECT_EQ(Describe(state),
            "polling: wakes again and again from poll, time-out 50 ms");
}

TEST(ThreadWatchTest, AConditionVariableWithAShortTimeoutIsPolling) {
  std::mutex mutex;
  std::condition_variable changed;
  const CallState state = RepetitionOf([&] {
    std::unique_lock lock(mutex);
    changed.wait_for(lock, milliseconds(20));
  });
  EXPECT_EQ(state.kind, Kind::kPolling) << Describe(state);
  EXPECT_EQ(state.sample.sleep.call, "futex");
  EXPECT_LE(state.sample.sleep.timeout_ns, 20'000'000);
}

TEST(ThreadWatchTest, AFewShortSleepsBeforeALongOneAreNoPolling) {
  for (int round = 0; round < 30; ++round) {
    WakingPipe pipe;
    const CallState state = SleepOf(
        [&] {
          for (int i = 1; i < WatchedCall::kShortSleepsMax; ++i) {
            poll(nullptr, 0, 1);
          }
          pipe.Poll(-1);
        },
        [&](WatchedCall*) { pipe.Wake(); });
    ExpectSleep(state, "poll");
  }
}

TEST(ThreadWatchTest, AThreadThatWokeHasNotSleptSince) {
  WakingPipe pipe;
  std::atomic<int> wakes{0};
  std::atomic<bool> enough{false};
  WatchedCall call([&] {
    while (!enough) {
      pipe.Read();
      wakes.fetch_add(1);
      wakes.notify_all();
    }
  });
  CallState before = call.Settle(kFarAway);
  for (int i = 0; i < 20; ++i) {
    ASSERT_TRUE(call.SleptSince(before));
    pipe.Wake();
    wakes.wait(i);  // until the thread has run
    EXPECT_FALSE(call.SleptSince(before));
    // Asleep again, in the same call, which is another sleep.
    const CallState after = call.Settle(kFarAway);
    ASSERT_EQ(after.kind, Kind::kAsleep) << Describe(after);
    EXPECT_EQ(Describe(after), Describe(before));
    EXPECT_FALSE(call.SleptSince(before));
    before = after;
  }
  enough = true;
  pipe.Wake();
  EXPECT_TRUE(call.WaitReturned(kFarAway));
}

TEST(ThreadWatchTest, ASignalThatIsHandledIsAWakeUp) {
  struct sigaction action{};
  action.sa_handler = [](int) { interruptions.fetch_add(1); };
  action.sa_flags = SA_RESTART;
  sigaction(SIGUSR2, &action, nullptr);
  WakingPipe pipe;
  WatchedCall call([&] { pipe.Read(); });
  const CallState before = call.Settle(kFarAway);
  ASSERT_TRUE(call.SleptSince(before));
  const int handled = interruptions;
  pthread_kill(call.thread_handle(), SIGUSR2);
  while (interruptions == handled) {
    sched_yield();
  }
  EXPECT_FALSE(call.SleptSince(before));
  EXPECT_EQ(Describe(call.Settle(kFarAway)), "asleep in read, no time-out");
  EXPECT_FALSE(call.SleptSince(before));
  pipe.Wake();
  EXPECT_TRUE(call.WaitReturned(kFarAway));
}

TEST(ThreadWatchTest, ADeadlineThatPassesLeavesTheCallUndecided) {
  std::atomic<bool> enough{false};
  WatchedCall call([&] {
    while (!enough) {
    }
  });
  const CallState state = call.Settle(milliseconds(0));
  EXPECT_EQ(state.kind, Kind::kUndecided);
  EXPECT_EQ(Describe(state),
            "neither returned nor at rest before the deadline");
  EXPECT_FALSE(call.WaitReturned(milliseconds(0)));
  enough = true;
  EXPECT_TRUE(call.WaitReturned(kFarAway));
}

TEST(ThreadWatchTest, AThreadThatEndsWithinTheCallHasEnded) {
  WatchedCall call([] { pthread_exit(nullptr); });
  const CallState state = call.Settle(kFarAway);
  EXPECT_EQ(state.kind, Kind::kEnded);
  EXPECT_EQ(Describe(state), "not returned, and its thread has ended");
  EXPECT_FALSE(call.returned());
  EXPECT_FALSE(call.SleptSince(state));
}

TEST(ThreadWatchTest, ACallThatIsAbandonedIsStillWatched) {
  WakingPipe pipe;
  // Never deleted: the thread may be in it until the process ends.
  static auto* call = new WatchedCall([&] { pipe.Read(); });
  call->Abandon();
  const CallState state = call->Settle(kFarAway);
  EXPECT_EQ(state.kind, Kind::kAsleep);
  EXPECT_TRUE(call->SleptSince(state));
  pipe.Wake();
  EXPECT_TRUE(call->WaitReturned(kFarAway));
}

}  // namespace
}  // namespace cpgcert::harness
