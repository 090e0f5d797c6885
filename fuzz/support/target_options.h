// What every fuzz target is told on its command line, and the library that it
// is about.
//
//   --libcpg FILE   the library; default: libcpg.so.4, as the loader finds it
//   --trust TIER    conformant, consistent or hostile (the default): inputs
//                   that only a less trustworthy service sends are left out,
//                   and none are made
//   --mutate HOW    structure (the default): by the events (fuzz/mutation); or
//                   bytes: by libFuzzer alone
//
// All as "--name VALUE" or "--name=VALUE". Processes that libFuzzer starts
// (-fork, -jobs, -merge) get them through CPGCERT_FUZZ_LIBCPG,
// CPGCERT_FUZZ_TRUST and CPGCERT_FUZZ_MUTATE. Under `bazel run`, files are
// relative to where it was called.

#ifndef CPGCERT_FUZZ_SUPPORT_TARGET_OPTIONS_H_
#define CPGCERT_FUZZ_SUPPORT_TARGET_OPTIONS_H_

#include <memory>
#include <string>

#include "fuzz/support/owed_events.h"
#include "harness/cpg_api.h"

namespace cpgcert::fuzz {

struct TargetOptions {
  std::string library = "libcpg.so.4";
  Trust trust = Trust::kHostile;
  bool mutate_structure = true;
};

// Takes the options out of the command line. Exits with status 2, and one
// line, if they make no sense.
TargetOptions TakeTargetOptions(int* argc, char*** argv);

// Loads the library. Exits with status 2, and one line, if that fails or it
// does not speak through this process (harness/qb_in_process).
std::unique_ptr<harness::CpgApi> LoadTarget(const TargetOptions& options);

}  // namespace cpgcert::fuzz

#endif  // CPGCERT_FUZZ_SUPPORT_TARGET_OPTIONS_H_
