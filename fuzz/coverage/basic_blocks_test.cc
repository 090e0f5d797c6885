#include "fuzz/coverage/basic_blocks.h"

#include <algorithm>
#include <cstdio>
#include <map>
#include <memory>
#include <regex>
#include <set>
#include <string>

#include "fuzz/coverage/loaded_subject.h"
#include "fuzz/coverage/unwind_table.h"
#include "gtest/gtest.h"
#include "harness/identity/library_identity.h"

namespace cpgcert::fuzz::coverage {
namespace {

// Where another disassembler sees instructions begin; nothing that it marks as
// bad.
struct Listing {
  std::set<uint64_t> starts;
  std::map<std::string, uint64_t> functions;
};

Listing Disassemble(const std::string& tool, const std::string& path) {
  Listing listing;
  const std::string command = tool + " -d -j .text '" + path + "'";
  const std::unique_ptr<FILE, int (*)(FILE*)> output(
      popen(command.c_str(), "r"), pclose);
  const std::regex instruction(R"(^ *([0-9a-f]+):.*)");
  const std::regex function(R"(^([0-9a-f]+) <(.*)>:.*)");
  char line[4096];
  while (std::fgets(line, sizeof(line), output.get()) != nullptr) {
    std::string text(line);
    text.erase(text.find_last_not_of('\n') + 1);
    std::smatch match;
    if (std::regex_match(text, match, instruction) &&
        text.find("(bad)") == std::string::npos) {
      listing.starts.insert(std::stoull(match[1], nullptr, 16));
    } else if (std::regex_match(text, match, function)) {
      listing.functions[match[2]] = std::stoull(match[1], nullptr, 16);
    }
  }
  return listing;
}

std::string Wrong(const BasicBlocks& blocks, const Listing& listing) {
  std::string wrong;
  for (const Block& block : blocks.blocks) {
    if (!listing.starts.contains(block.address)) {
      char text[32];
      std::snprintf(text, sizeof(text), "%lx ", block.address);
      wrong += text;
    }
  }
  return wrong;
}

class BasicBlocksOfSystemLibcpg : public testing::TestWithParam<const char*> {};

TEST_P(BasicBlocksOfSystemLibcpg, AreStartsOfInstructionsToOthersToo) {
  const auto found = harness::FindSystemLibrary();
  ASSERT_EQ(found.error, "");
  LibraryImage image;
  ASSERT_EQ(ReadLibrary(found.path, &image), "");
  EXPECT_FALSE(image.instrumented);
  const BasicBlocks blocks = FindBasicBlocks(image);
  EXPECT_GT(blocks.blocks.size(), 200U);
  EXPECT_EQ(blocks.contradictory, 0U);
  const Listing listing = Disassemble(GetParam(), found.path);
  EXPECT_GT(listing.starts.size(), blocks.instructions);
  EXPECT_EQ(Wrong(blocks, listing), "");
  std::printf("libcpg: %zu instructions, %zu leaders, %zu functions\n",
              blocks.instructions, blocks.blocks.size(), blocks.functions);
}

INSTANTIATE_TEST_SUITE_P(Disassembler, BasicBlocksOfSystemLibcpg,
                         testing::Values("objdump", "llvm-objdump-19"),
                         [](const auto& info) {
                           return std::string(info.index == 0 ? "Gnu" : "Llvm");
                         });

class BasicBlocksOfSubject : public testing::Test {
 protected:
  size_t CountIn(const std::string& name, uint64_t skip = 0,
                 uint64_t size = UINT64_MAX) const {
    const uint64_t begin = listing_.functions.at(name) + skip;
    const auto next = std::ranges::find_if(
        ranges_, [&](const CodeRange& range) { return range.begin > begin; });
    const uint64_t function_end =
        next == ranges_.end() ? UINT64_MAX : next->begin;
    const uint64_t end = size == UINT64_MAX
                             ? function_end
                             : std::min(begin + size, function_end);
    return static_cast<size_t>(
        std::ranges::count_if(subject_.blocks.blocks, [&](const Block& block) {
          return block.address >= begin && block.address < end;
        }));
  }

