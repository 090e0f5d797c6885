// Cases of cpg_zcb_alloc(3) with a size that cannot be had.

#ifndef CPGCERT_CONFORMANCE_RESOURCES_ZERO_COPY_ROOM_H_
#define CPGCERT_CONFORMANCE_RESOURCES_ZERO_COPY_ROOM_H_

#include <cstddef>
#include <vector>

#include "conformance/case.h"

namespace cpgcert::conformance::resources {

// ZCB-02: sizes that no machine has.
void AllocateImpossibleSizes(CaseContext& context);

// ZCB-02: with /dev/shm full, an error, or a buffer that can be written.
void AllocateInFullSharedMemory(CaseContext& context,
                                const std::vector<size_t>& sizes);

}  // namespace cpgcert::conformance::resources

#endif  // CPGCERT_CONFORMANCE_RESOURCES_ZERO_COPY_ROOM_H_
