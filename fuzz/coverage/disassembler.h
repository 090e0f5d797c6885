// One x86-64 instruction at a time, as far as finding basic blocks needs it.
//
// Capstone does the decoding and is not seen from outside: its header and
// corosync's define the same names.

#ifndef CPGCERT_FUZZ_COVERAGE_DISASSEMBLER_H_
#define CPGCERT_FUZZ_COVERAGE_DISASSEMBLER_H_

#include <cstdint>
#include <memory>
#include <span>

namespace cpgcert::fuzz::coverage {

// Where control goes after an instruction.
enum class Flow : uint8_t {
  kNext,
  kJump,          // to `target`
  kBranch,        // to `target` or on
  kCall,          // to `target`, and back
  kIndirectCall,  // through the pointer at `value`, if that is not 0
  kIndirectJump,  // likewise
  kStop,          // returns, or traps
};

// What an instruction can be in the sequence that jumps through a table.
enum class Role : uint8_t {
  kNone,
  kTableAddress,  // lea destination, [rip + ...]: the address is `value`
  kTableLoad,     // movsxd destination, dword [base + 4 * index]
  kLoad,          // mov destination, dword [...]
  kSignExtend,    // cdqe: destination, from its lower half
  kAdd,           // add destination, base
  kCompare,       // cmp ..., value
  kMask,          // and destination, value
  kAbove,         // ja
  kAboveOrEqual,  // jae
  kJumpRegister,  // jmp destination
};

// General registers are numbered 1 to 16; 0 is none.
struct Instruction {
  uint64_t address = 0;
  uint8_t size = 0;
  Flow flow = Flow::kNext;
  Role role = Role::kNone;
  uint8_t destination = 0;
  uint8_t base = 0;
  uint32_t written = 0;  // bit n: changes register n
  uint64_t target = 0;
  uint64_t value = 0;

  uint64_t end() const { return address + size; }
};

class Disassembler {
 public:
  // `code` is at `address`, and must outlive this.
  Disassembler(std::span<const uint8_t> code, uint64_t address);
  ~Disassembler();
  Disassembler(const Disassembler&) = delete;
  Disassembler& operator=(const Disassembler&) = delete;

  // False if there is no valid instruction at `address` that ends within the
  // code.
  bool Decode(uint64_t address, Instruction* instruction);

 private:
  struct Engine;
  std::unique_ptr<Engine> engine_;
  std::span<const uint8_t> code_;
  uint64_t address_;
};

}  // namespace cpgcert::fuzz::coverage

#endif  // CPGCERT_FUZZ_COVERAGE_DISASSEMBLER_H_
