// What one input of a fuzz target comes to, without libFuzzer, and what it is
// expected to.

#ifndef CPGCERT_FUZZ_SUPPORT_REPLAY_H_
#define CPGCERT_FUZZ_SUPPORT_REPLAY_H_

#include <map>
#include <set>
#include <string>
#include <string_view>

namespace cpgcert::fuzz {

struct ReplayEnd {
  std::string comes_to{};  // pass, wrong, leak, hang or crash
  std::string how{};       // one line: "SIGSEGV"
  std::string errors{};    // what was written to stderr, the first of it
};

// Calls LLVMFuzzerTestOneInput in a forked child that ends with it: at most two
// seconds of processor time, or half a minute asleep; an address space of 1 GiB
// more than now, unless a sanitizer watches. What passes is run again while
// each run leaves more memory in use than the one before, at most 16 times.
ReplayEnd RunInChild(std::string_view input);

// From the name of a file to what it may come to.
using Expectations = std::map<std::string, std::set<std::string>>;

// Reads a table (TOML): below [comes_to], a line NAME = "crash" or
// NAME = "crash|hang" for each. Returns "" or one line that says what is wrong
// with it.
std::string ReadExpectations(const std::string& path, Expectations* table);

}  // namespace cpgcert::fuzz

#endif  // CPGCERT_FUZZ_SUPPORT_REPLAY_H_
