// An array of addresses that ends where the memory ends.

#ifndef CPGCERT_CONFORMANCE_QUERIES_GUARDED_ARRAY_H_
#define CPGCERT_CONFORMANCE_QUERIES_GUARDED_ARRAY_H_

#include <corosync/cpg.h>

#include <cstddef>
#include <optional>

#include "harness/trace/trace.h"

namespace cpgcert::conformance::queries {

// Behind the last entry lies a page that may not be touched. The first touch
// is noted and the page opened, so that the call under test goes on and the
// case can say how far it went. One at a time in a process.
class GuardedArray {
 public:
  // Filled with a pattern. Ends the case as untested without memory.
  explicit GuardedArray(int entries);
  ~GuardedArray();
  GuardedArray(const GuardedArray&) = delete;
  GuardedArray& operator=(const GuardedArray&) = delete;

  // Not null, also if the array has no entry.
  cpg_address* entries() const { return entries_; }

  // Bytes outside of the array that were written, before or behind it; at
  // least 1 if memory behind it was touched at all.
  size_t BytesBeyond() const;
  // Entries from the index `first` on that were written.
  int TouchedFrom(int first) const;

 private:
  size_t Changed(const unsigned char* begin, const unsigned char* end) const;

  int count_;
  size_t room_ = 0;  // bytes before the guard
  unsigned char* memory_ = nullptr;
  cpg_address* entries_ = nullptr;
  std::optional<harness::trace::SpareRoom> spare_;
};

}  // namespace cpgcert::conformance::queries

#endif  // CPGCERT_CONFORMANCE_QUERIES_GUARDED_ARRAY_H_
