// A library to put breakpoints into: everything that a breakpoint could
// disturb, and shapes of code that are hard to find blocks in. Each function's
// result depends on what it is about.

#ifndef CPGCERT_FUZZ_COVERAGE_SUBJECT_SUBJECT_H_
#define CPGCERT_FUZZ_COVERAGE_SUBJECT_SUBJECT_H_

#include <cstddef>
#include <cstdint>

extern "C" {

// subject.cc

// Ten cases, through a table of jumps.
uint64_t subject_switch(uint32_t operation, uint64_t value);
// A loop around a table of jumps, and one around computed gotos.
uint64_t subject_interpret(const uint8_t* program, size_t size);
uint64_t subject_goto(const uint8_t* program, size_t size);
uint64_t subject_recurse(uint32_t depth);
// Throws `depth` calls below and catches, destroying objects on the way.
int subject_catch(int depth);
// The same, through to the caller.
void subject_throw(int depth);
// longjmp out of `depth` calls.
int subject_long_jump(int depth);
// Calls back into the program, from which it may be called again.
uint64_t subject_call(uint64_t (*function)(uint64_t), uint64_t value);
double subject_floating(double value, int rounds);
// True, by steps of one byte each, for "cpg!" only.
bool subject_puzzle(const uint8_t* data, size_t size);

// subject_assembly.S

// A leaf that keeps what it was given in the 128 bytes below the stack.
uint64_t subject_red_zone(uint64_t first, uint64_t second);
// Keeps 496 copies of `value` below its red zone, where nothing is safe from a
// signal, and adds them up.
uint64_t subject_below_stack(uint64_t value);
// sum = left + right, numbers of `size` words; the carry lives through blocks.
uint64_t subject_carry(const uint64_t* left, const uint64_t* right, size_t size,
                       uint64_t* sum);
// Loads `flags`, goes through some blocks, returns the flags.
uint64_t subject_flags(uint64_t flags);
// Loads 15 registers (not rsp), goes through blocks, stores them in `out`.
void subject_registers(const uint64_t* in, uint64_t* out);
// The same with xmm0 to xmm15 (16 bytes each) and the control word of SSE.
void subject_vectors(const uint8_t* in, uint8_t* out, uint32_t* control);
// Divides on the stack of the x87, with values left on it between blocks.
void subject_x87(const double* in, double* out);
// Adds up 32 bytes of data that stand in the middle of its code.
uint64_t subject_data_in_code();
// Ends in a call that does not return, with data behind it.
uint64_t subject_data_behind_abort(uint64_t is_abort);
// Tables of jumps in two more shapes, of four and three entries.
uint64_t subject_tracked_table(uint32_t choice);
uint64_t subject_slow_table(uint32_t choice);
// Jumps over a prefix of an instruction.
uint64_t subject_skipped_prefix(uint64_t is_alone, uint64_t* counter);
// Traps by an instruction of its own.
void subject_trap();
}

#endif  // CPGCERT_FUZZ_COVERAGE_SUBJECT_SUBJECT_H_
