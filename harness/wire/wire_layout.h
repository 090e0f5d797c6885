// The fields of every message in their order: the one drawing that building,
// parsing and printing follow. For the three of them only; see wire.h.

#ifndef CPGCERT_HARNESS_WIRE_WIRE_LAYOUT_H_
#define CPGCERT_HARNESS_WIRE_WIRE_LAYOUT_H_

#include <optional>

#include "harness/wire/wire.h"

namespace cpgcert::harness::wire {

inline constexpr size_t kSlot = 8;
inline constexpr size_t kNameSize = kSlot + kNameMax;
inline constexpr size_t kAddressSize = 3 * kSlot;

// The message of this id with nothing in it; nothing if there is none.
std::optional<Request> EmptyRequest(int32_t id);
std::optional<Reply> EmptyReply(int32_t id);
std::optional<Event> EmptyEvent(int32_t id);

// "join request"; "" for an id that is not known.
std::string MessageName(Kind kind, int32_t id);

// An archive has these. U32 and U64 take a slot of 8 bytes, Packed 4; Count is
// the number of elements of a list or of bytes that comes later; Loose is a
// name that may be anything; Slots is a list with room for `max` addresses.

template <class Archive>
void Layout(Archive& a, JoinRequest& m) {
  a.Name("group", m.group);
  a.U32("process", m.process);
  a.U32("flags", m.flags);
}

template <class Archive>
void Layout(Archive& a, LeaveRequest& m) {
  a.Name("group", m.group);
  a.U32("process", m.process);
}

// The header of the multicasts is that of a reply: its third field is padding.
template <class Archive>
void Layout(Archive& a, MulticastRequest& m) {
  a.Padding(kSlot);
  a.U32("guarantee", m.guarantee);
  a.Count("message_size", m.message, 1);
  a.Bytes("message", m.message);
}

template <class Archive>
void Layout(Archive& a, MembershipRequest& m) {
  a.Name("group", m.group);
}

template <class Archive>
void Layout(Archive& /*a*/, LocalGetRequest& /*m*/) {}

template <class Archive>
void Layout(Archive& a, IterationInitializeRequest& m) {
  a.Loose("group", m.group);
  a.U32("type", m.type);
}

template <class Archive>
void Layout(Archive& a, IterationNextRequest& m) {
  a.U64("iteration", m.iteration);
}

template <class Archive>
void Layout(Archive& a, IterationFinalizeRequest& m) {
  a.U64("iteration", m.iteration);
}

template <class Archive>
void Layout(Archive& /*a*/, FinalizeRequest& /*m*/) {}

template <class Archive>
void Layout(Archive& a, ZeroCopyAllocateRequest& m) {
  a.U64("map_size", m.map_size);
  a.Path("path", m.path);
}

template <class Archive>
void Layout(Archive& a, ZeroCopyFreeRequest& m) {
  a.U64("map_size", m.map_size);
  a.U64("server_address", m.server_address);
}

template <class Archive>
void Layout(Archive& a, ZeroCopyExecuteRequest& m) {
  a.U64("server_address", m.server_address);
}

template <class Archive>
void Layout(Archive& a, PartialMulticastRequest& m) {
  a.Padding(kSlot);
  a.U32("guarantee", m.guarantee);
  a.U32("message_size", m.message_size);
  a.Count("fragment_size", m.fragment, 1);
  a.U32("type", m.type);
  a.Bytes("fragment", m.fragment);
}

template <class Archive>
void Layout(Archive& /*a*/, PlainReply& /*m*/) {}

template <class Archive>
void Layout(Archive& a, MembershipReply& m) {
  a.Count("member_count", m.members, kAddressSize);
  a.Slots("members", m.members, kMembershipMax);
}

template <class Archive>
void Layout(Archive& a, LocalGetReply& m) {
  a.U32("node", m.node);
}

template <class Archive>
void Layout(Archive& a, IterationInitializeReply& m) {
  a.U64("iteration", m.iteration);
}

template <class Archive>
void Layout(Archive& a, IterationNextReply& m) {
  a.Name("group", m.group);
  a.Packed("node", m.node);
  a.Packed("process", m.process);
}

// The counts are in another order than the lists.
template <class Archive>
void Layout(Archive& a, ConfigurationEvent& m) {
  a.Name("group", m.group);
  a.Count("member_count", m.members, kAddressSize);
  a.Count("joined_count", m.joined, kAddressSize);
  a.Count("left_count", m.left, kAddressSize);
  a.Addresses("members", m.members);
  a.Addresses("left", m.left);
  a.Addresses("joined", m.joined);
}

template <class Archive>
void Layout(Archive& a, DeliverEvent& m) {
  a.Name("group", m.group);
  a.Count("message_size", m.message, 1);
  a.U32("node", m.node);
  a.U32("process", m.process);
  a.Bytes("message", m.message);
}

// The list begins right behind its count, in the same slot, and 4 bytes of
// padding end the message.
template <class Archive>
void Layout(Archive& a, TotemEvent& m) {
  a.U32("ring_node", m.ring_node);
  a.U64("ring_sequence", m.ring_sequence);
  a.PackedCount("node_count", m.nodes);
  a.PackedList("nodes", m.nodes);
  a.Padding(kSlot / 2);
}

template <class Archive>
void Layout(Archive& a, PartialDeliverEvent& m) {
  a.Name("group", m.group);
  a.U32("message_size", m.message_size);
  a.Count("fragment_size", m.fragment, 1);
  a.U32("node", m.node);
  a.U32("process", m.process);
  a.U32("type", m.type);
  a.Bytes("fragment", m.fragment);
}

}  // namespace cpgcert::harness::wire

#endif  // CPGCERT_HARNESS_WIRE_WIRE_LAYOUT_H_