  const LoadedSubject& subject_ = TheSubject();
  const Listing listing_ = Disassemble("objdump", subject_.path);
  const std::vector<CodeRange> ranges_ = ReadUnwindTable(subject_.image);
};

TEST_F(BasicBlocksOfSubject, AreStartsOfInstructions) {
  EXPECT_EQ(Wrong(subject_.blocks, listing_), "");
}

TEST_F(BasicBlocksOfSubject, AreFoundThroughTablesOfJumps) {
  // The entry, ten cases, and what is left.
  EXPECT_GE(CountIn("subject_switch"), 12U);
  EXPECT_EQ(CountIn("subject_tracked_table"), 6U);
  EXPECT_EQ(CountIn("subject_slow_table"), 7U);
  EXPECT_GE(CountIn("subject_interpret"), 12U);
  EXPECT_GE(subject_.blocks.jump_tables, 4U);
}

TEST_F(BasicBlocksOfSubject, AreFoundThroughPointersToLabels) {
  EXPECT_GE(CountIn("subject_goto"), 6U);
}

TEST_F(BasicBlocksOfSubject, AreFoundWhereTheUnwinderEnters) {
  const auto pads = std::ranges::count_if(ranges_, [](const CodeRange& range) {
    return !range.landing_pads.empty();
  });
  EXPECT_GE(pads, 2);  // the thrower, and who catches
  for (const CodeRange& range : ranges_) {
    for (const uint64_t pad : range.landing_pads) {
      EXPECT_TRUE(std::ranges::any_of(
          subject_.blocks.blocks,
          [pad](const Block& block) { return block.address == pad; }));
    }
  }
}

TEST_F(BasicBlocksOfSubject, AreNotInData) {
  // lea, xor, xor, jmp; then 32 bytes of data; a loop; ret; 32 bytes of data.
  EXPECT_EQ(CountIn("subject_data_in_code", 1, 13 + 32 - 1), 0U);
  EXPECT_EQ(CountIn("subject_data_in_code"), 3U);
  EXPECT_EQ(CountIn("subject_data_behind_abort"), 3U);
}

TEST_F(BasicBlocksOfSubject, AreNoneInAFunctionThatContradictsItself) {
  EXPECT_EQ(CountIn("subject_skipped_prefix"), 0U);
  EXPECT_EQ(subject_.blocks.contradictory, 1U);
}

TEST_F(BasicBlocksOfSubject, AreNoneOnABreakpointOfTheLibrary) {
  EXPECT_EQ(CountIn("subject_trap"), 0U);
}

TEST_F(BasicBlocksOfSubject, KnowTheFunctions) {
  for (const Block& block : subject_.blocks.blocks) {
    if (block.address == listing_.functions.at("subject_switch")) {
      EXPECT_TRUE(block.is_function);
    } else if (block.address > listing_.functions.at("subject_switch") &&
               block.address < listing_.functions.at("subject_interpret")) {
      EXPECT_FALSE(block.is_function);
    }
  }
}

TEST(ReadLibrary, SaysWhyItCannot) {
  LibraryImage image;
  EXPECT_EQ(ReadLibrary("/nowhere.so", &image),
            "/nowhere.so: No such file or directory");
  EXPECT_EQ(ReadLibrary("/proc/self/maps", &image),
            "/proc/self/maps: not an ELF file");
}

TEST(ReadLibrary, KnowsAnInstrumentedLibrary) {
  LibraryImage image;
  ASSERT_EQ(ReadLibrary(RunfilePath("subject/instrumented.so"), &image), "");
  EXPECT_TRUE(image.instrumented);
}

}  // namespace
}  // namespace cpgcert::fuzz::coverage
