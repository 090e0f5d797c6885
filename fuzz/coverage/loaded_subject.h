// For tests: the subject, loaded, with what each of its functions answers.

#ifndef CPGCERT_FUZZ_COVERAGE_LOADED_SUBJECT_H_
#define CPGCERT_FUZZ_COVERAGE_LOADED_SUBJECT_H_

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "fuzz/coverage/breakpoints.h"
#include "fuzz/coverage/library_image.h"
#include "fuzz/coverage/subject/subject.h"

namespace cpgcert::fuzz::coverage {

// The file `name` of this package.
std::string RunfilePath(const std::string& name);

// One call, or a few, and all that came of it.
struct Probe {
  std::string name;
  std::function<std::string()> run;
};

struct LoadedSubject {
  std::string path;
  void* library = nullptr;
  LibraryImage image;
  BasicBlocks blocks;
  std::vector<Probe> probes;
  std::vector<std::string> answers;  // of the probes, without breakpoints
  Breakpoints* breakpoints = nullptr;

  uintptr_t Function(const char* name) const;
};

// With breakpoints, none of them armed. The first call makes it, and ends the
// test program if it cannot.
LoadedSubject& TheSubject();

}  // namespace cpgcert::fuzz::coverage

#endif  // CPGCERT_FUZZ_COVERAGE_LOADED_SUBJECT_H_
