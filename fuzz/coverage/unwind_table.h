// The ranges of code that a shared object describes to the unwinder, which are
// its functions and the cold parts of functions.
//
// Layout: .eh_frame_hdr, .eh_frame and .gcc_except_table as in the Linux
// Standard Base, Core, "Exception Frames", and the Itanium C++ ABI.

#ifndef CPGCERT_FUZZ_COVERAGE_UNWIND_TABLE_H_
#define CPGCERT_FUZZ_COVERAGE_UNWIND_TABLE_H_

#include <cstdint>
#include <vector>

#include "fuzz/coverage/library_image.h"

namespace cpgcert::fuzz::coverage {

struct CodeRange {
  uint64_t begin = 0;
  uint64_t end = 0;                      // the first address behind it
  std::vector<uint64_t> landing_pads{};  // where the unwinder enters it
};

// In ascending order and disjoint. What is encoded in a way that neither gcc
// nor clang uses is left out.
std::vector<CodeRange> ReadUnwindTable(const LibraryImage& image);

}  // namespace cpgcert::fuzz::coverage

#endif  // CPGCERT_FUZZ_COVERAGE_UNWIND_TABLE_H_
