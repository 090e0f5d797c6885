#include "fuzz/coverage/disassembler.h"

#include <capstone/capstone.h>

#include <algorithm>
#include <array>
#include <stdexcept>

namespace cpgcert::fuzz::coverage {

namespace {

// The parts of each general register.
constexpr std::array<std::array<uint16_t, 5>, 16> kRegisters{{
    {X86_REG_RAX, X86_REG_EAX, X86_REG_AX, X86_REG_AL, X86_REG_AH},
    {X86_REG_RBX, X86_REG_EBX, X86_REG_BX, X86_REG_BL, X86_REG_BH},
    {X86_REG_RCX, X86_REG_ECX, X86_REG_CX, X86_REG_CL, X86_REG_CH},
    {X86_REG_RDX, X86_REG_EDX, X86_REG_DX, X86_REG_DL, X86_REG_DH},
    {X86_REG_RSI, X86_REG_ESI, X86_REG_SI, X86_REG_SIL, 0},
    {X86_REG_RDI, X86_REG_EDI, X86_REG_DI, X86_REG_DIL, 0},
    {X86_REG_RBP, X86_REG_EBP, X86_REG_BP, X86_REG_BPL, 0},
    {X86_REG_RSP, X86_REG_ESP, X86_REG_SP, X86_REG_SPL, 0},
    {X86_REG_R8, X86_REG_R8D, X86_REG_R8W, X86_REG_R8B, 0},
    {X86_REG_R9, X86_REG_R9D, X86_REG_R9W, X86_REG_R9B, 0},
    {X86_REG_R10, X86_REG_R10D, X86_REG_R10W, X86_REG_R10B, 0},
    {X86_REG_R11, X86_REG_R11D, X86_REG_R11W, X86_REG_R11B, 0},
    {X86_REG_R12, X86_REG_R12D, X86_REG_R12W, X86_REG_R12B, 0},
    {X86_REG_R13, X86_REG_R13D, X86_REG_R13W, X86_REG_R13B, 0},
    {X86_REG_R14, X86_REG_R14D, X86_REG_R14W, X86_REG_R14B, 0},
    {X86_REG_R15, X86_REG_R15D, X86_REG_R15W, X86_REG_R15B, 0},
}};

constexpr auto kNumberOf = [] {
  std::array<uint8_t, X86_REG_ENDING> numbers{};
  for (size_t i = 0; i < kRegisters.size(); ++i) {
    for (const uint16_t part : kRegisters[i]) {
      if (part != 0) {
        numbers[part] = static_cast<uint8_t>(i + 1);
      }
    }
  }
  return numbers;
}();

uint8_t Number(unsigned int capstone_register) {
  return capstone_register < kNumberOf.size() ? kNumberOf[capstone_register]
                                              : 0;
}

// What a function may change: rax, rcx, rdx, rsi, rdi, r8 to r11.
uint32_t ChangedByCall() {
  uint32_t mask = 0;
  for (const auto each :
       {X86_REG_RAX, X86_REG_RCX, X86_REG_RDX, X86_REG_RSI, X86_REG_RDI,
        X86_REG_R8, X86_REG_R9, X86_REG_R10, X86_REG_R11}) {
    mask |= 1U << Number(each);
  }
  return mask;
}

bool IsRelative(const cs_x86_op& operand) {
  return operand.type == X86_OP_MEM && operand.mem.base == X86_REG_RIP &&
         operand.mem.index == X86_REG_INVALID;
}

uint64_t RelativeAddress(const cs_insn& raw, const cs_x86_op& operand) {
  return raw.address + raw.size + static_cast<uint64_t>(operand.mem.disp);
}

bool HasGroup(const cs_insn& raw, uint8_t group) {
  const std::span groups(raw.detail->groups, raw.detail->groups_count);
  return std::ranges::find(groups, group) != groups.end();
}

bool IsStop(const cs_insn& raw) {
  switch (raw.id) {
    case X86_INS_INT3:
    case X86_INS_UD0:
    case X86_INS_UD2:
    case X86_INS_UD2B:
    case X86_INS_HLT:
    case X86_INS_LJMP:
      return true;
    default:
      return HasGroup(raw, CS_GRP_RET) || HasGroup(raw, CS_GRP_IRET);
  }
}

// `direct` and `indirect` are the two kinds of one transfer of control.
void SetTransfer(const cs_insn& raw, Flow direct, Flow indirect,
                 Instruction* instruction) {
  const cs_x86_op& operand = raw.detail->x86.operands[0];
  if (operand.type == X86_OP_IMM) {
    instruction->flow = direct;
    instruction->target = static_cast<uint64_t>(operand.imm);
    return;
  }
  instruction->flow = indirect;
  if (IsRelative(operand)) {
    instruction->value = RelativeAddress(raw, operand);
  } else if (operand.type == X86_OP_REG && indirect == Flow::kIndirectJump) {
    instruction->role = Role::kJumpRegister;
    instruction->destination = Number(operand.reg);
  }
}

void SetFlow(const cs_insn& raw, Instruction* instruction) {
  if (IsStop(raw)) {
    instruction->flow = Flow::kStop;
  } else if (raw.id == X86_INS_CALL || raw.id == X86_INS_LCALL) {
    SetTransfer(raw, Flow::kCall, Flow::kIndirectCall, instruction);
    instruction->written |= ChangedByCall();
  } else if (raw.id == X86_INS_JMP) {
    SetTransfer(raw, Flow::kJump, Flow::kIndirectJump, instruction);
  } else if (HasGroup(raw, CS_GRP_JUMP) || raw.id == X86_INS_LOOP ||
             raw.id == X86_INS_LOOPE || raw.id == X86_INS_LOOPNE ||
             raw.id == X86_INS_XBEGIN) {
    SetTransfer(raw, Flow::kBranch, Flow::kBranch, instruction);
    instruction->role = raw.id == X86_INS_JA    ? Role::kAbove
                        : raw.id == X86_INS_JAE ? Role::kAboveOrEqual
                                                : Role::kNone;
  }
}

void SetRole(const cs_insn& raw, Instruction* instruction) {
  const cs_x86& x86 = raw.detail->x86;
  if (raw.id == X86_INS_CDQE) {
    instruction->role = Role::kSignExtend;
    instruction->destination = Number(X86_REG_RAX);
  }
  if (x86.op_count != 2) {
    return;
  }
  const cs_x86_op& first = x86.operands[0];
  const cs_x86_op& second = x86.operands[1];
  const uint8_t destination =
      first.type == X86_OP_REG ? Number(first.reg) : uint8_t{0};
  const bool is_constant = second.type == X86_OP_IMM;
  Role role = Role::kNone;
  if (raw.id == X86_INS_LEA && IsRelative(second)) {
    role = Role::kTableAddress;
    instruction->value = RelativeAddress(raw, second);
  } else if (raw.id == X86_INS_MOVSXD && second.type == X86_OP_MEM &&
             second.mem.scale == 4 && second.mem.disp == 0) {
    role = Role::kTableLoad;
    instruction->base = Number(second.mem.base);
  } else if (raw.id == X86_INS_MOV && second.type == X86_OP_MEM &&
             second.size == 4) {
    role = Role::kLoad;
  } else if (raw.id == X86_INS_ADD && second.type == X86_OP_REG) {
    role = Role::kAdd;
    instruction->base = Number(second.reg);
  } else if (raw.id == X86_INS_CMP && is_constant) {
    role = Role::kCompare;
    instruction->value = static_cast<uint64_t>(second.imm);
  } else if (raw.id == X86_INS_AND && is_constant) {
    role = Role::kMask;
    instruction->value = static_cast<uint64_t>(second.imm);
  }
  if (role != Role::kNone) {
    instruction->role = role;
    instruction->destination = destination;
  }
}

}  // namespace

struct Disassembler::Engine {
  csh handle = 0;
  cs_insn* instruction = nullptr;
};

Disassembler::Disassembler(std::span<const uint8_t> code, uint64_t address)
    : engine_(std::make_unique<Engine>()), code_(code), address_(address) {
  if (cs_open(CS_ARCH_X86, CS_MODE_64, &engine_->handle) != CS_ERR_OK) {
    throw std::runtime_error("capstone: no disassembler of x86-64");
  }
  cs_option(engine_->handle, CS_OPT_DETAIL, CS_OPT_ON);
  engine_->instruction = cs_malloc(engine_->handle);
}

Disassembler::~Disassembler() {
  cs_free(engine_->instruction, 1);
  cs_close(&engine_->handle);
}

bool Disassembler::Decode(uint64_t address, Instruction* instruction) {
  *instruction = {};
  if (address < address_ || address - address_ >= code_.size()) {
    return false;
  }
  const uint8_t* bytes = code_.data() + (address - address_);
  size_t size = code_.size() - (address - address_);
  uint64_t next = address;
  if (!cs_disasm_iter(engine_->handle, &bytes, &size, &next,
                      engine_->instruction)) {
    return false;
  }
  const cs_insn& raw = *engine_->instruction;
  instruction->address = address;
  instruction->size = static_cast<uint8_t>(raw.size);
  cs_regs read{};
  cs_regs written{};
  uint8_t read_count = 0;
  uint8_t written_count = 0;
  if (cs_regs_access(engine_->handle, &raw, read, &read_count, written,
                     &written_count) != CS_ERR_OK) {
    return false;
  }
  for (const uint16_t each : std::span(written, written_count)) {
    instruction->written |= 1U << Number(each);
  }
  SetRole(raw, instruction);
  SetFlow(raw, instruction);
  return true;
}

}  // namespace cpgcert::fuzz::coverage
