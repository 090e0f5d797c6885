#include "fuzz/coverage/basic_blocks.h"

#include <algorithm>
#include <set>

#include "fuzz/coverage/code_walk.h"
#include "fuzz/coverage/unwind_table.h"

namespace cpgcert::fuzz::coverage {

namespace {

constexpr uint8_t kBreakpoint = 0xcc;

// Divides .text into the functions of the unwind table and what is between
// them. A stretch between begins where the walk can start a sweep: at its first
// exported function, if it has one.
std::vector<CodeRange> Divide(const Section& text,
                              const std::vector<CodeRange>& functions,
                              const std::set<uint64_t>& exported) {
  std::vector<CodeRange> ranges;
  const auto add_stretch = [&](uint64_t begin, uint64_t end) {
    const auto first = exported.lower_bound(begin);
    if (first != exported.end() && *first < end && *first != begin) {
      ranges.push_back({.begin = begin, .end = *first});
      begin = *first;
    }
    if (begin < end) {
      ranges.push_back({.begin = begin, .end = end});
    }
  };
  uint64_t at = text.address;
  for (const CodeRange& function : functions) {
    add_stretch(at, function.begin);
    ranges.push_back(function);
    at = function.end;
  }
  add_stretch(at, text.address + text.bytes.size());
  return ranges;
}

}  // namespace

BasicBlocks FindBasicBlocks(const LibraryImage& image) {
  BasicBlocks result;
  const Section* text = image.Find(".text");
  if (text == nullptr || text->bytes.empty()) {
    return result;
  }
  result.text_address = text->address;
  result.text = text->bytes;
  std::vector<CodeRange> functions = ReadUnwindTable(image);
  std::erase_if(functions, [&](const CodeRange& range) {
    return !text->Contains(range.begin) || !text->Contains(range.end - 1);
  });
  result.functions = functions.size();
  const std::set<uint64_t> exported(image.exported_functions.begin(),
                                    image.exported_functions.end());
  const std::vector<CodeRange> ranges = Divide(*text, functions, exported);
  std::set<uint64_t> starts = exported;
  for (const CodeRange& function : functions) {
    starts.insert(function.begin);
  }

  // What contradicts itself may have misled the walk elsewhere: once more
  // without it.
  std::set<uint64_t> excluded;
  for (;;) {
    CodeWalk walk(image, *text, ranges, excluded);
    walk.Run(starts);
    if (!walk.contradictory().empty()) {
      excluded.insert(walk.contradictory().begin(), walk.contradictory().end());
      continue;
    }
    result.instructions = walk.instructions().size();
    result.contradictory = excluded.size();
    result.jump_tables = walk.jump_tables();
    result.unresolved_jumps = walk.unresolved_jumps();
    for (const uint64_t leader : walk.leaders()) {
      // A breakpoint of the library itself stays its own.
      if (walk.instructions().contains(leader) &&
          text->bytes[leader - text->address] != kBreakpoint) {
        result.blocks.push_back(
            {.address = leader,
             .is_function =
                 starts.contains(leader) || walk.called().contains(leader)});
      }
    }
    return result;
  }
}

}  // namespace cpgcert::fuzz::coverage
