// The planted faults and hostile libraries, as data. Generated from
// fault_table.bzl, reference/mutant_table.bzl and hostile/hostile_table.bzl,
// from which the libraries are built too.

#ifndef CONFORMANCE_FAULTS_FAULTS_H_
#define CONFORMANCE_FAULTS_FAULTS_H_

#include <ostream>
#include <vector>

namespace cpgcert::faults {

// A faithful libcpg but for one fault, built as the runfile
// conformance/faults/<folder><name>.so.
struct Fault {
  // Of what it is made: "" a layer over the real libcpg, "reference/" the
  // reference with one place of its source altered.
  const char* folder;
  const char* name;
  // The id of the requirement that it breaks.
  const char* requirement;
  // Of the cases that catch it: "fail", "crash", "hang", several of them with
  // '|' between, or "equivalent": no case can see it.
  const char* verdicts;
  // One sentence.
  const char* does;
  // Of an equivalent one: one sentence.
  const char* why_equivalent = "";
};

// For GoogleTest's messages.
inline void PrintTo(const Fault& fault, std::ostream* out) {
  *out << fault.folder << fault.name;
}

inline constexpr Fault kFaults[] = {
#include "conformance/faults/fault_table.inc"
#include "conformance/faults/mutant_table.inc"
};

// A requirement that none of them breaks.
struct WithoutFault {
  const char* requirement;
  const char* why;  // one sentence
};

inline const std::vector<WithoutFault> kWithoutFault = {
#include "conformance/faults/without_fault_table.inc"
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

// The runfile of the reference, the control of its mutants.
inline constexpr char kReference[] = "harness/reference/libcpg.so.4";

// The control of the layers: forwards everything, so its verdicts are the real
// library's. It needs the real library as they all do: libcpg.so.4, or the file
// that the environment variable CPGCERT_REAL_LIBCPG names.
inline constexpr char kUnfaulted[] = "conformance/faults/unfaulted.so";

}  // namespace cpgcert::faults

#endif  // CONFORMANCE_FAULTS_FAULTS_H_
