#include "fuzz/events/findings/heap.h"

#include <cstdlib>
#include <cstring>

#include "gtest/gtest.h"

namespace cpgcert::fuzz::heap {
namespace {

void* Allocate(size_t size) {
  void* const block = std::malloc(size);
  // The compiler must not do without it.
  asm volatile("" : : "r"(block) : "memory");
  return block;
}

// Small ones are those that glibc counts as in use when they are free.
TEST(HeapTest, WhatIsKeptIsSeenAndWhatIsFreedIsNot) {
  for (const size_t size : {1, 24, 100, 1000, 5000, 200000}) {
    LeaveBehind(0);
    const size_t before = InUse();
    std::free(Allocate(size));
    LeaveBehind(0);
    EXPECT_EQ(InUse(), before) << size;
    void* const kept = Allocate(size);
    LeaveBehind(0);
    EXPECT_GE(InUse(), before + size) << size;
    std::free(kept);
  }
}

TEST(HeapTest, WhatIsAllocatedHasWhatWasLeftBehind) {
  constexpr size_t kPointers = 16;  // that the heap has put there
  for (const size_t size : {24, 100, 1000, 5000}) {
    for (const unsigned char byte : {0x11, 0x22}) {
      LeaveBehind(byte);
      auto* const block = static_cast<unsigned char*>(Allocate(size));
      EXPECT_EQ(block[size - 1], byte) << size;
      EXPECT_EQ(block[kPointers], byte) << size;
      std::free(block);
    }
  }
}

}  // namespace
}  // namespace cpgcert::fuzz::heap
