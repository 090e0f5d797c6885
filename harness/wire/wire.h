// The messages that libcpg and its service exchange through libqb.
//
// Every message is a header and fields in the byte order of the host, each
// field at a multiple of 8 bytes unless the drawing says otherwise; the bytes
// between are padding, without meaning and often not set. Source: observed,
// corosync 3.1.7 on 64 bits.
//
//   request header   16  int32 id @0, int32 size of the message @8
//   reply, event     24  the same, int32 error @16 (a cs_error_t)
//   name            136  uint32 length @0, 128 bytes @8
//   address          24  uint32 node @0, uint32 process @8, uint32 reason @16
//
// The fields of each message are drawn once, in wire.cc, in their order.

#ifndef CPGCERT_HARNESS_WIRE_WIRE_H_
#define CPGCERT_HARNESS_WIRE_WIRE_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace cpgcert::harness::wire {

inline constexpr size_t kRequestHeaderSize = 16;
inline constexpr size_t kReplyHeaderSize = 24;
inline constexpr size_t kNameMax = 128;
inline constexpr size_t kPathSize = 128;
// Addresses that a membership reply has room for; it always has that size.
inline constexpr size_t kMembershipMax = 384;
// The buffers for requests, replies and events, each.
inline constexpr size_t kBufferSize = size_t{1} << 20;
// Where the bytes of a message or fragment begin in its request.
inline constexpr size_t kMulticastOverhead = 40;
inline constexpr size_t kPartialOverhead = 56;

enum class RequestId : int32_t {
  kJoin = 0,
  kLeave = 1,
  kMulticast = 2,
  kMembership = 3,
  kLocalGet = 4,
  kIterationInitialize = 5,
  kIterationNext = 6,
  kIterationFinalize = 7,
  kFinalize = 8,
  kZeroCopyAllocate = 9,
  kZeroCopyFree = 10,
  kZeroCopyExecute = 11,
  kPartialMulticast = 12,
};

enum class ReplyId : int32_t {
  kJoin = 0,  // also of a refusal of any request, without more than the header
  kLeave = 1,
  kMulticast = 2,
  kMembership = 3,
  kLocalGet = 7,
  kIterationInitialize = 9,
  kIterationNext = 10,
  kIterationFinalize = 11,
  kFinalize = 12,
  kZeroCopyAllocate = 14,
  kZeroCopyFree = 15,
  kZeroCopyExecute = 16,
  kPartialSend = 18,
};

enum class EventId : int32_t {
  kConfiguration = 4,
  kDeliver = 5,
  kTotem = 13,
  kPartialDeliver = 17,
};

// Of a fragment.
enum class PartialType : uint32_t { kFirst = 1, kContinued = 2, kLast = 3 };
// Of an iteration.
enum class IterationType : uint32_t { kNameOnly = 1, kOneGroup = 2, kAll = 3 };

inline constexpr int32_t kOk = 1;  // CS_OK

struct Address {
  uint32_t node = 0;
  uint32_t process = 0;
  uint32_t reason = 0;
  bool operator==(const Address&) const = default;
};

// --- Requests ---------------------------------------------------------------

struct JoinRequest {
  std::string group{};  // at most kNameMax bytes, here as everywhere
  uint32_t process = 0;
  uint32_t flags = 0;
  bool operator==(const JoinRequest&) const = default;
};
struct LeaveRequest {
  std::string group{};
  uint32_t process = 0;
  bool operator==(const LeaveRequest&) const = default;
};
struct MulticastRequest {
  uint32_t guarantee = 0;
  std::string message{};
  bool operator==(const MulticastRequest&) const = default;
};
struct MembershipRequest {
  std::string group{};
  bool operator==(const MembershipRequest&) const = default;
};
struct LocalGetRequest {
  bool operator==(const LocalGetRequest&) const = default;
};
struct IterationInitializeRequest {
  // Without meaning, and anything at all on the wire, unless the type is
  // kOneGroup; empty then.
  std::string group{};
  uint32_t type = 0;
  bool operator==(const IterationInitializeRequest&) const = default;
};
struct IterationNextRequest {
  uint64_t iteration = 0;
  bool operator==(const IterationNextRequest&) const = default;
};
struct IterationFinalizeRequest {
  uint64_t iteration = 0;
  bool operator==(const IterationFinalizeRequest&) const = default;
};
struct FinalizeRequest {
  bool operator==(const FinalizeRequest&) const = default;
};
struct ZeroCopyAllocateRequest {
  uint64_t map_size = 0;
  std::string path{};  // less than kPathSize bytes
  bool operator==(const ZeroCopyAllocateRequest&) const = default;
};
struct ZeroCopyFreeRequest {
  uint64_t map_size = 0;
  uint64_t server_address = 0;
  bool operator==(const ZeroCopyFreeRequest&) const = default;
};
struct ZeroCopyExecuteRequest {
  uint64_t server_address = 0;
  bool operator==(const ZeroCopyExecuteRequest&) const = default;
};
struct PartialMulticastRequest {
  uint32_t guarantee = 0;
  uint32_t message_size = 0;  // of the whole message
  uint32_t type = 0;          // PartialType
  std::string fragment{};
  bool operator==(const PartialMulticastRequest&) const = default;
};

