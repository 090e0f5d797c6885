#include "fuzz/coverage/jump_table.h"

#include <cstddef>

namespace cpgcert::fuzz::coverage {

namespace {

const Instruction& At(std::span<const Instruction> before, ptrdiff_t i) {
  return before[static_cast<size_t>(i)];
}

bool Writes(const Instruction& instruction, uint8_t general_register) {
  return (instruction.written & (1U << general_register)) != 0;
}

// Index of the last instruction before `end` that changes the register, or -1.
ptrdiff_t LastWriter(std::span<const Instruction> before, ptrdiff_t end,
                     uint8_t general_register) {
  for (ptrdiff_t i = end - 1; i >= 0; --i) {
    if (Writes(At(before, i), general_register)) {
      return i;
    }
  }
  return -1;
}

uint64_t Count(std::span<const Instruction> before, ptrdiff_t load) {
  for (ptrdiff_t i = load - 1; i >= 0; --i) {
    const Instruction& each = At(before, i);
    if (each.role == Role::kMask) {
      return each.value + 1;
    }
    if (i > 0 &&
        (each.role == Role::kAbove || each.role == Role::kAboveOrEqual)) {
      const Instruction& compare = At(before, i - 1);
      const uint64_t extra = each.role == Role::kAbove ? 1 : 0;
      return compare.role == Role::kCompare ? compare.value + extra : 0;
    }
  }
  return 0;
}

// Index of what loads an entry into `offset`, or -1. `base` is where the table
// is when the entry is added to it, at `add`.
ptrdiff_t FindLoad(std::span<const Instruction> before, ptrdiff_t add,
                   uint8_t offset, uint8_t base) {
  ptrdiff_t load = LastWriter(before, add, offset);
  if (load >= 0 && At(before, load).role == Role::kSignExtend) {
    load = LastWriter(before, load, offset);
    return load >= 0 && At(before, load).role == Role::kLoad ? load : -1;
  }
  const bool is_load = load >= 0 && At(before, load).role == Role::kTableLoad &&
                       At(before, load).base == base &&
                       LastWriter(before, add, base) <= load;
  return is_load ? load : -1;
}

}  // namespace

JumpTable MatchJumpTable(std::span<const Instruction> before,
                         const Instruction& jump) {
  JumpTable table;
  if (jump.role != Role::kJumpRegister) {
    return table;
  }
  const ptrdiff_t add = LastWriter(
      before, static_cast<ptrdiff_t>(before.size()), jump.destination);
  if (add < 0 || At(before, add).role != Role::kAdd) {
    return table;
  }
  const uint8_t first = jump.destination;
  const uint8_t second = At(before, add).base;
  for (const bool swapped : {false, true}) {
    const uint8_t offset = swapped ? second : first;
    const uint8_t base = swapped ? first : second;
    const ptrdiff_t load = FindLoad(before, add, offset, base);
    if (load < 0) {
      continue;
    }
    // The load itself may overwrite the register of the table's address.
    const bool is_sum = At(before, load).role == Role::kTableLoad;
    const ptrdiff_t lea = LastWriter(before, is_sum ? load : add, base);
    table.found = lea < 0 || At(before, lea).role == Role::kTableAddress;
    table.base = base;
    table.address = lea < 0 ? 0 : At(before, lea).value;
    table.count = Count(before, load);
    return table;
  }
  return table;
}

}  // namespace cpgcert::fuzz::coverage
