// One input of reply_decoder, played to a library: the calls, each with the
// service's answer that its record says, and an end.
//
// What a call needs is done before it, with an honest service: a connection,
// the membership that cpg_leave ends, the iteration that goes on or ends. Each
// Call::kConnect ends the connection before it.

#ifndef CPGCERT_FUZZ_SUPPORT_REPLY_SESSION_H_
#define CPGCERT_FUZZ_SUPPORT_REPLY_SESSION_H_

#include <cstdint>
#include <string>
#include <vector>

#include "fuzz/support/reply_input.h"
#include "fuzz/support/reply_owed.h"
#include "harness/cpg_api.h"

namespace cpgcert::fuzz {

// Everything that can be seen of a library.
struct PlayedReplies {
  std::vector<CallOutcome> outcomes{};  // of the calls that were made
  // What is not allowed, the first of it: a verdict of Judge(); bytes written
  // before the caller's memory (behind it is a crash); an honest call that
  // failed; a request for another iteration than the service has given; a
  // connection or a descriptor that is left, or gone. Else "".
  std::string problem{};
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

}  // namespace cpgcert::fuzz

#endif  // CPGCERT_FUZZ_SUPPORT_REPLY_SESSION_H_
