#include "harness/disturbances/resource_limits.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include "harness/forked_call.h"
#include "harness/inside_worker.h"

namespace cpgcert::harness {
namespace {

// Opens descriptors until that fails; how many, and then closes them.
int CanOpen() {
  std::vector<int> opened;
  for (int file = open("/dev/null", O_RDONLY); file >= 0;
       file = open("/dev/null", O_RDONLY)) {
    opened.push_back(file);
    if (opened.size() > 5000) {
      break;
    }
  }
  for (const int file : opened) {
    close(file);
  }
  return static_cast<int>(opened.size());
}

TEST(DescriptorLimitTest, LeavesExactlySoMany) {
  for (const int left : {0, 1, 2, 7}) {
    const DescriptorLimit limit(left);
    ASSERT_EQ(limit.error(), "");
    EXPECT_EQ(CanOpen(), left);
  }
}

TEST(DescriptorLimitTest, CountsGapsBetweenOpenOnes) {
  std::array<int, 3> files{};
  for (int& file : files) {
    file = open("/dev/null", O_RDONLY);
  }
  close(files[1]);
  {
    const DescriptorLimit none(0);
    EXPECT_EQ(CanOpen(), 0);
  }
  {
    const DescriptorLimit two(2);
    EXPECT_EQ(CanOpen(), 2);
  }
  close(files[0]);
  close(files[2]);
}

TEST(DescriptorLimitTest, EndsWithTheObject) {
  rlimit before{};
  getrlimit(RLIMIT_NOFILE, &before);
  {
    const DescriptorLimit limit(0);
  }
  rlimit after{};
  getrlimit(RLIMIT_NOFILE, &after);
  EXPECT_EQ(after.rlim_cur, before.rlim_cur);
}

// How many bytes can be written to a file in /dev/shm, 16 MiB at most.
size_t CanWrite() {
  const std::vector<char> page(4096, 'x');
  const char* name = "/dev/shm/written";
  const int file = open(name, O_CREAT | O_RDWR, 0600);
  size_t size = 0;
  while (size < (size_t{16} << 20)) {
    const ssize_t written = write(file, page.data(), page.size());
    if (written <= 0) {
      break;
    }
    size += written;
  }
  close(file);
  unlink(name);
  return size;
}

TEST(SharedMemorySizeTest, LeavesExactlySoMuch) {
  InsideWorker([] {
    SharedMemorySize size;
    ASSERT_EQ(size.error(), "");
    const int file = open("/dev/shm/something", O_CREAT | O_RDWR, 0600);
    ASSERT_EQ(ftruncate(file, 4096), 0);
    ASSERT_EQ(write(file, "x", 1), 1);
    for (const size_t left : {size_t{0}, size_t{4096}, size_t{1} << 20}) {
      EXPECT_EQ(size.Leave(left), "");
      EXPECT_EQ(CanWrite(), left);
      EXPECT_EQ(size.Restore(), "");
    }
    EXPECT_EQ(CanWrite(), size_t{16} << 20);
  });
}

TEST(SharedMemorySizeTest, AnotherProcessMayRestoreIt) {
  InsideWorker([] {
    SharedMemorySize size;
    const int file = open("/dev/shm/something", O_CREAT | O_RDWR, 0600);
    ASSERT_EQ(write(file, "x", 1), 1);
    const ForkedCallResult child =
        RunInForkedChild([&size] { return size.Leave(0); }, kFarAway);
    EXPECT_TRUE(child.returned);
    EXPECT_EQ(child.text, "");
    EXPECT_EQ(CanWrite(), 0U);
    size.Restore();
    EXPECT_EQ(CanWrite(), size_t{16} << 20);
  });
}

TEST(SharedMemorySizeTest, LeavesAllOthersAlone) {
  SharedMemorySize size;
  EXPECT_NE(size.error(), "");
  EXPECT_NE(size.Leave(0), "");
  EXPECT_NE(size.Restore(), "");
}

// Touches so many bytes of stack.
__attribute__((noinline)) void UseStack(size_t bytes) {
  auto* block = static_cast<volatile char*>(__builtin_alloca(bytes));
  for (size_t at = 0; at < bytes; at += 1024) {
    block[bytes - 1 - at] = 1;
  }
}

TEST(RunOnStackTest, RunsInAThreadOfItsOwn) {
  std::thread::id thread = std::this_thread::get_id();
  EXPECT_EQ(RunOnStack(size_t{256} << 10,
                       [&thread] { thread = std::this_thread::get_id(); }),
            "");
  EXPECT_NE(thread, std::this_thread::get_id());
}

TEST(RunOnStackTest, ALargerStackHoldsMore) {
  const auto use = [](size_t stack, size_t used) {
    return RunInForkedChild(
               [&] { return RunOnStack(stack, [&used] { UseStack(used); }); },
               kFarAway)
        .returned;
  };
  EXPECT_TRUE(use(size_t{2} << 20, size_t{1} << 20));
  EXPECT_FALSE(use(size_t{256} << 10, size_t{1} << 20));
}

TEST(RunOnStackTest, RefusesAnImpossibleStack) {
  EXPECT_NE(RunOnStack(1, [] {}), "");
}

}  // namespace
}  // namespace cpgcert::harness
