// What every fuzz target is told on its command line, and the library that it
// is about.
//
//   --libcpg FILE   the library; default: libcpg.so.4 in the program's folder,
//                   or else as the loader finds it
//   --trust TIER    conformant, consistent or hostile (the default): inputs
//                   that only a less trustworthy service sends are left out,
//                   and none are made
//   --mutate HOW    structure (the default): by what an input is made of; or
//                   bytes: by libFuzzer alone
//   --coverage HOW  blocks (the default): of the library (target_coverage.h);
//                   or none
//   --transport HOW in-process: over the qb_ipcc functions of this executable
//                   (harness/qb_in_process), to which the library must bind;
//                   or server: over a libqb server (event_server.h), which is
//                   slower; default: in-process if it can be
//
// All as "--name VALUE" or "--name=VALUE". Processes that libFuzzer starts
// (-fork, -jobs, -merge) get them through CPGCERT_FUZZ_LIBCPG,
// CPGCERT_FUZZ_TRUST, CPGCERT_FUZZ_MUTATE, CPGCERT_FUZZ_COVERAGE and
// CPGCERT_FUZZ_TRANSPORT. Under `bazel run`, files are relative to where it was
// called.

#ifndef CPGCERT_FUZZ_SUPPORT_TARGET_OPTIONS_H_
#define CPGCERT_FUZZ_SUPPORT_TARGET_OPTIONS_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "fuzz/events/event_server.h"
#include "fuzz/support/trust.h"
#include "harness/cpg_api.h"

namespace cpgcert::fuzz {

enum class Transport : uint8_t { kInProcess, kServer };

struct TargetOptions {
  std::string library = "libcpg.so.4";
  Trust trust = Trust::kHostile;
  bool mutate_structure = true;
  bool cover_blocks = true;
  std::optional<Transport> transport{};
};

// Takes the options out of the command line. Exits with status 2, and one
// line, if they make no sense.
TargetOptions TakeTargetOptions(int* argc, char*** argv);

// Loads the library. Exits with status 2, and one line, if that fails or it
// does not speak through this process (harness/qb_in_process).
std::unique_ptr<harness::CpgApi> LoadTarget(const TargetOptions& options);

// The same for a target that can do with a libqb server.
struct ServedTarget {
  std::unique_ptr<harness::CpgApi> api{};
  std::unique_ptr<EventServer> server{};  // null: in-process
};
// Starts a server if there is to be one, or the library does not bind, and
// says so in one line on stderr. Exits with status 2, and one line, if that is
// not possible either.
ServedTarget LoadServedTarget(const TargetOptions& options);

}  // namespace cpgcert::fuzz

#endif  // CPGCERT_FUZZ_SUPPORT_TARGET_OPTIONS_H_
