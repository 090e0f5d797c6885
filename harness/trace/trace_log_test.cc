#include "harness/trace/trace_log.h"

#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <random>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "gtest/gtest.h"

namespace cpgcert::harness {
namespace {

// What stands before each line: its size, and whether it is whole.
constexpr size_t kHeader = 8;
// What stands before the first one: how much is used.
constexpr size_t kUsed = 8;

std::vector<std::string> Lines(const std::string& text) {
  std::istringstream stream(text);
  std::vector<std::string> lines;
  for (std::string line; std::getline(stream, line);) {
    lines.push_back(line);
  }
  return lines;
}

// Runs `write` in a child, and gives the signal that ended it.
template <typename Write>
int SignalOfChild(const Write& write) {
  const pid_t child = fork();
  if (child == 0) {
    std::signal(SIGSEGV, SIG_DFL);  // which a sanitizer would report instead
    write();
    _exit(0);
  }
  int status = 0;
  waitpid(child, &status, 0);
  return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

// The memory of the only log there is, as whoever writes anywhere finds it.
std::byte* MemoryOfTheLog() {
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);) {
    uintptr_t begin = 0;
    uintptr_t end = 0;
    char dash = 0;
    std::istringstream(line) >> std::hex >> begin >> dash >> end;
    if (line.find(" rw-s ") != std::string::npos &&
        end - begin > TraceLog::kBytesMax) {
      return reinterpret_cast<std::byte*>(begin);  // NOLINT
    }
  }
  return nullptr;
}

TEST(TraceLogTest, LinesComeBackInTheirOrder) {
  TraceLog log;
  ASSERT_TRUE(log.ok());
  EXPECT_EQ(log.Text(), "");
  EXPECT_FALSE(log.incomplete());
  log.Append("first");
  log.Append("");
  log.Append("third");
  EXPECT_EQ(log.Text(), "first\n\nthird\n");
  EXPECT_FALSE(log.incomplete());
}

TEST(TraceLogTest, LinesOfAnyLengthAndOfAnyBytesComeBack) {
  TraceLog log;
  std::string owed;
  for (size_t size = 0; size < 300; ++size) {
    const std::string line(size, static_cast<char>(size));
    log.Append(line);
    owed += line + "\n";
  }
  EXPECT_TRUE(log.Text() == owed);
  EXPECT_FALSE(log.incomplete());
}

TEST(TraceLogTest, NoLineOfSeveralThreadsIsLostOrMixed) {
  constexpr int kThreads = 4;
  constexpr int kLines = 2000;
  TraceLog log;
  std::vector<std::thread> threads;
  for (int thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([&log, thread] {
      for (int i = 0; i < kLines; ++i) {
        log.Append(std::to_string(thread) + " " + std::to_string(i));
      }
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  EXPECT_FALSE(log.incomplete());
  std::vector<int> next(kThreads);
  for (const std::string& line : Lines(log.Text())) {
    std::istringstream stream(line);
    size_t thread = 0;
    int number = -1;
    stream >> thread >> number;
    ASSERT_EQ(next.at(thread)++, number) << line;
  }
  EXPECT_EQ(next, std::vector<int>(kThreads, kLines));
}

TEST(TraceLogTest, WhatAChildWroteSurvivesItsDeath) {
  TraceLog log;
  EXPECT_EQ(SignalOfChild([&log] {
              log.Append("one");
              log.Append("two");
              (void)raise(SIGKILL);
            }),
            SIGKILL);
  EXPECT_EQ(log.Text(), "one\ntwo\n");
  EXPECT_FALSE(log.incomplete());
}

TEST(TraceLogTest, ADeathInTheMiddleOfALineCostsThatLineAndIsSeen) {
  TraceLog log;
  EXPECT_EQ(SignalOfChild([&log] {
              log.Append("whole");
              // The line begins, and its bytes cannot be read.
              log.Append({reinterpret_cast<const char*>(kHeader), 16});
            }),
            SIGSEGV);
  EXPECT_EQ(log.Text(), "whole\n");
  EXPECT_TRUE(log.incomplete());
}

TEST(TraceLogTest, ALineTooManyIsLeftOutAndEveryLaterOne) {
  TraceLog log;
  const std::string half(TraceLog::kBytesMax / 2, 'x');
  log.Append(half);
  EXPECT_FALSE(log.incomplete());
  log.Append(half);  // with its header, more than the other half
  log.Append("late");
  EXPECT_TRUE(log.Text() == half + "\n");
  EXPECT_TRUE(log.incomplete());
}

TEST(TraceLogTest, ALogThatIsJustFullIsComplete) {
  TraceLog log;
  const std::string whole(TraceLog::kBytesMax - kHeader, 'x');
  log.Append(whole);
  EXPECT_TRUE(log.Text() == whole + "\n");
  EXPECT_FALSE(log.incomplete());
  log.Append("");
  EXPECT_TRUE(log.Text() == whole + "\n");
  EXPECT_TRUE(log.incomplete());
}

TEST(TraceLogTest, AnyByteThatIsOverwrittenNeverCrashesTheReader) {
  TraceLog log;
  log.Append("first");
  log.Append("second");
  std::byte* const memory = MemoryOfTheLog();
  ASSERT_NE(memory, nullptr);
  for (size_t at = 0; at < 48; ++at) {
    const std::byte before = memory[at];
    for (const int value : {0, 1, 2, 7, 127, 128, 255}) {
      memory[at] = std::byte(value);
      EXPECT_LE(log.Text().size(), 100) << at;
      (void)log.incomplete();
    }
    memory[at] = before;
  }
  EXPECT_EQ(log.Text(), "first\nsecond\n");
  EXPECT_FALSE(log.incomplete());
}

TEST(TraceLogTest, GarbageEverywhereNeverCrashesTheReader) {
  constexpr size_t kWritten = size_t{1} << 20;
  TraceLog log;
  std::byte* const memory = MemoryOfTheLog();
  ASSERT_NE(memory, nullptr);
  std::mt19937_64 random(20240229);
  for (int round = 0; round < 20; ++round) {
    for (size_t at = 0; at < kWritten; at += sizeof(uint64_t)) {
      const uint64_t word = random();
      std::memcpy(memory + at, &word, sizeof(word));
    }
    // The first header is right, and what it says leads anywhere.
    const uint32_t size = random() % 4096;
    const uint32_t whole = 1;
    std::memcpy(memory + kUsed, &size, sizeof(size));
    std::memcpy(memory + kUsed + sizeof(size), &whole, sizeof(whole));
    EXPECT_GE(log.Text().size(), size);
    EXPECT_TRUE(log.incomplete());
  }
}

TEST(TraceLogTest, LinesWithoutEndAreBoundedByTheMemory) {
  TraceLog log;
  std::byte* const memory = MemoryOfTheLog();
  ASSERT_NE(memory, nullptr);
  const uint64_t used = UINT64_MAX;
  const uint64_t empty_line = uint64_t{1} << 32;
  std::memcpy(memory, &used, sizeof(used));
  for (size_t at = 0; at < TraceLog::kBytesMax; at += kHeader) {
    std::memcpy(memory + kUsed + at, &empty_line, sizeof(empty_line));
  }
  EXPECT_EQ(log.Text().size(), TraceLog::kBytesMax / kHeader);
  EXPECT_TRUE(log.incomplete());
}

TEST(TraceLogTest, ASizeThatLeadsBeyondTheMemoryEndsTheText) {
  TraceLog log;
  log.Append("first");
  log.Append("second");
  std::byte* const memory = MemoryOfTheLog();
  ASSERT_NE(memory, nullptr);
  const uint64_t used = UINT64_MAX;
  std::memcpy(memory, &used, sizeof(used));
  const size_t second = kUsed + kHeader + sizeof("first") + 2;
  for (const uint32_t size : {UINT32_MAX, UINT32_MAX - 3, uint32_t{1} << 31,
                              static_cast<uint32_t>(TraceLog::kBytesMax)}) {
    std::memcpy(memory + second, &size, sizeof(size));
    EXPECT_EQ(log.Text(), "first\n") << size;
    EXPECT_TRUE(log.incomplete());
  }
}

}  // namespace
}  // namespace cpgcert::harness
