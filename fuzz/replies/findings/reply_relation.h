// What an answer may be that is no plain success: relations between the fields
// of a reply that a receiver has to check before it believes them, and errors.
// One list, from which a finding gets its name, its honest value and its
// shadow.
//
// Every answer that is not what HonestReply() has the form of breaks at least
// one of them (fuzz/replies/reply_owed.h).

#ifndef CPGCERT_FUZZ_REPLIES_FINDINGS_REPLY_RELATION_H_
#define CPGCERT_FUZZ_REPLIES_FINDINGS_REPLY_RELATION_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "fuzz/replies/reply_input.h"
#include "fuzz/replies/reply_operations.h"

namespace cpgcert::fuzz {

enum class ReplyRelation : uint8_t {
  // Malformed, or not the reply to this call.
  kId,             // not that of the call's reply
  kFixedPart,      // the frame ends before the fields of the call's reply
  kBeyond,         // bytes behind these fields
  kSize,           // is not that of the frame
  kCode,           // neither CS_OK nor an error's
  kMembersBeyond,  // member_count: more than the reply has room for
  kMembersRoom,    // member_count: more than the caller has room for
  kName,           // is longer than 128 bytes
  // What a correct service may answer instead of success.
  kRefusal,    // CS_ERR_TRY_AGAIN in no more than a header
  kErrorCode,  // an error's
  kNoReply,    // an errno, or nothing comes; or the connection is refused
};
inline constexpr size_t kReplyRelations = 11;

struct ReplyRelationText {
  const char* field;   // as in wire::Fields(), or "frame", "answer"
  const char* broken;  // "size is not that of the frame"
};
ReplyRelationText TextOf(ReplyRelation relation);

// Those that an answer breaks, in the order of the list; an answer that never
// comes has no others than kNoReply.
std::vector<ReplyRelation> BrokenRelations(const ReplyEntry& entry);

struct BrokenReply {
  size_t at = 0;  // which entry
  ReplyRelation relation = ReplyRelation::kId;
};
// Those of all entries. Behind a call that may ask without end, and so loses
// its connection, every other one has no reply: that comes first.
std::vector<BrokenReply> AllBrokenRelations(const ReplyEntries& entries);

// The call, honestly answered, with the simplest parameter that it can have.
ReplyEntry HonestEntry(Call call);

// The answer with the honest value in the guilty field: that relation holds
// then. The rest stays as far as it can.
// REQUIRES: the relation is broken.
ReplyEntry WithHonestValue(const ReplyEntry& entry, ReplyRelation relation);
ReplyEntries WithHonestValue(const ReplyEntries& entries,
                             const BrokenReply& broken);

// Answers to this call that break this relation, from the least to the worst;
// none if its reply does not have it.
std::vector<ReplyEntry> Examples(Call call, ReplyRelation relation);
// As inputs. Behind a reply that is too long, and may be taken for that of the
// next call, there is one.
std::vector<ReplyEntries> ExampleInputs(Call call, ReplyRelation relation);

}  // namespace cpgcert::fuzz

#endif  // CPGCERT_FUZZ_REPLIES_FINDINGS_REPLY_RELATION_H_
