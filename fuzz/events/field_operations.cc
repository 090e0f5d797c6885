// Numbers, counts, names and contents of one event.

#include <algorithm>
#include <array>
#include <cstring>
#include <iterator>
#include <string>
#include <string_view>
#include <utility>

#include "fuzz/events/event_parts.h"
#include "fuzz/events/operations.h"
#include "fuzz/mutation/boundary_values.h"

namespace cpgcert::fuzz {

namespace {

namespace wire = harness::wire;
constexpr auto kEvent = wire::Kind::kEvent;

bool IsNumber(const wire::Field& field) {
  return (field.size == 4 || field.size == 8) && field.value != "cut" &&
         !field.value.starts_with('"');
}

// What says how much follows; "message_size" of a fragment does not.
bool IsCount(const wire::Field& field, bool is_fragment) {
  return field.name.ends_with(".length") || field.name.ends_with("_count") ||
         field.name == "fragment_size" ||
         (field.name == "message_size" && !is_fragment);
}

// A field of an entry, chosen among those that are `counts`, or else among the
// other numbers but for the header's id and size. Mostly among the first ones:
// otherwise it would hardly ever be another than one of a long list's, and
// listing them all takes long.
struct Chosen {
  size_t at = 0;
  wire::Field field;
};
std::optional<Chosen> PickField(Scene* scene, bool counts) {
  const auto at = PickEntry(scene);
  if (!at.has_value()) return std::nullopt;
  constexpr size_t kFirstBytes = 320;
  std::string_view event = scene->entries[*at].event;
  if (!scene->random.OneIn(8)) event = event.substr(0, kFirstBytes);
  const bool is_fragment =
      wire::IdOf(event) == static_cast<int32_t>(wire::EventId::kPartialDeliver);
  std::vector<wire::Field> fields = wire::Fields(kEvent, event);
  std::erase_if(fields, [&](const wire::Field& field) {
    return !IsNumber(field) || field.name == "id" || field.name == "size" ||
           IsCount(field, is_fragment) != counts;
  });
  if (fields.empty()) return std::nullopt;
  return Chosen{*at, std::move(scene->random.Of(fields))};
}

bool Set(Scene* scene, const Chosen& chosen, uint64_t value) {
  char* const field = &scene->entries[chosen.at].event[chosen.field.offset];
  const bool changes = std::memcmp(field, &value, chosen.field.size) != 0;
  std::memcpy(field, &value, chosen.field.size);
  return changes;
}

uint64_t NearOrBoundary(Scene* scene, const wire::Field& field) {
  const uint64_t value = std::stoull(field.value);
  switch (scene->random.Below(4)) {
    case 0:
      return value + 1;
    case 1:
      return value - 1;
    default:
      return scene->random.Of(kBoundaryNumbers);
  }
}

bool SetNumber(Scene* scene) {
  const auto chosen = PickField(scene, false);
  // A negative error is no number for stoull.
  if (!chosen.has_value() || chosen->field.value.starts_with('-')) return false;
  return Set(scene, *chosen, NearOrBoundary(scene, chosen->field));
}

// The frame stays as it is, and so need not fit any more.
bool SetCount(Scene* scene) {
  const auto chosen = PickField(scene, true);
  if (!chosen.has_value()) return false;
  const uint64_t value = std::stoull(chosen->field.value);
  RandomChoice& random = scene->random;
  switch (random.Below(6)) {
    case 0:
      return Set(scene, *chosen, value + 1);
    case 1:
      return Set(scene, *chosen, value - 1);
    case 2:
      // In 32 bits it has the same size, of elements of 4, 8 or 24 bytes.
      return Set(scene, *chosen, value + (random.Between(1, 7) << 29));
    case 3:
      return Set(scene, *chosen, value ^ (uint64_t{1} << random.Below(32)));
    default:
      return Set(scene, *chosen, random.Of(kBoundaryCounts));
  }
}

// As large as a list or text of `size` elements becomes: a boundary, or one
// more or less; no larger than there is room for.
size_t NewCount(Scene* scene, size_t size, size_t element) {
  const size_t max = size + scene->Room() / element;
  if (scene->random.OneIn(2)) {
    const bool more = size == 0 || scene->random.OneIn(2);
    return more ? std::min(size + 1, max) : size - 1;
  }
  std::vector<size_t> counts;
  std::ranges::copy(kBoundaryCounts, std::back_inserter(counts));
  std::erase_if(counts,
                [&](size_t count) { return count > max || count == size; });
  return counts.empty() ? size : scene->random.Of(counts);
}

template <class List>
bool ResizeList(Scene* scene, List* list, size_t element) {
  const size_t size = list->size();
  list->resize(NewCount(scene, size, element));
  return list->size() != size;
}

bool Resize(Scene* scene, wire::ConfigurationEvent* event) {
  const std::array lists = {&event->members, &event->left, &event->joined};
  std::vector<wire::Address>& list = *scene->random.Of(lists);
  const size_t size = list.size();
  constexpr size_t kAddressSize = 24;
  const bool resized = ResizeList(scene, &list, kAddressSize);
  for (size_t i = size; i < list.size(); ++i) {
    list[i] = {.node = 1, .process = static_cast<uint32_t>(5000 + i)};
    if (&list == &event->left) list[i].reason = 2;
    if (&list == &event->joined) {
      list[i].reason = 1;
      event->members.push_back({list[i].node, list[i].process, 0});
    }
  }
  return resized;
}
bool Resize(Scene* scene, wire::DeliverEvent* event) {
  return ResizeList(scene, &event->message, 1);
}
bool Resize(Scene* scene, wire::TotemEvent* event) {
  const size_t size = event->nodes.size();
  const bool resized = ResizeList(scene, &event->nodes, sizeof(uint32_t));
  for (size_t i = size; i < event->nodes.size(); ++i) {
    event->nodes[i] = static_cast<uint32_t>(5000 + i);
  }
  return resized;
}
bool Resize(Scene* scene, wire::PartialDeliverEvent* event) {
  return ResizeList(scene, &event->fragment, 1);
}

// The count, what it counts, and the frame together.
bool SetCountAndContents(Scene* scene) {
  auto found = PickEvent(scene);
  if (!found.has_value() ||
      !std::visit([scene](auto& event) { return Resize(scene, &event); },
                  found->event)) {
    return false;
  }
  Replace(scene, found->at, found->event);
  return true;
}

std::string OtherName(Scene* scene, const std::string& name) {
  constexpr size_t kLengths[] = {0, 1, 2, wire::kNameMax - 1, wire::kNameMax};
  if (scene->random.OneIn(2)) return AnyGroup(scene);
  std::string other = name;
  other.resize(scene->random.Of(kLengths), 'n');
  return other;
}

// Of one event, or of all that have that name.
bool ChangeGroup(Scene* scene) {
  const auto found = PickEvent(scene);
  if (!found.has_value()) return false;
  const bool all = scene->random.OneIn(2);
  bool changed = false;
  const auto rename = [&](size_t at, wire::Event event, const std::string& from,
                          const std::string& to) {
    std::visit(
        [&](auto& message) {
          if constexpr (requires { message.group; }) {
            if (message.group != from || from == to) return;
            message.group = to;
            changed = true;
          }
        },
        event);
    Replace(scene, at, event);
  };
  std::string from;
  std::visit(
      [&from](const auto& message) {
        if constexpr (requires { message.group; }) from = message.group;
      },
      found->event);
  const std::string to = OtherName(scene, from);
  if (!all) {
    rename(found->at, found->event, from, to);
    return changed;
  }
  for (size_t i = 0; i < scene->entries.size(); ++i) {
    const auto parsed = wire::ParseEvent(scene->entries[i].event);
    if (parsed.message.has_value()) rename(i, *parsed.message, from, to);
  }
  return changed;
}

// The contents of a message or fragment: all bytes are allowed there.
bool ChangeMessage(Scene* scene) {
  auto found = PickEvent(scene);
  if (!found.has_value()) return false;
  std::string* bytes = nullptr;
  size_t size_max = 0;
  if (auto* message = std::get_if<wire::DeliverEvent>(&found->event)) {
    bytes = &message->message;
    size_max = bytes->size() + std::min<size_t>(scene->Room(), 64);
  } else if (auto* fragment =
                 std::get_if<wire::PartialDeliverEvent>(&found->event)) {
    bytes = &fragment->fragment;
    size_max = bytes->size();
  }
  if (bytes == nullptr) return false;
  const std::string before = *bytes;
  if (!ChangeBytes(scene, bytes, size_max)) return false;
  // A fragment stays as large as its message needs it.
  if (std::holds_alternative<wire::PartialDeliverEvent>(found->event)) {
    bytes->resize(before.size(), 'f');
  }
  Replace(scene, found->at, found->event);
  return *bytes != before;
}

bool ChangeId(Scene* scene) {
  const auto at = PickEntry(scene);
  if (!at.has_value()) return false;
  std::string& event = scene->entries[*at].event;
  const std::string before = event;
  constexpr size_t kIdsEnd = 20;  // one more than all that are known, and some
  const uint64_t id = scene->random.OneIn(4)
                          ? scene->random.Of(kBoundaryNumbers)
                          : scene->random.Below(kIdsEnd);
  return wire::SetField(kEvent, &event, "id", id) && event != before;
}

}  // namespace

std::span<const Operation> FieldOperations() {
  using enum Tier;
  static constexpr Operation kOperations[] = {
      {"SetNumber", kConformant, 10, SetNumber},
      {"SetCount", kConsistent, 5, SetCount},
      {"SetCountAndContents", kConformant, 6, SetCountAndContents},
      {"ChangeGroup", kConformant, 5, ChangeGroup},
      {"ChangeMessage", kConformant, 6, ChangeMessage},
      {"ChangeId", kHostile, 2, ChangeId},
  };
  return kOperations;
}

}  // namespace cpgcert::fuzz
