// Programs that are tried whatever the seed of a search is.

#ifndef CPGCERT_FUZZ_CALLS_SYSTEMATIC_PROGRAMS_H_
#define CPGCERT_FUZZ_CALLS_SYSTEMATIC_PROGRAMS_H_

#include <vector>

#include "fuzz/calls/program.h"

namespace cpgcert::fuzz {

// Each call with each of its operands, twice: on a handle in every state it can
// be in, beside every disturbance, and inside a callback of every kind.
std::vector<Program> SystematicPrograms();

}  // namespace cpgcert::fuzz

#endif  // CPGCERT_FUZZ_CALLS_SYSTEMATIC_PROGRAMS_H_
