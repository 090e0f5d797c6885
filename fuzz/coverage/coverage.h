// Coverage of a library that was not built for it, inside libFuzzer.
//
//   int LLVMFuzzerInitialize(int*, char***) {
//     if (std::string why = coverage::Start(path); !why.empty()) { say so; }
//   }
//   int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
//     do {
//       ... run the input ...
//     } while (coverage::RunAgain());
//   }
//
// Blocks are counted by one-shot breakpoints (breakpoints.h), so an input shows
// only blocks that no input before it has reached. To libFuzzer an input must
// show all that it reaches, or the corpus keeps the wrong ones: when a run
// found something new, RunAgain() arms all blocks and asks for the same input
// once more. Inputs that find nothing new run once, at full speed.

#ifndef CPGCERT_FUZZ_COVERAGE_COVERAGE_H_
#define CPGCERT_FUZZ_COVERAGE_COVERAGE_H_

#include <cstddef>
#include <string>

namespace cpgcert::fuzz::coverage {

// Plants breakpoints in a library that is loaded, and registers their counters
// with libFuzzer if this program has it. A library built with
// SanitizerCoverage counts by itself: nothing is planted. Returns "" or one
// line that says why there is no coverage; the run can go on without.
// `path` is any path of the file. One library per process.
std::string Start(const std::string& path);
// `library` is a handle of dlopen.
std::string Start(void* library);

// To be called after each input. The first call ends the warm-up: what ran
// since Start() is forgotten, and the input is to be run again. At most two
// repetitions of an input. Always false without breakpoints.
bool RunAgain();

// Arms all blocks before every input instead: each run then shows all blocks
// that it reaches, as `-merge=1` wants to see. Each of them costs a trap, some
// microseconds.
void ArmBeforeEachInput();

struct Summary {
  bool instrumented = false;  // counts by itself
  size_t blocks = 0;          // with a breakpoint
  size_t seen = 0;            // of these, reached
  std::string text{};         // one line for a log
};
Summary Describe();

}  // namespace cpgcert::fuzz::coverage

#endif  // CPGCERT_FUZZ_COVERAGE_COVERAGE_H_
