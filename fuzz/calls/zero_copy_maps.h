// The service's end of zero copy: the files that clients have made, mapped.

#ifndef CPGCERT_FUZZ_CALLS_ZERO_COPY_MAPS_H_
#define CPGCERT_FUZZ_CALLS_ZERO_COPY_MAPS_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "harness/wire/wire.h"

namespace cpgcert::fuzz {

// As corosync 3.1.7 does it: the file begins with a header of 16 bytes, the
// size of the whole (32 bits) and the address that the service calls it by (64
// bits, at 8); a multicast request follows.
class ZeroCopyMaps {
 public:
  ZeroCopyMaps() = default;
  ~ZeroCopyMaps();
  ZeroCopyMaps(const ZeroCopyMaps&) = delete;
  ZeroCopyMaps& operator=(const ZeroCopyMaps&) = delete;

  // Maps the file, takes its name away, and writes its address into it. False
  // if that cannot be done.
  bool Allocate(int connection,
                const harness::wire::ZeroCopyAllocateRequest& request);
  bool Free(int connection, uint64_t address);
  // The request that is in it, as far as it reaches.
  std::optional<std::string_view> RequestAt(int connection,
                                            uint64_t address) const;
  // The connection has ended.
  void Forget(int connection);

 private:
  struct Map {
    int connection = 0;
    size_t size = 0;
  };

  std::map<uint64_t, Map> maps_;  // by their addresses
};

}  // namespace cpgcert::fuzz

#endif  // CPGCERT_FUZZ_CALLS_ZERO_COPY_MAPS_H_
