#include "fuzz/replies/reply_output.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace cpgcert::fuzz {

namespace {

constexpr unsigned char kUnchanged = 0x3c;

size_t PageSize() {
  static const auto size = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  return size;
}

size_t WholePages(size_t size) {
  return (size + PageSize() - 1) / PageSize() * PageSize();
}

}  // namespace

ReplyOutput::ReplyOutput(size_t size_max)
    : size_(WholePages(size_max + kBefore)) {
  void* const mapped = mmap(nullptr, size_ + PageSize(), PROT_READ | PROT_WRITE,
                            MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (mapped == MAP_FAILED ||
      mprotect(static_cast<unsigned char*>(mapped) + size_, PageSize(),
               PROT_NONE) != 0) {
    std::fputs("there is no memory for a page that guards\n", stderr);
    std::abort();
  }
  begin_ = static_cast<unsigned char*>(mapped);
  place_ = PlaceBytes(0);
}

ReplyOutput::~ReplyOutput() { munmap(begin_, size_ + PageSize()); }

unsigned char* ReplyOutput::PlaceBytes(size_t size) {
  place_ = begin_ + size_ - size;
  std::memset(place_ - kBefore, kUnchanged, kBefore);
  std::memset(place_, kFresh, size);
  return place_;
}

bool ReplyOutput::IsIntact() const {
  return std::all_of(place_ - kBefore, place_,
                     [](unsigned char byte) { return byte == kUnchanged; });
}

}  // namespace cpgcert::fuzz