using Request =
    std::variant<JoinRequest, LeaveRequest, MulticastRequest, MembershipRequest,
                 LocalGetRequest, IterationInitializeRequest,
                 IterationNextRequest, IterationFinalizeRequest,
                 FinalizeRequest, ZeroCopyAllocateRequest, ZeroCopyFreeRequest,
                 ZeroCopyExecuteRequest, PartialMulticastRequest>;

// --- Replies ----------------------------------------------------------------

// Every reply that is no more than its header.
struct PlainReply {
  ReplyId id = ReplyId::kJoin;
  int32_t error = kOk;
  bool operator==(const PlainReply&) const = default;
};
struct MembershipReply {
  int32_t error = kOk;
  std::vector<Address> members{};  // at most kMembershipMax
  bool operator==(const MembershipReply&) const = default;
};
struct LocalGetReply {
  int32_t error = kOk;
  uint32_t node = 0;
  bool operator==(const LocalGetReply&) const = default;
};
struct IterationInitializeReply {
  int32_t error = kOk;
  uint64_t iteration = 0;
  bool operator==(const IterationInitializeReply&) const = default;
};
struct IterationNextReply {
  int32_t error = kOk;
  std::string group{};
  uint32_t node = 0;
  uint32_t process = 0;
  bool operator==(const IterationNextReply&) const = default;
};

using Reply = std::variant<PlainReply, MembershipReply, LocalGetReply,
                           IterationInitializeReply, IterationNextReply>;

// --- Events -----------------------------------------------------------------

struct ConfigurationEvent {
  std::string group{};
  std::vector<Address> members{};
  std::vector<Address> left{};
  std::vector<Address> joined{};
  bool operator==(const ConfigurationEvent&) const = default;
};
struct DeliverEvent {
  std::string group{};
  uint32_t node = 0;
  uint32_t process = 0;
  std::string message{};
  bool operator==(const DeliverEvent&) const = default;
};
struct TotemEvent {
  uint32_t ring_node = 0;
  uint64_t ring_sequence = 0;
  std::vector<uint32_t> nodes{};
  bool operator==(const TotemEvent&) const = default;
};
struct PartialDeliverEvent {
  std::string group{};
  uint32_t message_size = 0;
  uint32_t node = 0;
  uint32_t process = 0;
  uint32_t type = 0;  // PartialType
  std::string fragment{};
  bool operator==(const PartialDeliverEvent&) const = default;
};

using Event = std::variant<ConfigurationEvent, DeliverEvent, TotemEvent,
                           PartialDeliverEvent>;

// --- Bytes ------------------------------------------------------------------

// The same id means different things in the two directions.
enum class Kind { kRequest, kReply, kEvent };

// The bytes of a message; padding is zero. A name, path or list that is too
// long for its field is cut.
std::string Build(const Request& request);
std::string Build(const Reply& reply);
std::string Build(const Event& event);

// A message, or one line that says why the bytes are none.
template <class Message>
struct Parsed {
  std::optional<Message> message{};
  std::string error{};
};

// Accepts exactly the well-formed messages: a known id, a size that is that of
// `bytes`, names, counts and lengths that lie within it, no byte too many.
// Padding is not looked at. Reads nothing beyond `bytes`, whatever they are.
Parsed<Request> ParseRequest(std::string_view bytes);
Parsed<Reply> ParseReply(std::string_view bytes);
Parsed<Event> ParseEvent(std::string_view bytes);

// One field where it lies.
struct Field {
  std::string name{};  // "group.length", "members[3].node"
  size_t offset = 0;
  size_t size = 0;  // in bytes, less than it should be if the bytes end there
  std::string value{};  // as text
};

// The fields of any bytes, as far as they reach: an id that is not known has a
// header only, a list ends with the bytes. Bytes that no field covers are the
// last entry, "rest".
std::vector<Field> Fields(Kind kind, std::string_view bytes);

// All of it in one line: "join request: id 0, size 168, group.length 1, ...".
std::string Print(Kind kind, std::string_view bytes);

// Overwrites one field of 4 or 8 bytes. False if there is none of that name
// within the bytes: hostile messages are made from honest ones with this.
bool SetField(Kind kind, std::string* bytes, std::string_view name,
              uint64_t value);

// The header's; nothing if the bytes end before it.
std::optional<int32_t> IdOf(std::string_view bytes);
// Of a reply or event.
std::optional<int32_t> ErrorOf(std::string_view bytes);

}  // namespace cpgcert::harness::wire

#endif  // CPGCERT_HARNESS_WIRE_WIRE_H_
