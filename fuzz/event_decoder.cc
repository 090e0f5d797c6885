// What cpg_dispatch decodes: any events, of any kind and length, in any order,
// to a connection that has not joined (fuzz/support/event_input.h).
//
// Must hold:
//   - nothing crashes or hangs, or reads or writes beyond what arrived
//   - the callbacks are those that are owed for the events, in their order,
//     and every byte that they are given is there (support/owed_events.h)
//   - an event that is not well-formed makes no callback, and a dispatch fail
//   - what lies in memory behind an event does not matter: an input does the
//     same over two different fillings of the library's buffer
//   - afterwards the connection can be finalized, and is closed then

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "fuzz/coverage/coverage.h"
#include "fuzz/mutation/mutator.h"
#include "fuzz/mutation/tier.h"
#include "fuzz/support/callback_trace.h"
#include "fuzz/support/event_input.h"
#include "fuzz/support/event_session.h"
#include "fuzz/support/owed_events.h"
#include "fuzz/support/target_coverage.h"
#include "fuzz/support/target_options.h"
#include "harness/cpg_api.h"
#include "harness/qb_in_process/in_process_service.h"

namespace cpgcert::fuzz {
namespace {

// More than a receiver looks at of an event that has ended, but for its lists
// and message; to fill all of its 1 MiB would take 100 times as long.
constexpr size_t kFillSize = 4096;
constexpr harness::StaleFill kFills[] = {
    {.pattern = 0x00, .size_max = kFillSize},
    {.pattern = 0x5a, .size_max = kFillSize},
};
// The least trustworthy service that an input is left out for, and the library.
Trust trust_max = Trust::kHostile;
bool mutate_structure = true;
std::unique_ptr<harness::CpgApi> library;

[[noreturn]] void Object(const std::vector<EventRecord>& records,
                         const std::string& problem) {
  std::fprintf(stderr, "%sevents:\n%s", problem.c_str(),
               DescribeEventInput(records).c_str());
  std::abort();
}

void Check(const std::vector<EventRecord>& records,
           const std::vector<OwedEvent>& owed) {
  const Played first = PlayEvents(*library, records, owed, kFills[0]);
  const Played second = PlayEvents(*library, records, owed, kFills[1]);
  if (!first.problem.empty()) Object(records, first.problem + "\n");
  const std::string judged =
      Judge(owed, first.trace, first.errors, first.unclear_errors);
  if (!judged.empty()) Object(records, judged);
  if (first != second) {
    Object(records,
           "call: cpg_dispatch; what lies behind an event in memory matters\n"
           "owed: " +
               DescribeTrace(first.trace) +
               "came: " + DescribeTrace(second.trace));
  }
}

}  // namespace
}  // namespace cpgcert::fuzz

extern "C" int LLVMFuzzerInitialize(int* argc, char*** argv) {
  using namespace cpgcert::fuzz;  // NOLINT(google-build-using-namespace)
  const TargetOptions options = TakeTargetOptions(argc, argv);
  trust_max = options.trust;
  mutate_structure = options.mutate_structure;
  library = LoadTarget(options);
  StartCoverage(options);
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace cpgcert::fuzz;  // NOLINT(google-build-using-namespace)
  const std::vector<EventRecord> records =
      ParseEventInput({reinterpret_cast<const char*>(data), size});
  if (trust_max != Trust::kHostile && TierOf(records) > trust_max) return -1;
  const std::vector<OwedEvent> owed = OwedFor(records);
  do {
    Check(records, owed);
  } while (coverage::RunAgain());
  return 0;
}

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size,
                                          size_t size_max, unsigned seed) {
  using namespace cpgcert::fuzz;  // NOLINT(google-build-using-namespace)
  return mutate_structure ? Mutate(data, size, size_max, seed, trust_max)
                          : MutateBytes(data, size, size_max);
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
  return CrossOver(data1, size1, data2, size2, out, size_max, seed, trust_max);
}
