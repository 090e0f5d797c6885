#include "fuzz/calls/footprint.h"

#include <fcntl.h>
#include <malloc.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cstdlib>

// Of the sanitizers, which have a heap of their own.
extern "C" __attribute__((weak)) size_t
__sanitizer_get_current_allocated_bytes();

// Of the sanitizers, which keep freed memory, and map more.
extern "C" __attribute__((weak)) size_t
__sanitizer_get_current_allocated_bytes();

namespace cpgcert::fuzz {

Footprint FootprintNow() {
  Footprint now;
  std::array<pollfd, 64> all{};
  for (size_t i = 0; i < all.size(); ++i) {
    all.at(i).fd = static_cast<int>(i);
  }
  if (poll(all.data(), all.size(), 0) >= 0) {
    for (size_t i = 0; i < all.size(); ++i) {
      now.descriptors[i] = (all.at(i).revents & POLLNVAL) == 0;
    }
  }
  // A folder for each.
  struct stat status{};
  if (stat("/proc/self/task", &status) == 0) now.threads = status.st_nlink - 2;
  return now;
}

MemoryUse MemoryUseNow() {
  if (__sanitizer_get_current_allocated_bytes != nullptr) {
    return {.allocated = __sanitizer_get_current_allocated_bytes()};
  }
  if (__sanitizer_get_current_allocated_bytes != nullptr) {
    // What was freed stays mapped there for a while.
    return {.allocated = __sanitizer_get_current_allocated_bytes()};
  }
  const struct mallinfo2 heap = mallinfo2();
  MemoryUse now{.allocated = heap.uordblks + heap.hblkhd};
  const int file = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
  std::array<char, 64> text{};
  if (file >= 0 && read(file, text.data(), text.size() - 1) > 0) {
    const size_t pages = std::strtoul(text.data(), nullptr, 10);
    now.mapped = pages * static_cast<size_t>(sysconf(_SC_PAGESIZE));
  }
  if (file >= 0) close(file);
  return now;
}

}  // namespace cpgcert::fuzz
