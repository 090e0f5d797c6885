#include "harness/disturbances/allocation_faults.h"

#include <dlfcn.h>
#include <gtest/gtest.h>
#include <sys/mman.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace cpgcert::harness {
namespace {

// The compiler must neither see through a request nor leave it out.
template <typename Value>
Value Opaque(Value value) {
  asm volatile("" : "+r"(value) : : "memory");
  return value;
}

struct Request {
  const char* name;
  // Makes one request and gives it back; true if it was granted.
  std::function<bool()> make;
};

bool GivenBack(void* block) {
  const bool granted = Opaque(block) != nullptr;
  free(block);
  return granted;
}

// malloc(3) and its like, one by one.
std::vector<Request> Requests() {
  return {
      {"malloc", [] { return GivenBack(malloc(Opaque(10))); }},
      {"calloc", [] { return GivenBack(calloc(Opaque(2), 10)); }},
      {"realloc", [] { return GivenBack(realloc(nullptr, Opaque(10))); }},
      {"strdup", [] { return GivenBack(strdup(Opaque("text"))); }},
      {"aligned_alloc",
       [] { return GivenBack(aligned_alloc(64, Opaque(128))); }},
      {"posix_memalign",
       [] {
         void* block = nullptr;
         errno = posix_memalign(&block, 64, Opaque(100));
         return errno == 0 && GivenBack(block);
       }},
      {"mmap",
       [] {
         void* pages = mmap(nullptr, 10000, PROT_READ,
                            MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
         return pages != MAP_FAILED && munmap(pages, 10000) == 0;
       }},
  };
}

class AllocationFaultsTest : public testing::Test {
 protected:
  void SetUp() override {
    if (!AllocationWatch::Available()) {
      GTEST_SKIP() << "a sanitizer has these functions";
    }
  }
};

TEST_F(AllocationFaultsTest, EachKindIsCountedAndCanFail) {
  for (const Request& request : Requests()) {
    AllocationWatch watch;
    const bool first = request.make();
    const int requests = watch.requests();
    watch.FailRequest(2);
    const bool granted = request.make();
    errno = 0;
    const bool refused = !request.make();
    const int error = errno;
    const bool fired = watch.fired();
    const bool granted_again = request.make();
    const int64_t blocks = watch.blocks();
    const int64_t mapped = watch.mapped_bytes();
    watch.FailRequest(0);
    EXPECT_TRUE(first && granted && refused && fired && granted_again)
        << request.name;
    EXPECT_EQ(requests, 1) << request.name;
    EXPECT_EQ(error, ENOMEM) << request.name;
    EXPECT_EQ(blocks, 0) << request.name;
    EXPECT_EQ(mapped, 0) << request.name;
  }
}

TEST_F(AllocationFaultsTest, WhatIsKeptShows) {
  AllocationWatch watch;
  void* block = Opaque(malloc(100));
  block = Opaque(realloc(block, 200000));
  const int64_t blocks = watch.blocks();
  void* pages =
      mmap(nullptr, 4097, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  const int64_t mapped = watch.mapped_bytes();
  free(block);
  munmap(pages, 4097);
  EXPECT_EQ(blocks, 1);
  EXPECT_EQ(mapped, 8192);
  EXPECT_EQ(watch.mapped_bytes(), 0);
}

TEST_F(AllocationFaultsTest, NothingFailsWithoutBeingAskedTo) {
  AllocationWatch watch;
  for (int i = 0; i < 100; ++i) {
    for (const Request& request : Requests()) {
      EXPECT_TRUE(request.make()) << request.name;
    }
  }
  EXPECT_FALSE(watch.fired());
}

TEST_F(AllocationFaultsTest, WithoutAWatchNothingFails) {
  {
    AllocationWatch watch;
    watch.FailRequest(1);
  }
  for (const Request& request : Requests()) {
    EXPECT_TRUE(request.make()) << request.name;
  }
}

TEST_F(AllocationFaultsTest, OtherThreadsAreLeftAlone) {
  bool granted = false;
  bool go = false;
  std::mutex mutex;
  std::thread other([&] {
    while (true) {
      const std::scoped_lock lock(mutex);
      if (go) {
        granted = GivenBack(malloc(Opaque(10)));
        return;
      }
    }
  });
  AllocationWatch watch;
  watch.FailRequest(1);
  {
    const std::scoped_lock lock(mutex);
    go = true;
  }
  other.join();
  EXPECT_TRUE(granted);
  EXPECT_EQ(watch.requests(), 0);
}

TEST_F(AllocationFaultsTest, AThreadPausesAtTheChosenRequest) {
  int paused = 0;
  bool granted = false;
  AllocationWatch watch;
  const std::function<void()> pause = [&] {
    ++paused;
    granted = GivenBack(malloc(Opaque(10)));  // not counted
  };
  watch.PauseAtRequest(2, pause);
  const bool first = GivenBack(malloc(Opaque(10)));
  const int paused_after_first = paused;
  const bool second = GivenBack(malloc(Opaque(10)));
  const bool third = GivenBack(malloc(Opaque(10)));
  const int requests = watch.requests();
  watch.FailRequest(1);
  const bool fourth = GivenBack(malloc(Opaque(10)));
  EXPECT_TRUE(first && second && third && granted);
  EXPECT_EQ(paused_after_first, 0);
  EXPECT_EQ(paused, 1);
  EXPECT_EQ(requests, 3);
  EXPECT_FALSE(fourth);
}

// The point of it all: a library that is opened at run time.
TEST_F(AllocationFaultsTest, RequestsOfALibraryFail) {
  void* library = dlopen("libqb.so.100", RTLD_NOW | RTLD_LOCAL);
  ASSERT_NE(library, nullptr) << dlerror();
  auto* create = reinterpret_cast<void* (*)(size_t, size_t)>(
      dlsym(library, "qb_array_create"));
  auto* destroy =
      reinterpret_cast<void (*)(void*)>(dlsym(library, "qb_array_free"));
  ASSERT_TRUE(create != nullptr && destroy != nullptr);
  AllocationWatch watch;
  destroy(create(16, 16));
  const int requests = watch.requests();
  const int64_t blocks = watch.blocks();
  EXPECT_GT(requests, 0);
  EXPECT_EQ(blocks, 0);
  watch.FailRequest(1);
  void* refused = create(16, 16);
  const bool fired = watch.fired();
  EXPECT_EQ(refused, nullptr);
  EXPECT_TRUE(fired);
}

}  // namespace
}  // namespace cpgcert::harness
