// One walk over the code of a library: all instructions that control can reach.

#ifndef CPGCERT_FUZZ_COVERAGE_CODE_WALK_H_
#define CPGCERT_FUZZ_COVERAGE_CODE_WALK_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "fuzz/coverage/disassembler.h"
#include "fuzz/coverage/library_image.h"
#include "fuzz/coverage/unwind_table.h"

namespace cpgcert::fuzz::coverage {

class CodeWalk {
 public:
  // Of `text`, a section of `image`; both outlive this. `ranges` divide it
  // without gaps; those whose begin is in `excluded` are not entered.
  CodeWalk(const LibraryImage& image, const Section& text,
           const std::vector<CodeRange>& ranges,
           const std::set<uint64_t>& excluded);

  // Follows every path from `starts`, tables of jumps included.
  void Run(const std::set<uint64_t>& starts);

  const std::map<uint64_t, Instruction>& instructions() const {
    return instructions_;
  }
  const std::set<uint64_t>& leaders() const { return leaders_; }
  const std::set<uint64_t>& called() const { return called_; }
  // Begins of the ranges that contradict themselves.
  const std::set<uint64_t>& contradictory() const { return contradictory_; }
  size_t jump_tables() const { return tables_.size(); }
  size_t unresolved_jumps() const {
    return indirect_jumps_.size() - tables_.size();
  }

 private:
  const CodeRange* RangeOf(uint64_t address) const;
  void AddLeader(uint64_t address);
  void FollowAll();
  void Follow(uint64_t start);
  // False if control does not go on behind the instruction.
  bool Step(const Instruction& instruction);
  bool DoesNotReturn(const Instruction& call);
  void FindContradictions();

  // Whether every instruction of the walk in `range` is one of the sweep's.
  bool SweepAgrees(const CodeRange& range);
  // The starts of instructions, decoded one behind the other.
  const std::set<uint64_t>& Sweep(const CodeRange& range);
  // True if a new leader came of it.
  bool FollowTable(const Instruction& jump);
  void FollowPointers(const CodeRange& range);
  std::vector<Instruction> Before(const Instruction& jump) const;
  uint64_t UniqueTable(const CodeRange& range, uint8_t base) const;

  const LibraryImage& image_;
  const Section& text_;
  const std::vector<CodeRange>& ranges_;
  const std::set<uint64_t>& excluded_;
  Disassembler disassembler_;
  std::map<uint64_t, Instruction> instructions_;
  std::set<uint64_t> leaders_;
  std::set<uint64_t> called_;
  std::set<uint64_t> contradictory_;
  std::set<uint64_t> waiting_;
  std::set<uint64_t> indirect_jumps_;
  std::map<uint64_t, uint64_t> tables_;  // jump -> its table
  std::map<uint64_t, std::set<uint64_t>> sweeps_;
};

}  // namespace cpgcert::fuzz::coverage

#endif  // CPGCERT_FUZZ_COVERAGE_CODE_WALK_H_
