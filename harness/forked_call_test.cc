#include "harness/forked_call.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <filesystem>
#include <iterator>
#include <stdexcept>
#include <string>

#include "gtest/gtest.h"

namespace cpgcert::harness {
namespace {

using std::chrono::milliseconds;

// No test waits for it to pass.
constexpr milliseconds kFarAway{60'000};
// Of the calls that must reach it.
constexpr milliseconds kShortDeadline{100};

[[noreturn]] void SleepForever() {
  while (true) {
    pause();
  }
}

void ExpectEnd(const std::function<void()>& attack, const std::string& end) {
  const ForkedCallResult result = RunInForkedChild(
      [&] {
        attack();
        return "survived";
      },
      kFarAway);
  EXPECT_FALSE(result.returned);
  EXPECT_EQ(result.text, "");
  EXPECT_EQ(result.end, end);
}

int DescriptorCount() {
  namespace fs = std::filesystem;
  return static_cast<int>(std::distance(fs::directory_iterator("/proc/self/fd"),
                                        fs::directory_iterator()));
}

TEST(ForkedCallTest, TheTextComesBack) {
  for (const std::string text : {"CS_ERR_BAD_HANDLE", "", "\n", "two\nlines"}) {
    const ForkedCallResult result =
        RunInForkedChild([&] { return text; }, kFarAway);
    EXPECT_TRUE(result.returned);
    EXPECT_EQ(result.text, text);
    EXPECT_EQ(result.end, "");
  }
}

TEST(ForkedCallTest, ALongTextIsCut) {
  const std::string text(1 << 20, 'x');
  const ForkedCallResult result =
      RunInForkedChild([&] { return text; }, kFarAway);
  EXPECT_TRUE(result.returned);
  EXPECT_GE(result.text.size(), 4000U);
  EXPECT_LE(result.text.size(), 4096U);
  EXPECT_EQ(result.text, std::string(result.text.size(), 'x'));
}

TEST(ForkedCallTest, TheCallRunsInAChildThatKeepsWhatItInherited) {
  std::array<int, 2> ends{};
  ASSERT_EQ(pipe(ends.data()), 0);
  int ours = 1;
  const pid_t parent = getpid();
  const ForkedCallResult result = RunInForkedChild(
      [&] {
        (void)!write(ends[1], "i", 1);
        ++ours;
        return std::to_string(ours) + (getppid() == parent ? " child" : "");
      },
      kFarAway);
  EXPECT_EQ(result.text, "2 child");
  EXPECT_EQ(ours, 1);
  char byte = 0;
  EXPECT_EQ(read(ends[0], &byte, 1), 1);
  EXPECT_EQ(byte, 'i');
  close(ends[0]);
  close(ends[1]);
}

TEST(ForkedCallTest, AChildThatDoesNotComeBackSaysHowItEnded) {
  ExpectEnd([] { _exit(0); }, "exited with status 0");
  ExpectEnd([] { _exit(9); }, "exited with status 9");
  ExpectEnd([] { raise(SIGKILL); }, "killed by signal 9 (SIGKILL)");
  ExpectEnd(
      [] {
        signal(SIGSEGV, SIG_DFL);
        raise(SIGSEGV);
      },
      "killed by signal 11 (SIGSEGV)");
}

TEST(ForkedCallTest, AnExceptionEndsTheChildOnly) {
  ExpectEnd(
      [] {
        signal(SIGABRT, SIG_DFL);
        throw std::runtime_error("thrown in the child");
      },
      "killed by signal 6 (SIGABRT)");
}

TEST(ForkedCallTest, AGrandchildDoesNotHideTheEndOfTheChild) {
  std::array<int, 2> ends{};
  ASSERT_EQ(pipe2(ends.data(), O_CLOEXEC), 0);
  ExpectEnd(
      [&] {
        const pid_t grandchild = fork();  // holds every descriptor
        if (grandchild == 0) {
          SleepForever();
        }
        (void)!write(ends[1], &grandchild, sizeof(grandchild));
        raise(SIGKILL);
      },
      "killed by signal 9 (SIGKILL)");
  pid_t grandchild = -1;
  ASSERT_EQ(read(ends[0], &grandchild, sizeof(grandchild)),
            ssize_t{sizeof(grandchild)});
  kill(grandchild, SIGKILL);
  close(ends[0]);
  close(ends[1]);
}

TEST(ForkedCallTest, AChildThatHangsIsKilledAtTheDeadline) {
  const ForkedCallResult result =
      RunInForkedChild([]() -> std::string { SleepForever(); }, kShortDeadline);
  EXPECT_FALSE(result.returned);
  EXPECT_EQ(result.end, "still running at the deadline");
  EXPECT_EQ(waitpid(-1, nullptr, WNOHANG), -1);
  EXPECT_EQ(errno, ECHILD);
}

TEST(ForkedCallTest, NoChildAndNoDescriptorIsLeft) {
  const int descriptors = DescriptorCount();
  for (int i = 0; i < 20; ++i) {
    EXPECT_TRUE(RunInForkedChild([] { return "text"; }, kFarAway).returned);
    ExpectEnd([] { _exit(1); }, "exited with status 1");
  }
  EXPECT_EQ(DescriptorCount(), descriptors);
  EXPECT_EQ(waitpid(-1, nullptr, WNOHANG), -1);
  EXPECT_EQ(errno, ECHILD);
}

}  // namespace
}  // namespace cpgcert::harness
