// The sequence of instructions with which gcc and clang jump through a table.

#ifndef CPGCERT_FUZZ_COVERAGE_JUMP_TABLE_H_
#define CPGCERT_FUZZ_COVERAGE_JUMP_TABLE_H_

#include <cstdint>
#include <span>

#include "fuzz/coverage/disassembler.h"

namespace cpgcert::fuzz::coverage {

// In position-independent code a table holds 32-bit offsets from itself:
//
//   cmp index, last ; ja other        (or: and index, last)
//   lea base, [rip + table]
//   movsxd offset, dword [base + 4 * index]
//   add offset, base ; jmp offset
//
// with other instructions in between. Without optimisation gcc loads with
// `mov eax, ...; cdqe` instead.
struct JumpTable {
  bool found = false;
  uint8_t base = 0;      // the register that holds the table's address
  uint64_t address = 0;  // 0 if it is not loaded in these instructions
  uint64_t count = 0;    // entries; 0 if not known
};

// `before` are the instructions that control passes on its way to `jump`, the
// last one at its end.
JumpTable MatchJumpTable(std::span<const Instruction> before,
                         const Instruction& jump);

}  // namespace cpgcert::fuzz::coverage

#endif  // CPGCERT_FUZZ_COVERAGE_JUMP_TABLE_H_
