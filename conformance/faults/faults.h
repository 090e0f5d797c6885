// The planted faults and hostile libraries, as data. Generated from
// fault_table.bzl and hostile/hostile_table.bzl, from which the libraries are
// built too.

#ifndef CONFORMANCE_FAULTS_FAULTS_H_
#define CONFORMANCE_FAULTS_FAULTS_H_

#include <ostream>

namespace cpgcert::faults {

// A faithful libcpg but for one fault, built as the runfile
// conformance/faults/<name>.so.
struct Fault {
  const char* name;
  // The id of the requirement that it breaks.
  const char* requirement;
  // One sentence.
  const char* does;
};

// For GoogleTest's messages.
inline void PrintTo(const Fault& fault, std::ostream* out) {
  *out << fault.name;
}

inline constexpr Fault kFaults[] = {
#include "conformance/faults/fault_table.inc"
};

// A library that attacks the process that loads it, built as the runfile
// conformance/faults/hostile/<name>.so.
struct Hostile {
  const char* name;
  // One sentence.
  const char* does;
};

inline void PrintTo(const Hostile& hostile, std::ostream* out) {
  *out << hostile.name;
}

inline constexpr Hostile kHostile[] = {
#include "conformance/faults/hostile_table.inc"
};

// The control: forwards everything, so its verdicts are the real library's.
// It needs the real library as they all do: libcpg.so.4, or the file that the
// environment variable CPGCERT_REAL_LIBCPG names.
inline constexpr char kUnfaulted[] = "conformance/faults/unfaulted.so";

}  // namespace cpgcert::faults

#endif  // CONFORMANCE_FAULTS_FAULTS_H_
