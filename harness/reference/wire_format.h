// The messages of CPG as they lie in memory, between a client and the service
// of corosync 3 on the same 64-bit machine: byte order of the host, every
// field at a multiple of 8 bytes.
//
// Only sizes and places are here. What may be believed of a message that came
// is said in event_decoder.h and reply_decoder.h.

#ifndef CPGCERT_HARNESS_REFERENCE_WIRE_FORMAT_H_
#define CPGCERT_HARNESS_REFERENCE_WIRE_FORMAT_H_

#include <corosync/cpg.h>

#include <cstddef>
#include <cstdint>

namespace cpgcert::reference::wire {

// A field that is followed by padding up to 8 bytes.
template <class Value>
struct alignas(8) Slot {
  Value value;
};

struct RequestHeader {
  Slot<int32_t> id;
  Slot<int32_t> size;  // of the whole message, in bytes
};

struct ReplyHeader {  // of events too
  Slot<int32_t> id;
  Slot<int32_t> size;
  Slot<int32_t> error;  // a cs_error_t
};

struct Name {
  Slot<uint32_t> length;
  char bytes[CPG_MAX_NAME_LENGTH];
};

struct Address {
  Slot<uint32_t> nodeid;
  Slot<uint32_t> pid;
  Slot<uint32_t> reason;
};

// --- Requests ---------------------------------------------------------------

enum RequestId : int32_t {
  kJoin = 0,
  kLeave = 1,
  kMulticast = 2,
  kMembership = 3,
  kLocalGet = 4,
  kIterationInitialize = 5,
  kIterationNext = 6,
  kIterationFinalize = 7,
  kFinalize = 8,
  kPartialMulticast = 12,
};

struct JoinRequest {
  RequestHeader header;
  Name group;
  Slot<uint32_t> pid;
  Slot<uint32_t> flags;  // of cpg_model_initialize
};

struct LeaveRequest {
  RequestHeader header;
  Name group;
  Slot<uint32_t> pid;
};

// The message follows. No reply comes.
struct MulticastRequest {
  ReplyHeader header;  // its error has no meaning
  Slot<uint32_t> guarantee;
  Slot<uint32_t> size;  // of the message
};

// The fragment follows.
struct PartialMulticastRequest {
  ReplyHeader header;
  Slot<uint32_t> guarantee;
  Slot<uint32_t> size;  // of the whole message
  Slot<uint32_t> fragment_size;
  Slot<uint32_t> position;  // a Position
};

enum Position : uint32_t { kFirst = 1, kContinued = 2, kLast = 3 };

struct MembershipRequest {
  RequestHeader header;
  Name group;
};

struct IterationInitializeRequest {
  RequestHeader header;
  Name group;
  Slot<uint32_t> type;  // a cpg_iteration_type_t
};

struct IterationRequest {  // next and finalize
  RequestHeader header;
  uint64_t iteration;
};

// --- Replies ----------------------------------------------------------------

enum ReplyId : int32_t {
  kJoinReply = 0,
  kLeaveReply = 1,
  kMembershipReply = 3,
  kLocalGetReply = 7,
  kIterationInitializeReply = 9,
  kIterationNextReply = 10,
  kIterationFinalizeReply = 11,
  kFinalizeReply = 12,
  kPartialMulticastReply = 18,
};

// A service that is too busy answers any request with this and
// CS_ERR_TRY_AGAIN.
inline constexpr int32_t kRefusalReply = 0;

inline constexpr size_t kMembersMax = 384;

struct MembershipReply {
  ReplyHeader header;
  Slot<uint32_t> count;
  Address members[kMembersMax];
};

struct LocalGetReply {
  ReplyHeader header;
  Slot<uint32_t> nodeid;
};

struct IterationInitializeReply {
  ReplyHeader header;
  uint64_t iteration;
};

struct IterationNextReply {
  ReplyHeader header;
  Name group;
  uint32_t nodeid;
  uint32_t pid;
};

// --- Events -----------------------------------------------------------------

enum EventId : int32_t {
  kConfigurationChange = 4,
  kDeliver = 5,
  kTotemChange = 13,
  kPartialDeliver = 17,
};

// The message follows.
struct DeliverEvent {
  ReplyHeader header;
  Name group;
  Slot<uint32_t> size;
  Slot<uint32_t> nodeid;
  Slot<uint32_t> pid;
};

// The fragment follows.
struct PartialDeliverEvent {
  ReplyHeader header;
  Name group;
  Slot<uint32_t> size;  // of the whole message
  Slot<uint32_t> fragment_size;
  Slot<uint32_t> nodeid;
  Slot<uint32_t> pid;
  Slot<uint32_t> position;
};

// The members, those who left and those who joined follow, in this order,
// which is not that of the counts.
struct ConfigurationChangeEvent {
  ReplyHeader header;
  Name group;
  Slot<uint32_t> member_count;
  Slot<uint32_t> joined_count;
  Slot<uint32_t> left_count;
};

// The nodes follow, 4 bytes each, from the byte behind `count`, and then
// kTotemPadding bytes.
struct TotemChangeEvent {
  ReplyHeader header;
  Slot<uint32_t> ring_nodeid;
  uint64_t ring_sequence;
  uint32_t count;
};
inline constexpr size_t kTotemNodesOffset =
    offsetof(TotemChangeEvent, count) + 4;
inline constexpr size_t kTotemPadding = 4;

static_assert(sizeof(Name) == 136 && sizeof(Address) == 24);
static_assert(sizeof(JoinRequest) == 168 && sizeof(LeaveRequest) == 160);
static_assert(sizeof(MulticastRequest) == 40);
static_assert(sizeof(PartialMulticastRequest) == 56);
static_assert(sizeof(IterationInitializeRequest) == 160);
static_assert(sizeof(IterationRequest) == 24);
static_assert(sizeof(MembershipReply) == 9248);
static_assert(sizeof(IterationNextReply) == 168);
static_assert(sizeof(DeliverEvent) == 184);
static_assert(sizeof(PartialDeliverEvent) == 200);
static_assert(sizeof(ConfigurationChangeEvent) == 184);
static_assert(kTotemNodesOffset == 44);

}  // namespace cpgcert::reference::wire

#endif  // CPGCERT_HARNESS_REFERENCE_WIRE_FORMAT_H_
