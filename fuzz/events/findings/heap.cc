#include "fuzz/events/findings/heap.h"

#include <malloc.h>

#include <array>
#include <cstdlib>
#include <cstring>

// Of the sanitizers, which have a heap of their own.
extern "C" __attribute__((weak)) size_t
__sanitizer_get_current_allocated_bytes();

namespace cpgcert::fuzz::heap {

namespace {

// Of glibc's cache of freed blocks: as many of each size, up to this one.
constexpr size_t kCached = 7;
constexpr size_t kCachedSizeMax = 1032;
constexpr size_t kBlockSizes = 16;
constexpr size_t kLarge = size_t{128} << 10;

void* Filled(size_t size, unsigned char byte) {
  void* const block = std::malloc(size);
  if (block != nullptr) std::memset(block, byte, size);
  // The compiler must not see that nobody reads it.
  asm volatile("" : : "r"(block) : "memory");
  return block;
}

}  // namespace

void LeaveBehind(unsigned char byte) {
  if (__sanitizer_get_current_allocated_bytes != nullptr) return;
  // Less than what glibc maps by itself: that would be gone.
  std::free(Filled(kLarge - 1024, byte));
  std::array<void*, kCached> blocks{};
  for (size_t size = 24; size <= kCachedSizeMax; size += kBlockSizes) {
    for (void*& block : blocks) block = Filled(size, byte);
    for (void* const block : blocks) std::free(block);
  }
}

size_t InUse() {
  if (__sanitizer_get_current_allocated_bytes != nullptr) {
    return __sanitizer_get_current_allocated_bytes();
  }
  const struct mallinfo2 info = mallinfo2();
  return info.uordblks + info.hblkhd;
}

}  // namespace cpgcert::fuzz::heap
