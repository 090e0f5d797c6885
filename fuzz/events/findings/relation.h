// The relations between the fields of events that a receiver has to check
// before it believes them: one list, from which a finding gets its name, its
// honest value and its shadow.
//
// Every input that harness/wire does not accept breaks at least one of them,
// and so does every series of fragments that makes no message.

#ifndef CPGCERT_FUZZ_EVENTS_FINDINGS_RELATION_H_
#define CPGCERT_FUZZ_EVENTS_FINDINGS_RELATION_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "fuzz/events/findings/sequence.h"

namespace cpgcert::fuzz {

// What is wrong. Lists are read in their order, members, left, joined: the one
// that first needs more bytes than are there is the guilty one.
enum class Relation : uint8_t {
  // Of any event.
  kId,         // no event has it
  kFixedPart,  // the frame ends before the fields that all of its kind have
  kSize,       // is not that of the frame
  kName,       // is longer than 128 bytes
  // Of one kind.
  kMessageBeyond,   // message_size: more than the bytes that follow
  kMessageShort,    // less
  kMembersBeyond,   // member_count: more than the bytes that follow
  kLeftBeyond,      // left_count
  kJoinedBeyond,    // joined_count
  kListsShort,      // bytes behind the lists that nothing counts
  kMembersTooMany,  // more than 128, all of them there
  kLeftTooMany,
  kJoinedTooMany,
  kNodesBeyond,     // node_count: more than the bytes that follow
  kNodesShort,      // less
  kNodesTooMany,    // more than 128, all of them there
  kFragmentBeyond,  // fragment_size: more than the bytes that follow
  kFragmentShort,   // less
  kFragmentType,    // neither first, continued nor last
  kFragmentLarger,  // than its message
  // Of fragments with each other.
  kOtherSize,        // of the message than in its first fragment
  kTogetherLarger,   // than their message
  kTogetherSmaller,  // than their message, and the last has come
  // What a correct service does too: a message whose last fragment has not
  // come when the connection ends.
  kUnfinished,
};
inline constexpr size_t kRelations = 24;

struct RelationText {
  const char* field;   // as in wire::Fields(), or "frame"
  const char* broken;  // "message_size > bytes that follow"
  const char* name;    // "message-size-beyond", for files
};
RelationText TextOf(Relation relation);

// Checked at one place for all kinds of events, as long as no library shows
// otherwise: kId to kSize.
bool IsOfEveryKind(Relation relation);

struct BrokenRelation {
  Relation relation = Relation::kId;
  size_t event = 0;  // where in the sequence
  bool operator==(const BrokenRelation&) const = default;
};

// All that are broken, by the order of events and then of the list above.
std::vector<BrokenRelation> BrokenRelations(const Sequence& sequence);

// The sequence with the honest value in the guilty field: that relation holds
// there then. The rest stays as far as it can.
Sequence WithHonestValue(const Sequence& sequence,
                         const BrokenRelation& broken);
// The same in another way, where there is one: of a list that is too long the
// end is left, not the beginning. Else nothing changes.
Sequence WithOtherHonestValue(const Sequence& sequence,
                              const BrokenRelation& broken);

// The same relation, broken as little as can be: by one byte, one entry.
// Nothing changes if there is no number to change.
Sequence BarelyBroken(const Sequence& sequence, const BrokenRelation& broken);

// The same relation broken by nothing but one bare event of the same kind.
// Empty if it takes more.
Sequence BrokenAlone(const Sequence& sequence, const BrokenRelation& broken);

// The same relation broken to other degrees: what it can lead to. Not all of
// them break it.
std::vector<Sequence> BrokenToOtherDegrees(const Sequence& sequence,
                                           const BrokenRelation& broken);

}  // namespace cpgcert::fuzz

#endif  // CPGCERT_FUZZ_EVENTS_FINDINGS_RELATION_H_
