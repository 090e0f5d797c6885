#include "harness/reference/event_decoder.h"

#include <cstring>

namespace cpgcert::reference {

namespace {

// The fixed part at the beginning of a message, or null if the bytes end
// before it does.
template <class Layout>
const Layout* FixedPart(std::span<std::byte> bytes) {
  if (bytes.size() < sizeof(Layout)) return nullptr;
  return reinterpret_cast<const Layout*>(bytes.data());
}

std::vector<cpg_address> Addresses(std::span<const std::byte> bytes) {
  std::vector<cpg_address> addresses(bytes.size() / sizeof(wire::Address));
  const auto* from = reinterpret_cast<const wire::Address*>(bytes.data());
  for (cpg_address& address : addresses) {
    address = {from->nodeid.value, from->pid.value, from->reason.value};
    ++from;
  }
  return addresses;
}

cs_error_t DecodeMessage(std::span<std::byte> bytes, Event* event) {
  const auto* fixed = FixedPart<wire::DeliverEvent>(bytes);
  if (fixed == nullptr) return CS_ERR_MESSAGE_ERROR;
  Message& message = event->emplace<Message>();
  message.sender = {fixed->nodeid.value, fixed->pid.value};
  message.bytes = bytes.subspan(sizeof *fixed);
  if (!DecodeName(fixed->group, &message.group) ||
      fixed->size.value != message.bytes.size()) {
    return CS_ERR_MESSAGE_ERROR;
  }
  return CS_OK;
}

cs_error_t DecodeFragment(std::span<std::byte> bytes, Event* event) {
  const auto* fixed = FixedPart<wire::PartialDeliverEvent>(bytes);
  if (fixed == nullptr) return CS_ERR_MESSAGE_ERROR;
  const uint32_t position = fixed->position.value;
  Fragment fragment;
  fragment.sender = {fixed->nodeid.value, fixed->pid.value};
  fragment.message_size = fixed->size.value;
  fragment.bytes = bytes.subspan(sizeof *fixed);
  if (!DecodeName(fixed->group, &fragment.group) ||
      fixed->fragment_size.value != fragment.bytes.size() ||
      fragment.bytes.size() > fragment.message_size ||
      position < wire::kFirst || position > wire::kLast) {
    return CS_ERR_MESSAGE_ERROR;
  }
  fragment.position = static_cast<wire::Position>(position);
  *event = fragment;
  return CS_OK;
}

cs_error_t DecodeConfigurationChange(std::span<std::byte> bytes, Event* event) {
  const auto* fixed = FixedPart<wire::ConfigurationChangeEvent>(bytes);
  if (fixed == nullptr) return CS_ERR_MESSAGE_ERROR;
  const std::span<const std::byte> lists = bytes.subspan(sizeof *fixed);
  // 64 bits wide: no count of 32 bits can overflow these.
  const size_t members = sizeof(wire::Address) * fixed->member_count.value;
  const size_t left = sizeof(wire::Address) * fixed->left_count.value;
  const size_t joined = sizeof(wire::Address) * fixed->joined_count.value;
  ConfigurationChange change;
  if (!DecodeName(fixed->group, &change.group) ||
      members + left + joined != lists.size()) {
    return CS_ERR_MESSAGE_ERROR;
  }
  change.members = Addresses(lists.subspan(0, members));
  change.left = Addresses(lists.subspan(members, left));
  change.joined = Addresses(lists.subspan(members + left, joined));
  *event = std::move(change);
  return CS_OK;
}

cs_error_t DecodeTotemChange(std::span<std::byte> bytes, Event* event) {
  const auto* fixed = FixedPart<wire::TotemChangeEvent>(bytes);
  if (fixed == nullptr) return CS_ERR_MESSAGE_ERROR;
  const size_t nodes = sizeof(uint32_t) * fixed->count;
  if (bytes.size() != wire::kTotemNodesOffset + nodes + wire::kTotemPadding) {
    return CS_ERR_MESSAGE_ERROR;
  }
  TotemChange change;
  change.ring = {fixed->ring_nodeid.value, fixed->ring_sequence};
  change.nodes.resize(fixed->count);
  std::memcpy(change.nodes.data(), bytes.data() + wire::kTotemNodesOffset,
              nodes);
  *event = std::move(change);
  return CS_OK;
}

}  // namespace

bool DecodeName(const wire::Name& name, cpg_name* out) {
  if (name.length.value > CPG_MAX_NAME_LENGTH) return false;
  out->length = name.length.value;
  std::memcpy(out->value, name.bytes, sizeof out->value);
  return true;
}

cs_error_t DecodeEvent(std::span<std::byte> bytes, Event* event) {
  const auto* header = FixedPart<wire::ReplyHeader>(bytes);
  if (header == nullptr || header->size.value < 0 ||
      static_cast<size_t>(header->size.value) != bytes.size()) {
    return CS_ERR_MESSAGE_ERROR;
  }
  switch (header->id.value) {
    case wire::kDeliver:
      return DecodeMessage(bytes, event);
    case wire::kPartialDeliver:
      return DecodeFragment(bytes, event);
    case wire::kConfigurationChange:
      return DecodeConfigurationChange(bytes, event);
    case wire::kTotemChange:
      return DecodeTotemChange(bytes, event);
    default:
      return CS_ERR_LIBRARY;
  }
}

}  // namespace cpgcert::reference
