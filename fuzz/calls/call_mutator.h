// Mutation of programs (program.h) by their structure: the operation is the
// unit, and what is put in is often several that belong together.
//
// The same arguments lead to the same result. Any bytes are an input.

#ifndef CPGCERT_FUZZ_CALLS_CALL_MUTATOR_H_
#define CPGCERT_FUZZ_CALLS_CALL_MUTATOR_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "fuzz/calls/program.h"

namespace cpgcert::fuzz {

// One that connects and does something.
Program RandomProgram(uint64_t seed);

// Changes it a little: operations are put in, left out, exchanged, done twice,
// moved, or given other operands.
Program MutateProgram(Program program, uint64_t seed);
// The beginning of one, then the end of the other.
Program CrossPrograms(const Program& program, const Program& other,
                      uint64_t seed);

// Each a little simpler, what saves most first: without some of the operations,
// or with an operand that is less.
std::vector<Program> SimplerPrograms(const Program& program);

// For LLVMFuzzerCustomMutator and LLVMFuzzerCustomCrossOver of libFuzzer:
// return how many bytes there are then, at most `size_max`.
size_t MutateCalls(uint8_t* data, size_t size, size_t size_max, unsigned seed);
size_t CrossCalls(const uint8_t* data1, size_t size1, const uint8_t* data2,
                  size_t size2, uint8_t* out, size_t size_max, unsigned seed);

}  // namespace cpgcert::fuzz

#endif  // CPGCERT_FUZZ_CALLS_CALL_MUTATOR_H_
