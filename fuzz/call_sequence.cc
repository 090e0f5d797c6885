// Programs of calls of the API, of what other members do, and of what goes
// wrong, on several handles and groups (fuzz/calls/program.h).
//
// Must hold:
//   - nothing crashes or hangs, or writes beyond what the caller gave
//   - each call answers what is owed in the state that the handle is in, by the
//     manual pages (calls/owed_results.h, where the freedoms are said too), and
//     what it made the service do is what it answered
//   - a dispatch runs the callbacks of its own connection that are owed, whole
//     and in their order (calls/owed_callbacks.h)
//   - calls inside callbacks work like others
//   - a call that failed has changed nothing, and a busy service can be asked
//     again
//   - a finalized handle is bad, and when everything is finalized no
//     connection, descriptor, thread, file or memory is left

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>

#include "fuzz/calls/call_mutator.h"
#include "fuzz/calls/program.h"
#include "fuzz/calls/session.h"
#include "fuzz/coverage/coverage.h"
#include "fuzz/support/target_coverage.h"
#include "fuzz/support/target_options.h"
#include "harness/cpg_api.h"

namespace cpgcert::fuzz {
namespace {

bool mutate_structure = true;
std::unique_ptr<harness::CpgApi> library;

void Check(const Program& program) {
  const PlayedCalls played = PlayCallsThoroughly(*library, program);
  if (played.problem.ok()) return;
  std::fprintf(stderr, "%sprogram:\n%s", Describe(played.problem).c_str(),
               Describe(program).c_str());
  std::abort();
}

}  // namespace
}  // namespace cpgcert::fuzz

extern "C" int LLVMFuzzerInitialize(int* argc, char*** argv) {
  using namespace cpgcert::fuzz;  // NOLINT(google-build-using-namespace)
  const TargetOptions options = TakeTargetOptions(argc, argv);
  mutate_structure = options.mutate_structure;
  library = LoadTarget(options);
  PrepareToPlayCalls();
  StartCoverage(options);
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace cpgcert::fuzz;  // NOLINT(google-build-using-namespace)
  const Program program =
      ParseProgram({reinterpret_cast<const char*>(data), size});
  do {
    Check(program);
  } while (coverage::RunAgain());
  return 0;
}

// libFuzzer's own; absent where it is not linked.
extern "C" __attribute__((weak)) size_t LLVMFuzzerMutate(uint8_t* data,
                                                         size_t size,
                                                         size_t size_max);

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size,
                                          size_t size_max, unsigned seed) {
  using namespace cpgcert::fuzz;  // NOLINT(google-build-using-namespace)
  if (!mutate_structure && LLVMFuzzerMutate != nullptr) {
    return LLVMFuzzerMutate(data, size, size_max);
  }
  return MutateCalls(data, size, size_max, seed);
}

extern "C" size_t LLVMFuzzerCustomCrossOver(const uint8_t* data1, size_t size1,
                                            const uint8_t* data2, size_t size2,
                                            uint8_t* out, size_t size_max,
                                            unsigned seed) {
  using namespace cpgcert::fuzz;  // NOLINT(google-build-using-namespace)
  // Half of all mutations would be crossings. Of bytes, libFuzzer's own mutator
  // makes them.
  constexpr unsigned kOneIn = 4;
  if (!mutate_structure || seed % kOneIn != 0) return 0;
  return CrossCalls(data1, size1, data2, size2, out, size_max, seed);
}
