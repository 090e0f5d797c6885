// What cpg_dispatch decodes: any events, of any kind and length, in any order,
// to a connection that has not joined (fuzz/events/event_input.h).
//
// Must hold:
//   - nothing crashes or hangs, or reads or writes beyond what arrived
//   - the callbacks are those that are owed for the events, in their order,
//     and every byte that they are given is there (events/owed_events.h)
//   - an event that is not well-formed makes no callback, and a dispatch fail
//   - what lies in memory behind an event does not matter: an input does the
//     same over two different fillings of the library's buffer
//   - afterwards the connection can be finalized, and is closed then
//
// A library that does not bind to this process is given them by a libqb server
// (events/event_server.h); what lies behind an event is left alone there.

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "fuzz/coverage/coverage.h"
#include "fuzz/events/callback_trace.h"
#include "fuzz/events/event_input.h"
#include "fuzz/events/event_session.h"
#include "fuzz/events/mutator.h"
#include "fuzz/events/owed_events.h"
#include "fuzz/events/server_transport.h"
#include "fuzz/events/tier.h"
#include "fuzz/support/target_coverage.h"
#include "fuzz/support/target_options.h"
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
// The least trustworthy service that an input is left out for.
Trust trust_max = Trust::kHostile;
bool mutate_structure = true;
ServedTarget target;
// The input that was made last: it is trusted as it should be.
std::string made;

[[noreturn]] void Object(const std::vector<EventRecord>& records,
                         const std::string& problem) {
  std::fprintf(stderr, "%sevents:\n%s", problem.c_str(),
               DescribeEventInput(records).c_str());
  std::abort();
}

void JudgePlayed(const std::vector<EventRecord>& records,
                 const std::vector<OwedEvent>& owed, const Played& played) {
  if (!played.problem.empty()) Object(records, played.problem + "\n");
  const std::string judged =
      Judge(owed, played.trace, played.errors, played.unclear_errors);
  if (!judged.empty()) Object(records, judged);
}

void CheckInProcess(const std::vector<EventRecord>& records,
                    const std::vector<OwedEvent>& owed) {
  const Played first = PlayEvents(*target.api, records, owed, kFills[0]);
  const Played second = PlayEvents(*target.api, records, owed, kFills[1]);
  JudgePlayed(records, owed, first);
  if (first != second) {
    Object(records,
           "call: cpg_dispatch; what lies behind an event in memory matters\n"
           "owed: " +
               DescribeTrace(first.trace) +
               "came: " + DescribeTrace(second.trace));
  }
}

void CheckServed(const std::vector<EventRecord>& records,
                 const std::vector<OwedEvent>& owed) {
  ServerTransport transport(target.server.get());
  JudgePlayed(records, owed,
              PlayEvents(*target.api, records, owed, &transport));
}

// Else it is not for this run.
bool IsPlayed(const std::vector<EventRecord>& records, std::string_view input) {
  return (trust_max == Trust::kHostile || input == made ||
          TierOf(records) <= trust_max) &&
         (target.server == nullptr || ServerTransport::Carries(records));
}

}  // namespace
}  // namespace cpgcert::fuzz

extern "C" int LLVMFuzzerInitialize(int* argc, char*** argv) {
  using namespace cpgcert::fuzz;  // NOLINT(google-build-using-namespace)
  const TargetOptions options = TakeTargetOptions(argc, argv);
  trust_max = options.trust;
  mutate_structure = options.mutate_structure;
  target = LoadServedTarget(options);
  StartCoverage(options);
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace cpgcert::fuzz;  // NOLINT(google-build-using-namespace)
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const std::vector<EventRecord> records = ParseEventInput(input);
  if (!IsPlayed(records, input)) return -1;
  const std::vector<OwedEvent> owed = OwedFor(records);
  do {
    if (target.server == nullptr) {
      CheckInProcess(records, owed);
    } else {
      CheckServed(records, owed);
    }
  } while (coverage::RunAgain());
  return 0;
}

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size,
                                          size_t size_max, unsigned seed) {
  using namespace cpgcert::fuzz;  // NOLINT(google-build-using-namespace)
  if (!mutate_structure) return MutateBytes(data, size, size_max);
  const size_t changed = Mutate(data, size, size_max, seed, trust_max);
  made.assign(reinterpret_cast<const char*>(data), changed);
  return changed;
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
  const size_t crossed =
      CrossOver(data1, size1, data2, size2, out, size_max, seed, trust_max);
  made.assign(reinterpret_cast<const char*>(out), crossed);
  return crossed;
}
