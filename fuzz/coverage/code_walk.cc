#include "fuzz/coverage/code_walk.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <iterator>
#include <string_view>

#include "fuzz/coverage/jump_table.h"

namespace cpgcert::fuzz::coverage {

namespace {

// A call of these is the end of a path; what follows it may be anything.
constexpr std::array<std::string_view, 22> kDoNotReturn{
    "__assert_fail",
    "__assert_perror_fail",
    "__chk_fail",
    "__cxa_bad_cast",
    "__cxa_rethrow",
    "__cxa_throw",
    "__fortify_fail",
    "__longjmp_chk",
    "__stack_chk_fail",
    "_Exit",
    "_Unwind_Resume",
    "_ZSt9terminatev",
    "_exit",
    "_longjmp",
    "abort",
    "err",
    "errx",
    "exit",
    "longjmp",
    "pthread_exit",
    "quick_exit",
    "siglongjmp",
};
constexpr std::string_view kStandardThrow = "_ZSt";  // std::__throw_*
constexpr std::string_view kThrow = "__throw_";

constexpr size_t kEntriesMax = 4096;
constexpr size_t kBeforeMax = 64;

bool IsDoNotReturn(std::string_view name) {
  return std::ranges::find(kDoNotReturn, name) != kDoNotReturn.end() ||
         (name.starts_with(kStandardThrow) &&
          name.find(kThrow) != std::string_view::npos);
}

bool GoesOn(const Instruction& instruction) {
  return instruction.flow != Flow::kJump && instruction.flow != Flow::kStop &&
         instruction.flow != Flow::kIndirectJump;
}

}  // namespace

CodeWalk::CodeWalk(const LibraryImage& image, const Section& text,
                   const std::vector<CodeRange>& ranges,
                   const std::set<uint64_t>& excluded)
    : image_(image),
      text_(text),
      ranges_(ranges),
      excluded_(excluded),
      disassembler_(text.bytes, text.address) {}

const CodeRange* CodeWalk::RangeOf(uint64_t address) const {
  if (!text_.Contains(address)) {
    return nullptr;
  }
  const auto behind =
      std::ranges::upper_bound(ranges_, address, {}, &CodeRange::begin);
  if (behind == ranges_.begin()) {
    return nullptr;
  }
  const CodeRange& range = *std::prev(behind);
  return excluded_.contains(range.begin) ? nullptr : &range;
}

void CodeWalk::AddLeader(uint64_t address) {
  if (RangeOf(address) != nullptr && leaders_.insert(address).second) {
    waiting_.insert(address);
  }
}

void CodeWalk::Run(const std::set<uint64_t>& starts) {
  for (const uint64_t start : starts) {
    AddLeader(start);
  }
  FollowAll();
  for (const CodeRange& range : ranges_) {
    for (const uint64_t pad : range.landing_pads) {
      if (Sweep(range).contains(pad)) {
        AddLeader(pad);
      }
    }
  }
  FollowAll();
  for (bool is_new = true; is_new;) {
    is_new = false;
    const std::set<uint64_t> jumps = indirect_jumps_;
    for (const uint64_t jump : jumps) {
      if (!tables_.contains(jump) && FollowTable(instructions_[jump])) {
        is_new = true;
      }
    }
    FollowAll();
  }
  for (const uint64_t jump : std::set<uint64_t>(indirect_jumps_)) {
    const CodeRange* range = RangeOf(jump);
    if (range != nullptr && !tables_.contains(jump)) {
      FollowPointers(*range);
    }
  }
  FollowAll();
  FindContradictions();
}

void CodeWalk::FollowAll() {
  while (!waiting_.empty()) {
    const uint64_t start = *waiting_.begin();
    waiting_.erase(waiting_.begin());
    Follow(start);
  }
}

void CodeWalk::Follow(uint64_t start) {
  const CodeRange* range = RangeOf(start);
  for (uint64_t address = start;
       address < range->end && !instructions_.contains(address);) {
    Instruction instruction;
    if (!disassembler_.Decode(address, &instruction) ||
        instruction.end() > range->end) {
      contradictory_.insert(range->begin);
      return;
    }
    instructions_[address] = instruction;
    if (!Step(instruction)) {
      return;
    }
    address = instruction.end();
  }
}

bool CodeWalk::Step(const Instruction& instruction) {
  switch (instruction.flow) {
    case Flow::kNext:
      return true;
    case Flow::kJump:
      AddLeader(instruction.target);
      return false;
    case Flow::kBranch:
      AddLeader(instruction.target);
      // Behind the last branch of a range there is no block of it.
      if (RangeOf(instruction.end()) == RangeOf(instruction.address)) {
        AddLeader(instruction.end());
      }
      return true;
    case Flow::kCall:
      AddLeader(instruction.target);
      called_.insert(instruction.target);
      return !DoesNotReturn(instruction);
    case Flow::kIndirectCall:
      return !DoesNotReturn(instruction);
    case Flow::kIndirectJump:
      indirect_jumps_.insert(instruction.address);
      return false;
    case Flow::kStop:
      return false;
  }
  return false;
}

bool CodeWalk::DoesNotReturn(const Instruction& call) {
  uint64_t slot = call.value;
  if (call.flow == Flow::kCall) {
    const Section* section = image_.At(call.target);
    if (section == nullptr || section == &text_ || !section->executable) {
      return false;
    }
    // An entry of the PLT: at most endbr64 before the jump through the slot.
    Disassembler disassembler(section->bytes, section->address);
    Instruction entry;
    uint64_t address = call.target;
    for (int i = 0; i < 2 && entry.flow != Flow::kIndirectJump; ++i) {
      if (!disassembler.Decode(address, &entry)) {
        return false;
      }
      address = entry.end();
    }
    slot = entry.value;
  }
  const auto found = image_.slots.find(slot);
  return found != image_.slots.end() && IsDoNotReturn(found->second);
}

void CodeWalk::FindContradictions() {
  const Instruction* previous = nullptr;
  for (const auto& [address, instruction] : instructions_) {
    if (previous != nullptr && previous->end() > address) {
      contradictory_.insert(RangeOf(previous->address)->begin);
      contradictory_.insert(RangeOf(address)->begin);
    }
    previous = &instruction;
  }
}

const std::set<uint64_t>& CodeWalk::Sweep(const CodeRange& range) {
  const auto [place, is_new] = sweeps_.try_emplace(range.begin);
  if (is_new) {
    Instruction instruction;
    for (uint64_t address = range.begin;
         address < range.end && disassembler_.Decode(address, &instruction);
         address = instruction.end()) {
      place->second.insert(address);
    }
  }
  return place->second;
}

bool CodeWalk::SweepAgrees(const CodeRange& range) {
  const std::set<uint64_t>& sweep = Sweep(range);
  const auto end = instructions_.lower_bound(range.end);
  return std::all_of(
      instructions_.lower_bound(range.begin), end,
      [&](const auto& walked) { return sweep.contains(walked.first); });
}

std::vector<Instruction> CodeWalk::Before(const Instruction& jump) const {
  std::vector<Instruction> before;
  for (auto at = instructions_.find(jump.address);
       at != instructions_.begin() && before.size() < kBeforeMax;) {
    const uint64_t behind = at->first;
    --at;
    if (at->second.end() != behind || !GoesOn(at->second)) {
      break;
    }
    before.push_back(at->second);
  }
  std::ranges::reverse(before);
  return before;
}

uint64_t CodeWalk::UniqueTable(const CodeRange& range, uint8_t base) const {
  std::set<uint64_t> addresses;
  const auto end = instructions_.lower_bound(range.end);
  for (auto at = instructions_.lower_bound(range.begin); at != end; ++at) {
    if (at->second.role == Role::kTableAddress &&
        at->second.destination == base) {
      addresses.insert(at->second.value);
    }
  }
  return addresses.size() == 1 ? *addresses.begin() : 0;
}

bool CodeWalk::FollowTable(const Instruction& jump) {
  const CodeRange* range = RangeOf(jump.address);
  if (range == nullptr || !SweepAgrees(*range)) {
    return false;
  }
  JumpTable table = MatchJumpTable(Before(jump), jump);
  if (table.found && table.address == 0) {
    table.address = UniqueTable(*range, table.base);
  }
  const Section* section = image_.At(table.address);
  if (!table.found || section == nullptr || section->executable ||
      section->writable) {
    return false;
  }
  const uint64_t space =
      (section->address + section->bytes.size() - table.address) /
      sizeof(int32_t);
  const uint64_t count = std::min<uint64_t>(
      space, table.count == 0 ? kEntriesMax
                              : std::min<uint64_t>(table.count, kEntriesMax));
  for (uint64_t i = 0; i < count; ++i) {
    int32_t offset = 0;
    std::memcpy(
        &offset,
        &section->bytes[table.address - section->address + i * sizeof(int32_t)],
        sizeof(offset));
    const uint64_t target =
        table.address + static_cast<uint64_t>(int64_t{offset});
    const CodeRange* target_range = RangeOf(target);
    if (target_range == nullptr || !Sweep(*target_range).contains(target)) {
      break;  // Behind the end of the table, if its size is not known.
    }
    // The cold part of a function has a range of its own.
    if (target_range != range && table.count == 0) {
      break;
    }
    AddLeader(target);
    tables_[jump.address] = table.address;
  }
  return tables_.contains(jump.address);
}

// Addresses of labels, in tables that the loader fills in.
void CodeWalk::FollowPointers(const CodeRange& range) {
  if (!SweepAgrees(range)) {
    return;
  }
  for (const uint64_t pointer : image_.pointers) {
    if (pointer >= range.begin && pointer < range.end &&
        Sweep(range).contains(pointer)) {
      AddLeader(pointer);
    }
  }
}

}  // namespace cpgcert::fuzz::coverage
