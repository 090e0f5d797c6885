// One-shot breakpoints on the basic blocks of a loaded library.
//
// Each is an INT3 in place of a block's first byte. The first thread that gets
// there traps; the handler puts the byte back, sets the block's counter and
// lets the instruction run. From then on the block runs at full speed, until it
// is armed again. Nothing else of the program changes: the kernel saves and
// restores registers, flags and vector state around the handler, and leaves the
// red zone alone. Below that it writes on the stack of a thread that has no
// alternate signal stack.
//
// Several threads may run in the library at any time, also while it is being
// armed; a forked child has breakpoints and counters of its own. A trap that is
// not of a breakpoint ends the process as if there were no handler.
//
// Limits: a thread that blocks SIGTRAP while it runs in the library ends the
// process at the next breakpoint. A library that handles SIGTRAP itself cannot
// have breakpoints.

#ifndef CPGCERT_FUZZ_COVERAGE_BREAKPOINTS_H_
#define CPGCERT_FUZZ_COVERAGE_BREAKPOINTS_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "fuzz/coverage/basic_blocks.h"

namespace cpgcert::fuzz::coverage {

class Breakpoints {
 public:
  // Makes the code of the library at `load_address` writable and readies a
  // breakpoint for each of `blocks`; none is armed yet. Returns "" or why there
  // can be none: memory may not be writable and executable, the code in memory
  // is not that of the file, a debugger takes the traps, it was done before.
  // Unblocks SIGTRAP in this thread, and gives it an alternate signal stack if
  // it has none. `library` is a handle of dlopen, which must not be closed; the
  // breakpoints are never destroyed.
  static std::string Ready(void* library, const BasicBlocks& blocks,
                           Breakpoints** breakpoints);

  // Arms every block, so that it is counted again when it runs.
  void ArmAll();
  // Arms the blocks that were never counted since ForgetSeen().
  void ArmUnseen();
  void Disarm();
  void ForgetSeen();

  // Blocks counted for the first time since ForgetSeen().
  size_t seen() const { return seen_count_.load(); }
  // All that were counted.
  size_t trapped() const { return trapped_.load(); }

  size_t size() const { return blocks_.size(); }
  // One per block: 1 if it ran since the owner of the counters cleared it.
  std::span<uint8_t> counters() { return counters_; }
  // Where block `i` is in memory, and whether a function starts there.
  uintptr_t address(size_t i) const { return base_ + blocks_[i].address; }
  bool is_function(size_t i) const { return blocks_[i].is_function; }

  // For the signal handler: false if no block begins at `address`.
  bool Hit(uintptr_t address);

 private:
  Breakpoints(uintptr_t base, const BasicBlocks& blocks);
  void Arm(size_t i);
  std::atomic_ref<uint8_t> CodeAt(size_t i);

  const uintptr_t base_;
  const std::vector<Block> blocks_;
  std::vector<uint8_t> originals_;
  std::vector<uint8_t> counters_;
  std::vector<std::atomic<bool>> armed_;
  std::vector<std::atomic<bool>> seen_;
  std::atomic<size_t> seen_count_{0};
  std::atomic<size_t> trapped_{0};
};

}  // namespace cpgcert::fuzz::coverage

#endif  // CPGCERT_FUZZ_COVERAGE_BREAKPOINTS_H_
