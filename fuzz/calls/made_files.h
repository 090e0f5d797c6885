// The files that a library makes with mkstemp(3), which this program exports
// instead of the C library.

#ifndef CPGCERT_FUZZ_CALLS_MADE_FILES_H_
#define CPGCERT_FUZZ_CALLS_MADE_FILES_H_

#include <string>
#include <vector>

namespace cpgcert::fuzz {

// Those that still have their names, of all since the last call; they are
// removed.
std::vector<std::string> TakeMadeFiles();

}  // namespace cpgcert::fuzz

#endif  // CPGCERT_FUZZ_CALLS_MADE_FILES_H_
