#include "harness/qb_in_process/guarded_buffer.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cstring>

namespace cpgcert::harness {

namespace {

size_t PageSize() {
  static const auto size = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  return size;
}

}  // namespace

GuardedBuffer::~GuardedBuffer() {
  if (begin_ != nullptr) {
    munmap(begin_, size_ + PageSize());
  }
}

char* GuardedBuffer::Place(size_t size) {
  if (begin_ == nullptr || size > size_) {
    const size_t page = PageSize();
    const size_t rounded = (size / page + 1) * page;
    void* const mapped = mmap(nullptr, rounded + page, PROT_READ | PROT_WRITE,
                              MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (mapped == MAP_FAILED) {
      return nullptr;
    }
    if (begin_ != nullptr) {
      munmap(begin_, size_ + page);
    }
    begin_ = static_cast<char*>(mapped);
    size_ = rounded;
    if (mprotect(begin_ + size_, page, PROT_NONE) != 0) {
      return nullptr;
    }
  }
  return begin_ + size_ - size;
}

std::string_view GuardedBuffer::Gather(std::span<const iovec> pieces) {
  size_t size = 0;
  for (const iovec& piece : pieces) {
    size += piece.iov_len;
  }
  char* const begin = Place(size);
  if (begin == nullptr) {
    return {};
  }
  char* to = begin;
  for (const iovec& piece : pieces) {
    if (piece.iov_len > 0) {
      std::memcpy(to, piece.iov_base, piece.iov_len);
      to += piece.iov_len;
    }
  }
  return {begin, size};
}

}  // namespace cpgcert::harness
