// A fuzz target for a test: a puzzle in a library that was not built for
// fuzzing. It can be solved step by step if the steps are seen, else hardly
// ever. With PUZZLE_BLIND they are not seen.

#include <dlfcn.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "fuzz/coverage/coverage.h"
#include "fuzz/coverage/subject/subject.h"

namespace {

decltype(&subject_puzzle) puzzle = nullptr;

}  // namespace

extern "C" int LLVMFuzzerInitialize(int* /*count*/, char*** /*arguments*/) {
  const char* path = std::getenv("PUZZLE_LIBRARY");
  void* library = dlopen(path == nullptr ? "" : path, RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    std::fprintf(stderr, "%s\n", dlerror());
    std::exit(2);
  }
  puzzle = reinterpret_cast<decltype(puzzle)>(dlsym(library, "subject_puzzle"));
  if (std::getenv("PUZZLE_BLIND") == nullptr) {
    const std::string why = cpgcert::fuzz::coverage::Start(library);
    std::fprintf(stderr, "%s\n",
                 cpgcert::fuzz::coverage::Describe().text.c_str());
  }
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  bool solved = false;
  do {
    solved = puzzle(data, size);
  } while (cpgcert::fuzz::coverage::RunAgain());
  if (solved) {
    std::fprintf(stderr, "SOLVED\n");
    std::abort();
  }
  return 0;
}
