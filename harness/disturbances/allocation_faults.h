// Memory that runs out at a chosen moment, for one thread.
//
// The program that links this defines malloc(3) and its like, mmap(2) and
// munmap(2) for itself and for every library that it opens. While a thread has
// an AllocationWatch, its requests are counted, and one of them can be made to
// fail. Requests that the C library makes on somebody's behalf, as in
// strdup(3), count as well; those of other threads do not.

#ifndef CPGCERT_HARNESS_DISTURBANCES_ALLOCATION_FAULTS_H_
#define CPGCERT_HARNESS_DISTURBANCES_ALLOCATION_FAULTS_H_

#include <cstdint>
#include <functional>

namespace cpgcert::harness {

// Watches the thread that made it; one at a time per thread. What the caller
// itself requests meanwhile counts too.
class AllocationWatch {
 public:
  // False in a program with a sanitizer, which needs these functions itself:
  // nothing is counted then, and nothing fails.
  static bool Available();

  AllocationWatch();
  ~AllocationWatch();
  AllocationWatch(const AllocationWatch&) = delete;
  AllocationWatch& operator=(const AllocationWatch&) = delete;

  // The `number`th request from now on, counted from 1, fails with ENOMEM in
  // errno; no other one does. 0: none fails.
  void FailRequest(int number);
  // Instead: `pause` is called in the thread when it makes that request, which
  // is then granted. What `pause` requests itself is not counted. It must
  // outlive the watch.
  void PauseAtRequest(int number, const std::function<void()>& pause);
  // True if that request was made.
  bool fired() const;
  // Requests since the last FailRequest() or PauseAtRequest(), or since the
  // beginning.
  int requests() const;

  // Blocks that the thread got less those that it gave back, since the
  // beginning: below zero if it gave back older ones.
  int64_t blocks() const;
  // The same for pages of mmap(2) and munmap(2), in bytes.
  int64_t mapped_bytes() const;
};

}  // namespace cpgcert::harness

#endif  // CPGCERT_HARNESS_DISTURBANCES_ALLOCATION_FAULTS_H_
