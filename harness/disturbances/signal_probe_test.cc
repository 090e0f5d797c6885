#include "harness/disturbances/signal_probe.h"

#include <poll.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <functional>
#include <thread>

#include "gtest/gtest.h"

namespace cpgcert::harness {
namespace {

// A thread that sits in read(2) until Release(), and what read answered.
class Reader {
 public:
  Reader() {
    if (pipe(ends_.data()) != 0) {
      abort();
    }
    thread_ = std::thread([this] {
      char byte = 0;
      while (!released_) {
        if (read(ends_[0], &byte, 1) < 0 && errno == EINTR) {
          interrupted_.fetch_add(1);
        }
      }
    });
  }
  ~Reader() {
    Release();
    close(ends_[0]);
    close(ends_[1]);
  }
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;

  void Release() {
    released_ = true;
    (void)!write(ends_[1], "r", 1);
    if (thread_.joinable()) {
      thread_.join();
    }
  }
  pthread_t handle() { return thread_.native_handle(); }
  int interrupted() const { return interrupted_; }

 private:
  std::array<int, 2> ends_{};
  std::atomic<bool> released_{false};
  std::atomic<int> interrupted_{0};
  std::thread thread_;
};

TEST(SignalProbeTest, ASignalThatWasSentHasBeenHandled) {
  Reader reader;
  SignalProbe probe(true);
  for (int i = 0; i < 100; ++i) {
    const int before = SignalProbe::Handled();
    ASSERT_TRUE(probe.Send(reader.handle()));
    ASSERT_GT(SignalProbe::Handled(), before);
  }
}

TEST(SignalProbeTest, ARestartingProbeInterruptsNoRead) {
  Reader reader;
  SignalProbe probe(true);
  for (int i = 0; i < 100; ++i) {
    ASSERT_TRUE(probe.Send(reader.handle()));
  }
  reader.Release();
  EXPECT_EQ(reader.interrupted(), 0);
}

TEST(SignalProbeTest, AProbeThatDoesNotRestartInterruptsAReadInTheEnd) {
  Reader reader;
  SignalProbe probe(false);
  while (reader.interrupted() == 0) {
    ASSERT_TRUE(probe.Send(reader.handle()));
  }
  EXPECT_GT(reader.interrupted(), 0);
}

TEST(SignalProbeTest, ItIsTheThreadThatRunsTheHandler) {
  SignalProbe probe(true);
  const int before = SignalProbe::Handled();
  EXPECT_TRUE(probe.Send(pthread_self()));
  EXPECT_EQ(SignalProbe::Handled(), before + 1);
}

TEST(SignalProbeTest, AStormGoesOnUntilItIsStopped) {
  Reader reader;
  SignalProbe probe(true);
  const int before = SignalProbe::Handled();
  probe.StartStorm(reader.handle());
  while (SignalProbe::Handled() < before + 1000) {
    std::this_thread::yield();
  }
  probe.StopStorm();
  // The last signal may be handled a little later, once.
  ASSERT_TRUE(probe.Send(reader.handle()));
  const int after = SignalProbe::Handled();
  reader.Release();
  EXPECT_LE(SignalProbe::Handled(), after + 1);
}

TEST(SignalProbeTest, AProbeServesAfterAStormAndForAnother) {
  Reader reader;
  SignalProbe probe(true);
  for (int i = 0; i < 20; ++i) {
    const int before = SignalProbe::Handled();
    probe.StartStorm(reader.handle());
    while (SignalProbe::Handled() == before) {
      std::this_thread::yield();
    }
    probe.StopStorm();
    ASSERT_TRUE(probe.Send(reader.handle()));
  }
}

TEST(SignalProbeTest, AStormMayBeStoppedTwiceOrNeverStarted) {
  SignalProbe never(true);
  never.StopStorm();
  Reader reader;
  SignalProbe probe(true);
  probe.StartStorm(reader.handle());
  probe.StopStorm();
  probe.StopStorm();
  EXPECT_TRUE(probe.Send(reader.handle()));
}

TEST(SignalProbeTest, AStormUponAThreadThatBlocksTheSignalCanBeStopped) {
  std::array<int, 2> ready{};
  std::array<int, 2> release{};
  ASSERT_EQ(pipe(ready.data()), 0);
  ASSERT_EQ(pipe(release.data()), 0);
  std::thread deaf([&] {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, nullptr);
    char byte = 0;
    (void)!write(ready[1], "r", 1);
    (void)!read(release[0], &byte, 1);
  });
  char byte = 0;
  ASSERT_EQ(read(ready[0], &byte, 1), 1);
  SignalProbe probe(true);
  const int before = SignalProbe::Handled();
  probe.StartStorm(deaf.native_handle());
  probe.StopStorm();
  EXPECT_EQ(SignalProbe::Handled(), before);
  (void)!write(release[1], "r", 1);
  deaf.join();
  for (const int end : {ready[0], ready[1], release[0], release[1]}) {
    close(end);
  }
}

}  // namespace
}  // namespace cpgcert::harness
