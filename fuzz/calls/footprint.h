// What a process has that a library may leave behind.

#ifndef CPGCERT_FUZZ_CALLS_FOOTPRINT_H_
#define CPGCERT_FUZZ_CALLS_FOOTPRINT_H_

#include <bitset>
#include <cstddef>

namespace cpgcert::fuzz {

struct Footprint {
  std::bitset<64> descriptors{};  // of the first ones, those that are open
  size_t threads = 0;

  bool operator==(const Footprint&) const = default;
};
Footprint FootprintNow();

// What is allocated, and mapped, in bytes; under a sanitizer nothing is called
// mapped. Neither is exact: what grows again and again is left behind.
struct MemoryUse {
  size_t allocated = 0;
  size_t mapped = 0;
};
MemoryUse MemoryUseNow();

}  // namespace cpgcert::fuzz

#endif  // CPGCERT_FUZZ_CALLS_FOOTPRINT_H_
