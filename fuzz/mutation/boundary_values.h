// Values at which a decoder goes wrong, if it does.

#ifndef CPGCERT_FUZZ_MUTATION_BOUNDARY_VALUES_H_
#define CPGCERT_FUZZ_MUTATION_BOUNDARY_VALUES_H_

#include <cstddef>
#include <cstdint>

#include "harness/wire/wire.h"

namespace cpgcert::fuzz {

// Of any number: the ends of each width, and what times the size of a list's
// entry overflows 32 bits.
inline constexpr uint64_t kBoundaryNumbers[] = {
    0,
    1,
    2,
    0x7f,
    0x80,
    0xff,
    0x7fff,
    0x8000,
    0xffff,
    0x10000,
    0x0aaaaaaa,  // times 24: just within 32 bits
    0x0aaaaaab,  // times 24: 8 once 32 bits are full
    0x15555556,
    0x20000000,  // times 8: 0
    0x40000000,  // times 4: 0
    0x7fffffff,
    0x80000000,
    0xfffffffe,
    0xffffffff,
    0x100000000,
    0x7fffffffffffffff,
    0xffffffffffffffff,
};

// As many as <corosync/cpg.h> has room for, in a list and in a name.
inline constexpr size_t kMembersMax = 128;
static_assert(kMembersMax == harness::wire::kNameMax);

// Of a count or length.
inline constexpr uint32_t kBoundaryCounts[] = {
    0,
    1,
    kMembersMax - 1,
    kMembersMax,
    kMembersMax + 1,
    harness::wire::kMembershipMax - 1,
    harness::wire::kMembershipMax,
    harness::wire::kMembershipMax + 1,
    0x10000,
    harness::wire::kBufferSize,
    0x7fffffff,
    0x80000000,
    0xffffffff,
};

}  // namespace cpgcert::fuzz

#endif  // CPGCERT_FUZZ_MUTATION_BOUNDARY_VALUES_H_
