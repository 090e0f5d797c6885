#include "harness/scripted_service/poll_loop.h"

#include <poll.h>
#include <unistd.h>

#include <array>

#include "gtest/gtest.h"

namespace cpgcert::harness {
namespace {

class PollLoopTest : public testing::Test {
 protected:
  PollLoopTest() {
    EXPECT_EQ(pipe(first_.data()), 0);
    EXPECT_EQ(pipe(second_.data()), 0);
  }
  ~PollLoopTest() override {
    for (const auto& ends : {first_, second_}) {
      close(ends[0]);
      close(ends[1]);
    }
  }
  static void Write(const std::array<int, 2>& ends) {
    EXPECT_EQ(write(ends[1], "x", 1), 1);
  }

  PollLoop loop_;
  std::array<int, 2> first_{};
  std::array<int, 2> second_{};
  int calls_ = 0;
};

TEST_F(PollLoopTest, CallsTheHandlerOfWhatIsReadable) {
  EXPECT_TRUE(loop_.Add(first_[0], POLLIN, [this](int descriptor, int events) {
    EXPECT_EQ(descriptor, first_[0]);
    EXPECT_EQ(events, POLLIN);
    ++calls_;
    return 0;
  }));
  EXPECT_TRUE(loop_.Add(second_[0], POLLIN, [](int, int) {
    ADD_FAILURE();
    return 0;
  }));
  Write(first_);
  EXPECT_TRUE(loop_.RunOnce());
  EXPECT_TRUE(loop_.RunOnce());
  EXPECT_EQ(calls_, 2);
}

TEST_F(PollLoopTest, WatchesADescriptorOnce) {
  const auto nothing = [](int, int) { return 0; };
  EXPECT_FALSE(loop_.Change(first_[0], POLLIN, nothing));
  EXPECT_FALSE(loop_.Remove(first_[0]));
  EXPECT_TRUE(loop_.Add(first_[0], POLLIN, nothing));
  EXPECT_FALSE(loop_.Add(first_[0], POLLIN, nothing));
  EXPECT_TRUE(loop_.Change(first_[0], POLLOUT, nothing));
  EXPECT_TRUE(loop_.Remove(first_[0]));
}

TEST_F(PollLoopTest, NegativeResultEndsTheWatching) {
  loop_.Add(first_[0], POLLIN, [this](int, int) {
    ++calls_;
    return -1;
  });
  Write(first_);
  EXPECT_TRUE(loop_.RunOnce());
  EXPECT_FALSE(loop_.Remove(first_[0]));
  EXPECT_EQ(calls_, 1);
}

TEST_F(PollLoopTest, HandlerMayRemoveAnotherThatIsReadyToo) {
  const auto remove_both = [this](int, int) {
    ++calls_;
    loop_.Remove(first_[0]);
    loop_.Remove(second_[0]);
    return -1;
  };
  loop_.Add(first_[0], POLLIN, remove_both);
  loop_.Add(second_[0], POLLIN, remove_both);
  Write(first_);
  Write(second_);
  EXPECT_TRUE(loop_.RunOnce());
  EXPECT_EQ(calls_, 1);
}

TEST_F(PollLoopTest, NewWatchOfADescriptorIsNotTheOldOne) {
  loop_.Add(first_[0], POLLIN, [this](int, int) {
    loop_.Remove(first_[0]);
    loop_.Add(first_[0], POLLIN, [](int, int) { return 0; });
    return -1;  // of the first, which is gone
  });
  Write(first_);
  EXPECT_TRUE(loop_.RunOnce());
  EXPECT_TRUE(loop_.Remove(first_[0]));
}

TEST_F(PollLoopTest, JobsRunAfterTheHandlersAndWithoutAWait) {
  loop_.RunLater([this] {
    ++calls_;
    loop_.RunLater([this] { ++calls_; });
  });
  EXPECT_TRUE(loop_.RunOnce());
  EXPECT_EQ(calls_, 1);
  EXPECT_TRUE(loop_.RunOnce());
  EXPECT_EQ(calls_, 2);
}

TEST_F(PollLoopTest, WakesAfterAPause) {
  loop_.WakeAfter(std::chrono::milliseconds(1));
  EXPECT_TRUE(loop_.RunOnce());
}

}  // namespace
}  // namespace cpgcert::harness
