// One input of reply_decoder, played to a library: the calls, each with the
// service's answer that its record says, and an end.
//
// What a call needs is done before it, with an honest service: a connection,
// the membership that cpg_leave ends, the iteration that goes on or ends. Each
// Call::kConnect ends the connection before it.

#ifndef CPGCERT_FUZZ_REPLIES_REPLY_SESSION_H_
#define CPGCERT_FUZZ_REPLIES_REPLY_SESSION_H_

#include <cstdint>
#include <string>
#include <vector>

#include "fuzz/replies/reply_input.h"
#include "fuzz/replies/reply_owed.h"
#include "harness/cpg_api.h"

namespace cpgcert::fuzz {

// What is not allowed, from what is easily lived with to the worst.
enum class ReplyProblem : uint8_t {
  kNone,
  kUnowedError,     // an error where CS_OK is owed, or another error
  kWrongValue,      // CS_OK as is owed, with another value
  kUnowedSuccess,   // CS_OK where an error is owed
  kNotTaken,        // CS_OK for a message that the service has not taken
  kOtherIteration,  // a request for another iteration than was given
  kMemoryBefore,    // bytes are written before the caller's memory
  kNotClosed,       // cpg_finalize leaves the connection open
  kDescriptors,     // one is left, or gone
};
// "an error that is not owed".
const char* NameOf(ReplyProblem kind);

// Everything that can be seen of a library.
struct PlayedReplies {
  std::vector<CallOutcome> outcomes{};  // of the calls that were made
  std::vector<Call> calls{};            // which these were
  // What is not allowed, the first of it, with what was owed and what came in
  // a line each; else "". Bytes written behind the caller's memory are a crash.
  std::string problem{};
  ReplyProblem kind = ReplyProblem::kNone;
  Call call = Call::kConnect;  // at which it was found
  bool operator==(const PlayedReplies&) const = default;
};

// What must not matter, the bytes behind a reply in a receiver's buffer and on
// the stack before the call, is `stale`. A call that the library lacks is left
// out.
PlayedReplies PlayReplies(const harness::CpgApi& api,
                          const std::vector<ReplyRecord>& records,
                          const std::vector<OwedReply>& owed, uint8_t stale);

// The first outcome that is not the same in both, a few lines.
std::string DescribeDifference(const PlayedReplies& first,
                               const PlayedReplies& second);
// The call that it is of.
Call CallOfDifference(const PlayedReplies& first, const PlayedReplies& second);

}  // namespace cpgcert::fuzz

#endif  // CPGCERT_FUZZ_REPLIES_REPLY_SESSION_H_
