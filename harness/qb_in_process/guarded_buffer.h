// Bytes that end where memory ends: one byte too far is a crash.

#ifndef CPGCERT_HARNESS_QB_IN_PROCESS_GUARDED_BUFFER_H_
#define CPGCERT_HARNESS_QB_IN_PROCESS_GUARDED_BUFFER_H_

#include <sys/uio.h>

#include <cstddef>
#include <span>
#include <string_view>

namespace cpgcert::harness {

// A buffer whose last byte lies before a page that nobody can read or write.
class GuardedBuffer {
 public:
  GuardedBuffer() = default;
  ~GuardedBuffer();
  GuardedBuffer(const GuardedBuffer&) = delete;
  GuardedBuffer& operator=(const GuardedBuffer&) = delete;

  // Room for `size` bytes that end at the guard page; valid until the next
  // call. Null if there is no memory.
  char* Place(size_t size);
  // Copies the pieces, one after the other, so that they end at the guard
  // page. Data is null if there is no memory.
  std::string_view Gather(std::span<const iovec> pieces);

 private:
  char* begin_ = nullptr;
  size_t size_ = 0;  // without the guard page
};

}  // namespace cpgcert::harness

#endif  // CPGCERT_HARNESS_QB_IN_PROCESS_GUARDED_BUFFER_H_
