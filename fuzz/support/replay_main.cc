// Runs a fuzz target on files, each in a child process of its own, without
// libFuzzer.
//
// usage: TARGET [OPTION...] [--comes-to TABLE] FILE|FOLDER...
//
// What an input comes to: pass; wrong, the target objects; leak, memory that
// every run keeps; hang; crash, any other end of the process. Without a table
// all must pass. A table (TOML) has a line NAME = "crash" for each file, or
// "crash|hang" where more than one may come, below [comes_to]; a file without a
// line is not as expected, nor is a line without a file.
//
// Exit status: 0 every input came to what was expected, 1 one did not, 2 there
// was none, or one is empty, or something could not be read.

#include <fmt/core.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "fuzz/support/replay.h"

extern "C" int LLVMFuzzerInitialize(int* argc, char*** argv);

namespace cpgcert::fuzz {
namespace {

namespace fs = std::filesystem;

constexpr int kNotAsExpected = 1;
constexpr int kCannotRun = 2;

using Inputs = std::map<fs::path, std::string>;

int Complain(const std::string& problem) {
  fmt::print(stderr, "{}\n", problem);
  return kCannotRun;
}

std::string ReadInput(const fs::path& path, Inputs* inputs) {
  std::ifstream file(path, std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(file), {}};
  if (!file) return fmt::format("cannot read {}", path.string());
  if (bytes.empty()) return fmt::format("{} is empty", path.string());
  inputs->emplace(path, bytes);
  return "";
}

// "" or what cannot be read.
std::string ReadInputs(const fs::path& path, Inputs* inputs) {
  std::error_code error;
  if (!fs::is_directory(path, error)) return ReadInput(path, inputs);
  fs::recursive_directory_iterator entry(path, error);
  const size_t before = inputs->size();
  for (; !error && entry != fs::end(entry); entry.increment(error)) {
    std::error_code unknown;
    if (entry->is_directory(unknown)) continue;
    if (std::string why = ReadInput(entry->path(), inputs); !why.empty()) {
      return why;
    }
  }
  if (error) {
    return fmt::format("cannot read {}: {}", path.string(), error.message());
  }
  return inputs->size() == before ? fmt::format("{} is empty", path.string())
                                  : "";
}

// Returns whether the input came to one of `expected`, and says so.
bool Report(const fs::path& path, const std::set<std::string>& expected,
            const ReplayEnd& end) {
  if (expected.contains(end.comes_to)) {
    fmt::print("{:5}  {}\n", end.comes_to, path.string());
    return true;
  }
  fmt::print("{:5}  {}\n    NOT AS EXPECTED: {}\n    {}\n{}", end.comes_to,
             path.string(), fmt::join(expected, " or "), end.how, end.errors);
  return false;
}

int Replay(const Inputs& inputs, const std::string& table_path) {
  Expectations table;
  if (!table_path.empty()) {
    if (std::string why = ReadExpectations(table_path, &table); !why.empty()) {
      return Complain(why);
    }
  }
  int failures = 0;
  std::set<std::string> seen;
  for (const auto& [path, bytes] : inputs) {
    const std::string name = path.filename();
    seen.insert(name);
    std::set<std::string> expected = {"pass"};
    if (!table_path.empty()) {
      const auto line = table.find(name);
      if (line == table.end()) {
        fmt::print("{}: not in {}\n", path.string(), table_path);
        ++failures;
        continue;
      }
      expected = line->second;
    }
    if (!Report(path, expected, RunInChild(bytes))) ++failures;
    std::fflush(stdout);
  }
  for (const auto& [name, expected] : table) {
    if (!seen.contains(name)) {
      fmt::print("{}: in {}, but there is no such file\n", name, table_path);
      ++failures;
    }
  }
  fmt::print("{} inputs, {} not as expected\n", inputs.size(), failures);
  return failures == 0 ? 0 : kNotAsExpected;
}

int Main(const std::vector<std::string>& arguments) {
  constexpr std::string_view kTable = "--comes-to";
  Inputs inputs;
  std::string table;
  for (size_t i = 0; i < arguments.size(); ++i) {
    if (arguments[i] == kTable && i + 1 < arguments.size()) {
      table = arguments[++i];
    } else if (std::string why = ReadInputs(arguments[i], &inputs);
               !why.empty()) {
      return Complain(why);
    }
  }
  if (inputs.empty()) return Complain("no inputs");
  return Replay(inputs, table);
}

}  // namespace
}  // namespace cpgcert::fuzz

int main(int argc, char** argv) {
  LLVMFuzzerInitialize(&argc, &argv);
  return cpgcert::fuzz::Main({argv + 1, argv + argc});
}
