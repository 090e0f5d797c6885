// The heap that a library shares with this process: how much of it is in use,
// and what lies in the rest.

#ifndef CPGCERT_FUZZ_EVENTS_FINDINGS_HEAP_H_
#define CPGCERT_FUZZ_EVENTS_FINDINGS_HEAP_H_

#include <cstddef>

namespace cpgcert::fuzz::heap {

// Fills memory that is free with this byte: of every size up to 1 KiB as many
// blocks as are likely to be used again at once, and one of 128 KiB. Nothing
// where a sanitizer watches, which has fillings of its own.
void LeaveBehind(unsigned char byte);

// Bytes. Two of them can be compared if LeaveBehind() came before both of them
// at the same distance: glibc counts freed blocks that wait in a thread's cache
// as in use, and LeaveBehind() fills that cache.
size_t InUse();

}  // namespace cpgcert::fuzz::heap

#endif  // CPGCERT_FUZZ_EVENTS_FINDINGS_HEAP_H_
