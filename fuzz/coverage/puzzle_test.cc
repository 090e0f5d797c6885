// The whole way: libFuzzer, guided by breakpoints.

#include <sys/wait.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>

#include "fuzz/coverage/loaded_subject.h"
#include "gtest/gtest.h"

namespace cpgcert::fuzz::coverage {
namespace {

namespace fs = std::filesystem;

std::string Fuzz(const std::string& environment, const std::string& arguments) {
  // In /tmp libFuzzer names files by process ids, which sandboxes share.
  const std::string command =
      "TMPDIR='" + testing::TempDir() + "' PUZZLE_LIBRARY='" +
      RunfilePath("subject/subject.so") + "' " + environment + " '" +
      RunfilePath("puzzle_target") + "' -artifact_prefix='" +
      testing::TempDir() + "/' " + arguments + " 2>&1";
  const std::unique_ptr<FILE, int (*)(FILE*)> output(
      popen(command.c_str(), "r"), pclose);
  std::string text;
  char line[1024];
  while (std::fgets(line, sizeof(line), output.get()) != nullptr) {
    text += line;
  }
  return text;
}

bool Has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

constexpr char kRuns[] = "-seed=1 -runs=300000 -max_len=8 -detect_leaks=0";

TEST(Puzzle, IsSolvedByCoverage) {
  const std::string log = Fuzz("", kRuns);
  EXPECT_TRUE(Has(log, "SOLVED")) << log;
  EXPECT_TRUE(Has(log, "cov: ")) << log;
  EXPECT_TRUE(Has(log, "NEW")) << log;
}

TEST(Puzzle, IsNotSolvedBlindly) {
  const std::string log = Fuzz("PUZZLE_BLIND=1", kRuns);
  EXPECT_FALSE(Has(log, "SOLVED")) << log;
  EXPECT_TRUE(Has(log, "DONE") || Has(log, "Done")) << log;
}

// What merging keeps: each input that reaches something that the smaller ones
// do not.
TEST(Puzzle, CorpusIsMinimised) {
  const fs::path base = fs::path(testing::TempDir()) / "puzzle";
  const fs::path from = base / "from";
  const fs::path into = base / "into";
  fs::remove_all(base);
  fs::create_directories(from);
  fs::create_directories(into);
  for (const std::string text :
       {"x", "yy", "zzz", "cx", "cyy", "cpxx", "cpyyy", "cpgxxx", "cpgyyyy"}) {
    std::ofstream(from / text) << text;
  }
  const std::string log =
      Fuzz("", "-merge=1 '" + into.string() + "' '" + from.string() + "'");
  int kept = 0;
  for (const auto& entry : fs::directory_iterator(into)) {
    (void)entry;
    ++kept;
  }
  EXPECT_GE(kept, 3) << log;
  EXPECT_LE(kept, 5) << log;
  fs::remove_all(base);
}

}  // namespace
}  // namespace cpgcert::fuzz::coverage
