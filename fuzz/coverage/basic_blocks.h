// The basic blocks of a shared object, found by disassembling its .text.
//
// A breakpoint on anything but the first byte of an instruction corrupts the
// library, so an address counts as the leader of a block only if a walk along
// the possible paths of control reaches it from a known start: an exported
// function, the start of a range in the unwind table, a landing pad. Paths
// follow jumps, branches, calls and tables of jumps. What a table or a pointer
// leads to must in addition be the start of an instruction in a plain sweep
// over its function. A function in which anything contradicts itself
// (undecodable bytes, instructions that overlap) has no leaders, so data in
// .text has none; neither have the PLT, padding, and code that only an indirect
// jump of unknown targets reaches.

#ifndef CPGCERT_FUZZ_COVERAGE_BASIC_BLOCKS_H_
#define CPGCERT_FUZZ_COVERAGE_BASIC_BLOCKS_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "fuzz/coverage/library_image.h"

namespace cpgcert::fuzz::coverage {

struct Block {
  uint64_t address = 0;      // in the file: the loader adds the load address
  bool is_function = false;  // where a function starts
};

struct BasicBlocks {
  std::vector<Block> blocks;  // ascending
  uint64_t text_address = 0;
  std::vector<uint8_t> text;  // as it is in the file

  size_t instructions = 0;   // that the walk reached
  size_t functions = 0;      // ranges of the unwind table within .text
  size_t contradictory = 0;  // those left alone
  size_t jump_tables = 0;
  // Indirect jumps of unknown targets: mostly calls through a pointer at the
  // end of a function.
  size_t unresolved_jumps = 0;
};

// No blocks if there is no .text, or no start in it.
BasicBlocks FindBasicBlocks(const LibraryImage& image);

}  // namespace cpgcert::fuzz::coverage

#endif  // CPGCERT_FUZZ_COVERAGE_BASIC_BLOCKS_H_
