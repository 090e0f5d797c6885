// What the calls of a library make of the service's replies: any bytes, or an
// errno, for each request (fuzz/replies/reply_input.h).
//
// Must hold:
//   - nothing crashes or hangs, or reads or writes beyond what arrived and what
//     the caller gave
//   - each call comes to what is owed for its reply: the code and the values of
//     a well-formed one, an error for any other (replies/reply_owed.h, where
//     what a library is free to do is said too)
//   - what lies in memory behind a reply, and on the stack before a call, does
//     not matter: an input does the same over two different fillings
//   - cpg_finalize closes the connection whatever comes, and no descriptor is
//     left, or gone

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "fuzz/coverage/coverage.h"
#include "fuzz/events/mutator.h"
#include "fuzz/replies/reply_input.h"
#include "fuzz/replies/reply_mutator.h"
#include "fuzz/replies/reply_owed.h"
#include "fuzz/replies/reply_session.h"
#include "fuzz/support/target_coverage.h"
#include "fuzz/support/target_options.h"
#include "harness/cpg_api.h"

namespace cpgcert::fuzz {
namespace {

constexpr uint8_t kStale[] = {0x00, 0x5a};
// The least trustworthy service that an input is left out for, and the library.
Trust trust_max = Trust::kHostile;
bool mutate_structure = true;
std::unique_ptr<harness::CpgApi> library;

[[noreturn]] void Object(const std::vector<ReplyRecord>& records,
                         const std::string& problem) {
  std::fprintf(stderr, "%s\ncalls:\n%s", problem.c_str(),
               DescribeReplyInput(records).c_str());
  std::abort();
}

bool IsTrusted(const std::vector<OwedReply>& owed) {
  for (const OwedReply& reply : owed) {
    if (reply.trust > trust_max) return false;
  }
  return true;
}

void Check(const std::vector<ReplyRecord>& records,
           const std::vector<OwedReply>& owed) {
  const PlayedReplies first = PlayReplies(*library, records, owed, kStale[0]);
  if (!first.problem.empty()) Object(records, first.problem);
  const PlayedReplies second = PlayReplies(*library, records, owed, kStale[1]);
  if (!second.problem.empty()) Object(records, second.problem);
  if (first != second) {
    Object(records, "owed: the same, whatever lies behind a reply in memory\n" +
                        DescribeDifference(first, second));
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
  const std::vector<ReplyRecord> records =
      ParseReplyInput({reinterpret_cast<const char*>(data), size});
  const std::vector<OwedReply> owed = OwedForAll(records);
  if (!IsTrusted(owed)) return -1;
  do {
    Check(records, owed);
  } while (coverage::RunAgain());
  return 0;
}

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size,
                                          size_t size_max, unsigned seed) {
  using namespace cpgcert::fuzz;  // NOLINT(google-build-using-namespace)
  return mutate_structure ? MutateReplies(data, size, size_max, seed, trust_max)
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
  return CrossOverReplies(data1, size1, data2, size2, out, size_max, seed,
                          trust_max);
}
