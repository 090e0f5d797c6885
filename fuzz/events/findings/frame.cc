#include "fuzz/events/findings/frame.h"

#include <algorithm>
#include <cstring>

namespace cpgcert::fuzz {

namespace {

namespace wire = harness::wire;

constexpr size_t kSizeOffset = 8;
constexpr size_t kNameOffset = wire::kReplyHeaderSize;
constexpr size_t kNameEnd = kNameOffset + 8 + wire::kNameMax;
constexpr uint64_t kAddress = 24;
constexpr uint64_t kNode = 4;
constexpr uint64_t kMax = 128;  // CPG_MEMBERS_MAX, CPG_MAX_NAME_LENGTH
constexpr size_t kTotemPadding = 4;

uint64_t NumberAt(std::string_view bytes, size_t offset) {
  uint32_t value = 0;
  if (bytes.size() >= offset + sizeof(value)) {
    std::memcpy(&value, bytes.data() + offset, sizeof(value));
  }
  return value;
}

// A count and the bytes that it is about.
struct Part {
  const char* field;
  size_t offset;     // of the count
  uint64_t element;  // bytes
  Relation beyond;
  Relation too_many;  // kId: any number is allowed
};

// In the order in which they follow the fixed part.
std::vector<Part> PartsOf(std::string_view bytes) {
  using enum Relation;
  switch (static_cast<wire::EventId>(wire::IdOf(bytes).value_or(-1))) {
    case wire::EventId::kConfiguration:
      return {
          {"member_count", kNameEnd, kAddress, kMembersBeyond, kMembersTooMany},
          {"left_count", kNameEnd + 16, kAddress, kLeftBeyond, kLeftTooMany},
          {"joined_count", kNameEnd + 8, kAddress, kJoinedBeyond,
           kJoinedTooMany}};
    case wire::EventId::kDeliver:
      return {{"message_size", kNameEnd, 1, kMessageBeyond, kId}};
    case wire::EventId::kTotem:
      return {{"node_count", 40, kNode, kNodesBeyond, kNodesTooMany}};
    case wire::EventId::kPartialDeliver:
      return {{"fragment_size", kNameEnd + 8, 1, kFragmentBeyond, kId}};
  }
  return {};
}

// What it is called when bytes are left over.
Relation ShortOf(std::string_view bytes) {
  switch (static_cast<wire::EventId>(wire::IdOf(bytes).value_or(-1))) {
    case wire::EventId::kDeliver:
      return Relation::kMessageShort;
    case wire::EventId::kTotem:
      return Relation::kNodesShort;
    case wire::EventId::kPartialDeliver:
      return Relation::kFragmentShort;
    default:
      return Relation::kListsShort;
  }
}

bool HasName(std::string_view bytes) {
  return wire::IdOf(bytes) != static_cast<int32_t>(wire::EventId::kTotem);
}

// Bytes behind the fixed part that are not padding.
size_t Following(std::string_view bytes) {
  const size_t end = HasName(bytes) ? 0 : kTotemPadding;
  const size_t fixed = FixedSize(bytes) - end;
  return bytes.size() - fixed - std::min(end, bytes.size() - fixed);
}

void CountRelations(std::string_view bytes, std::vector<Relation>* broken) {
  uint64_t left = Following(bytes);
  std::vector<Relation> too_many;
  for (const Part& part : PartsOf(bytes)) {
    const uint64_t count = NumberAt(bytes, part.offset);
    if (count * part.element > left) {
      broken->push_back(part.beyond);
      left = 0;
      break;
    }
    left -= count * part.element;
    if (part.too_many != Relation::kId && count > kMax) {
      too_many.push_back(part.too_many);
    }
  }
  if (left > 0) broken->push_back(ShortOf(bytes));
  // They count only if all of them are there.
  if (broken->empty()) *broken = too_many;
}

void FragmentRelations(std::string_view bytes, std::vector<Relation>* broken) {
  const uint64_t type = NumberAt(bytes, kNameEnd + 32);
  if (type < 1 || type > 3) broken->push_back(Relation::kFragmentType);
  if (NumberAt(bytes, kNameEnd + 8) > NumberAt(bytes, kNameEnd)) {
    broken->push_back(Relation::kFragmentLarger);
  }
}

// The fixed part with nothing behind it.
std::string Emptied(std::string_view bytes) {
  std::string frame(bytes);
  frame.resize(FixedSize(bytes));
  for (const Part& part : PartsOf(bytes)) {
    SetNumber(&frame, part.field, 0);
  }
  SetNumber(&frame, "size", frame.size());
  return frame;
}

// Bytes before this list; before the end of the last, for a field of no list.
size_t BeginOf(std::string_view bytes, std::string_view field) {
  size_t at = FixedSize(bytes) - (HasName(bytes) ? 0 : kTotemPadding);
  for (const Part& part : PartsOf(bytes)) {
    if (part.field == field) break;
    at += NumberAt(bytes, part.offset) * part.element;
  }
  return at;
}

// Cut or filled up with zeros, with that size; as it is if that is too large.
std::string OfSize(std::string_view bytes, size_t size) {
  std::string frame(bytes);
  if (size > wire::kBufferSize) return frame;
  frame.resize(size);
  SetNumber(&frame, "size", size);
  return frame;
}

// The list of that count cut, or filled up with zeros, to `count` entries.
std::string WithEntries(std::string_view bytes, const Part& part,
                        uint64_t count) {
  std::string frame(bytes);
  const size_t begin = BeginOf(bytes, part.field);
  const uint64_t before = NumberAt(bytes, part.offset);
  const size_t size = before * part.element;
  if (begin + size > frame.size()) return frame;
  std::string list = frame.substr(begin, size);
  list.resize(count * part.element);
  frame.replace(begin, size, list);
  SetNumber(&frame, part.field, count);
  SetNumber(&frame, "size", frame.size());
  return frame;
}

const Part* PartOf(Relation relation, const std::vector<Part>& parts) {
  for (const Part& part : parts) {
    if (part.beyond == relation || part.too_many == relation) return &part;
  }
  return parts.empty() ? nullptr : &parts.back();
}

// What this count would have to be, given what comes before.
uint64_t HonestCount(std::string_view bytes, const Part& part) {
  uint64_t left = Following(bytes);
  for (const Part& other : PartsOf(bytes)) {
    const uint64_t count = NumberAt(bytes, other.offset);
    if (std::string_view(other.field) == part.field) break;
    left -= std::min(left, count * other.element);
  }
  return left / part.element;
}

}  // namespace

size_t FixedSize(std::string_view bytes) {
  switch (static_cast<wire::EventId>(wire::IdOf(bytes).value_or(-1))) {
    case wire::EventId::kConfiguration:
    case wire::EventId::kDeliver:
      return kNameEnd + 24;
    case wire::EventId::kTotem:
      return 44 + kTotemPadding;
    case wire::EventId::kPartialDeliver:
      return kNameEnd + 40;
  }
  return wire::kReplyHeaderSize;
}

void SetNumber(std::string* bytes, std::string_view field, uint64_t value) {
  wire::SetField(wire::Kind::kEvent, bytes, field, value);
}

std::vector<Relation> FrameRelations(std::string_view bytes) {
  std::vector<Relation> broken;
  const bool known = EventKind(bytes) != "unknown";
  if (!known && bytes.size() >= wire::kReplyHeaderSize) {
    broken.push_back(Relation::kId);
  }
  const bool whole = bytes.size() >= FixedSize(bytes);
  if (!whole) broken.push_back(Relation::kFixedPart);
  if (bytes.size() >= kSizeOffset + 4 &&
      NumberAt(bytes, kSizeOffset) != bytes.size()) {
    broken.push_back(Relation::kSize);
  }
  if (!known || !whole) return broken;
  if (HasName(bytes) && NumberAt(bytes, kNameOffset) > kMax) {
    broken.push_back(Relation::kName);
  }
  std::vector<Relation> counts;
  CountRelations(bytes, &counts);
  broken.insert(broken.end(), counts.begin(), counts.end());
  if (wire::IdOf(bytes) ==
      static_cast<int32_t>(wire::EventId::kPartialDeliver)) {
    FragmentRelations(bytes, &broken);
  }
  return broken;
}

std::string HonestFrame(std::string_view bytes, Relation relation) {
  std::string frame(bytes);
  const std::vector<Part> parts = PartsOf(bytes);
  const Part* const part = PartOf(relation, parts);
  switch (relation) {
    case Relation::kId:
      return wire::Build(wire::Event(wire::DeliverEvent{.group = "g"}));
    case Relation::kFixedPart:
      frame.resize(std::max(frame.size(), FixedSize(bytes)));
      return Emptied(frame);
    case Relation::kSize:
      SetNumber(&frame, "size", frame.size());
      return frame;
    case Relation::kName:
      SetNumber(&frame, "group.length", kMax);
      return frame;
    case Relation::kListsShort:
      frame.resize(BeginOf(bytes, ""));
      SetNumber(&frame, "size", frame.size());
      return frame;
    case Relation::kNodesShort:
      SetNumber(&frame, part->field, HonestCount(bytes, *part));
      frame.resize(BeginOf(frame, "") + kTotemPadding);
      SetNumber(&frame, "size", frame.size());
      return frame;
    case Relation::kMembersTooMany:
    case Relation::kLeftTooMany:
    case Relation::kJoinedTooMany:
    case Relation::kNodesTooMany:
      return WithEntries(bytes, *part, kMax);
    case Relation::kFragmentType:
      SetNumber(&frame, "type",
                static_cast<uint32_t>(wire::PartialType::kFirst));
      return frame;
    case Relation::kFragmentLarger:
      SetNumber(&frame, "message_size", NumberAt(bytes, kNameEnd + 8));
      return frame;
    default:
      SetNumber(&frame, part->field, HonestCount(bytes, *part));
      return frame;
  }
}

std::string BareFrame(std::string_view bytes) {
  using wire::EventId;
  switch (static_cast<EventId>(wire::IdOf(bytes).value_or(-1))) {
    case EventId::kConfiguration:
      return wire::Build(wire::Event(wire::ConfigurationEvent{.group = "g"}));
    case EventId::kTotem:
      return wire::Build(wire::Event(wire::TotemEvent{}));
    case EventId::kPartialDeliver:
      return wire::Build(wire::Event(wire::PartialDeliverEvent{
          .group = "g",
          .type = static_cast<uint32_t>(wire::PartialType::kFirst)}));
    default:
      return wire::Build(wire::Event(wire::DeliverEvent{.group = "g"}));
  }
}

std::string HonestFrameByItsEnd(std::string_view bytes, Relation relation) {
  const std::vector<Part> parts = PartsOf(bytes);
  const Part* const part = PartOf(relation, parts);
  if (part == nullptr || part->too_many != relation) return std::string(bytes);
  std::string frame(bytes);
  const uint64_t count = NumberAt(bytes, part->offset);
  if (count <= kMax) return frame;
  frame.erase(BeginOf(bytes, part->field), (count - kMax) * part->element);
  SetNumber(&frame, part->field, kMax);
  SetNumber(&frame, "size", frame.size());
  return frame;
}

std::string FrameWithNumber(std::string_view bytes, Relation relation,
                            uint64_t value) {
  const std::vector<Part> parts = PartsOf(bytes);
  switch (relation) {
    case Relation::kMembersTooMany:
    case Relation::kLeftTooMany:
    case Relation::kJoinedTooMany:
    case Relation::kNodesTooMany:
      return WithEntries(bytes, *PartOf(relation, parts), value);
    default:
      break;
  }
  std::string frame(bytes);
  SetNumber(&frame, TextOf(relation).field, value);
  return frame;
}

std::string BarelyBrokenFrame(std::string_view bytes, Relation relation) {
  const std::vector<Part> parts = PartsOf(bytes);
  switch (relation) {
    case Relation::kSize:
      return FrameWithNumber(bytes, relation, bytes.size() + 1);
    case Relation::kName:
    case Relation::kMembersTooMany:
    case Relation::kLeftTooMany:
    case Relation::kJoinedTooMany:
    case Relation::kNodesTooMany:
      return FrameWithNumber(bytes, relation, kMax + 1);
    case Relation::kMessageBeyond:
    case Relation::kMembersBeyond:
    case Relation::kLeftBeyond:
    case Relation::kJoinedBeyond:
    case Relation::kNodesBeyond:
    case Relation::kFragmentBeyond:
      return FrameWithNumber(bytes, relation,
                             HonestCount(bytes, *PartOf(relation, parts)) + 1);
    case Relation::kFragmentType:
      return FrameWithNumber(bytes, relation, 4);
    case Relation::kFixedPart:
      return OfSize(bytes, FixedSize(bytes) - 1);
    case Relation::kMessageShort:
    case Relation::kFragmentShort:
    case Relation::kListsShort:
    case Relation::kNodesShort:
      return OfSize(
          bytes, BeginOf(bytes, "") + (HasName(bytes) ? 1 : kTotemPadding + 1));
    case Relation::kFragmentLarger: {
      const uint64_t size = NumberAt(bytes, kNameEnd) + 1;
      std::string frame = OfSize(bytes, FixedSize(bytes) + size);
      if (frame != bytes) SetNumber(&frame, "fragment_size", size);
      return frame;
    }
    default:
      return std::string(bytes);
  }
}

}  // namespace cpgcert::fuzz
