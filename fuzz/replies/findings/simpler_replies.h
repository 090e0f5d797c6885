// Simpler versions of an input of reply_decoder: for making it as small and as
// honest as it can be.

#ifndef CPGCERT_FUZZ_REPLIES_FINDINGS_SIMPLER_REPLIES_H_
#define CPGCERT_FUZZ_REPLIES_FINDINGS_SIMPLER_REPLIES_H_

#include <vector>

#include "fuzz/replies/reply_operations.h"

namespace cpgcert::fuzz {

// With fewer calls; with honest answers; with fewer relations broken; with
// those that are broken as little as can be. None breaks a relation that the
// input does not (reply_relation.h). From each of them on there are fewer: it
// ends.
std::vector<ReplyEntries> SimplerReplies(const ReplyEntries& entries);

}  // namespace cpgcert::fuzz

#endif  // CPGCERT_FUZZ_REPLIES_FINDINGS_SIMPLER_REPLIES_H_
