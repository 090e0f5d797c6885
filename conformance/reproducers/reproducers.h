// Programs in plain C that show a defect of libcpg without this project.
//
// Each is a file NAME.c beside this one, and needs nothing but libcpg, which it
// is linked with (`cc NAME.c -lcpg`), and a corosync that admits it. One that
// kills corosync takes its process id as the argument. It prints one line and
// ends with 0 if all is as owed, 1 if the defect shows, 2 if it could not tell;
// a call that kills the caller is made in a child.

#ifndef CPGCERT_CONFORMANCE_REPRODUCERS_REPRODUCERS_H_
#define CPGCERT_CONFORMANCE_REPRODUCERS_REPRODUCERS_H_

#include <string_view>
#include <vector>

namespace cpgcert::conformance {

struct Reproducer {
  std::string_view name;     // as a line of the known deviations names it
  std::string_view program;  // its whole text
};

// By name.
const std::vector<Reproducer>& Reproducers();

// Null if there is none of that name.
const Reproducer* FindReproducer(std::string_view name);

}  // namespace cpgcert::conformance

#endif  // CPGCERT_CONFORMANCE_REPRODUCERS_REPRODUCERS_H_
