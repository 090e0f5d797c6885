// What the file of a shared object says of its code: sections, functions,
// the ranges that the unwinder knows, pointers that the loader fills in.

#ifndef CPGCERT_FUZZ_COVERAGE_LIBRARY_IMAGE_H_
#define CPGCERT_FUZZ_COVERAGE_LIBRARY_IMAGE_H_

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace cpgcert::fuzz::coverage {

// Addresses are those of the file: the loader adds where it put the library.
struct Section {
  std::string name;
  uint64_t address = 0;
  bool executable = false;
  bool writable = false;
  std::vector<uint8_t> bytes;  // none if it has none in the file

  bool Contains(uint64_t at) const {
    return at >= address && at - address < bytes.size();
  }
};

struct LibraryImage {
  std::vector<Section> sections;             // those that are loaded
  std::vector<uint64_t> exported_functions;  // of the dynamic symbol table
  std::map<uint64_t, std::string> slots;     // pointer -> imported symbol
  std::vector<uint64_t> pointers;            // values of pointers into itself
  // Built with SanitizerCoverage: it counts its blocks itself.
  bool instrumented = false;

  const Section* Find(std::string_view name) const;
  const Section* At(uint64_t address) const;
};

// Returns "" or one line that says why `path` cannot be read.
std::string ReadLibrary(const std::string& path, LibraryImage* image);

}  // namespace cpgcert::fuzz::coverage

#endif  // CPGCERT_FUZZ_COVERAGE_LIBRARY_IMAGE_H_
