// What a shared object says of itself, read without running any of it.

#ifndef CPGCERT_HARNESS_IDENTITY_LIBRARY_IDENTITY_H_
#define CPGCERT_HARNESS_IDENTITY_LIBRARY_IDENTITY_H_

#include <string>
#include <vector>

namespace cpgcert::harness {

struct LibraryIdentity {
  std::string path;      // absolute, links resolved
  std::string sha256;    // lower-case hexadecimal
  std::string build_id;  // of the GNU note, lower-case hexadecimal, or ""
  // Those of CpgSymbols() that its dynamic symbol table defines.
  std::vector<std::string> cpg_symbols;
};

// Reads `path`. Returns "" or one line that says why it cannot be judged: no
// such file, unreadable, not an ELF shared object, of another architecture,
// without any symbol of libcpg.
std::string Identify(const std::string& path, LibraryIdentity* identity);

// The path of the libcpg that the loader of this machine finds, or an error
// line. Loads it, in a process of its own.
struct FoundLibrary {
  std::string path;
  std::string error;
};
FoundLibrary FindSystemLibrary();

}  // namespace cpgcert::harness

#endif  // CPGCERT_HARNESS_IDENTITY_LIBRARY_IDENTITY_H_
