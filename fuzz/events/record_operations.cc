// The sequence of events, and two inputs in one.

#include <algorithm>
#include <iterator>
#include <utility>

#include "fuzz/events/event_parts.h"
#include "fuzz/events/operations.h"

namespace cpgcert::fuzz {

namespace {

namespace wire = harness::wire;

ptrdiff_t Place(size_t at) { return static_cast<ptrdiff_t>(at); }

bool InsertEvent(Scene* scene) {
  const wire::Event event = AnyEvent(scene);
  Insert(scene, scene->random.Below(scene->entries.size() + 1), event);
  return true;
}

bool DeleteRecord(Scene* scene) {
  if (scene->entries.size() < 2) return false;
  scene->entries.erase(scene->entries.begin() + Place(*PickEntry(scene)));
  return true;
}

bool DuplicateRecord(Scene* scene) {
  const auto at = PickEntry(scene);
  if (!at.has_value()) return false;
  const Entry copy = scene->entries[*at];
  scene->entries.insert(
      scene->entries.begin() +
          Place(scene->random.Below(scene->entries.size() + 1)),
      copy);
  return true;
}

bool SwapRecords(Scene* scene) {
  if (scene->entries.size() < 2) return false;
  const size_t first = *PickEntry(scene);
  const size_t second = *PickEntry(scene);
  std::swap(scene->entries[first], scene->entries[second]);
  return scene->entries[first] != scene->entries[second];
}

bool MoveRecord(Scene* scene) {
  if (scene->entries.size() < 2) return false;
  const size_t from = *PickEntry(scene);
  Entry moved = std::move(scene->entries[from]);
  scene->entries.erase(scene->entries.begin() + Place(from));
  const size_t to = scene->random.Below(scene->entries.size() + 1);
  scene->entries.insert(scene->entries.begin() + Place(to), std::move(moved));
  return to != from;
}

bool ChangeDelivery(Scene* scene) {
  const auto at = PickEntry(scene);
  if (!at.has_value()) return false;
  Delivery& delivery = scene->entries[*at].delivery;
  const size_t other =
      static_cast<size_t>(delivery) + 1 + scene->random.Below(kDeliveries - 1);
  delivery = static_cast<Delivery>(other % kDeliveries);
  return true;
}

// --- Two inputs -------------------------------------------------------------

bool HasOther(const Scene* scene) {
  return scene->other != nullptr && !scene->other->empty();
}

// Some entries of the other between those of this one.
bool InsertRun(Scene* scene) {
  if (!HasOther(scene)) return false;
  const Entries& other = *scene->other;
  const size_t first = scene->random.Below(other.size());
  const size_t count =
      scene->random.Between(1, std::min<size_t>(other.size() - first, 4));
  scene->entries.insert(
      scene->entries.begin() +
          Place(scene->random.Below(scene->entries.size() + 1)),
      other.begin() + Place(first), other.begin() + Place(first + count));
  return true;
}

// The beginning of this one, the end of the other.
bool TakeTail(Scene* scene) {
  if (!HasOther(scene)) return false;
  const Entries& other = *scene->other;
  scene->entries.resize(scene->random.Below(scene->entries.size() + 1));
  scene->entries.insert(
      scene->entries.end(),
      other.begin() + Place(scene->random.Below(other.size())), other.end());
  return true;
}

// All of both, each in its own order.
bool Interleave(Scene* scene) {
  if (!HasOther(scene) || scene->entries.empty()) return false;
  Entries mixed;
  size_t mine = 0;
  size_t others = 0;
  while (mine < scene->entries.size() || others < scene->other->size()) {
    const bool take_mine =
        others == scene->other->size() ||
        (mine < scene->entries.size() && scene->random.OneIn(2));
    mixed.push_back(take_mine ? scene->entries[mine++]
                              : (*scene->other)[others++]);
  }
  scene->entries = std::move(mixed);
  return true;
}

bool ReplaceRecord(Scene* scene) {
  const auto at = PickEntry(scene);
  if (!HasOther(scene) || !at.has_value()) return false;
  scene->entries[*at] = scene->random.Of(*scene->other);
  return true;
}

// What is neither count nor name of one event, into another of its kind.
bool TakeContents(Scene* scene) {
  if (!HasOther(scene)) return false;
  const auto mine = PickEvent(scene);
  const auto other =
      wire::ParseEvent(scene->random.Of(*scene->other).event).message;
  if (!mine.has_value() || !other.has_value() ||
      mine->event.index() != other->index()) {
    return false;
  }
  wire::Event event = *other;
  std::visit(
      [&event](const auto& from) {
        if constexpr (requires { from.group; }) {
          std::get<std::decay_t<decltype(from)>>(event).group = from.group;
        }
      },
      mine->event);
  Replace(scene, mine->at, event);
  return true;
}

}  // namespace

Entries ParseEntries(std::string_view input) {
  Entries entries;
  for (const EventRecord& record : ParseEventInput(input)) {
    entries.push_back(
        {.delivery = record.delivery, .event = std::string(record.event)});
  }
  return entries;
}

namespace {

std::vector<EventRecord> Records(const Entries& entries) {
  std::vector<EventRecord> records;
  records.reserve(entries.size());
  for (const Entry& entry : entries) {
    records.push_back({.delivery = entry.delivery, .event = entry.event});
  }
  return records;
}

}  // namespace

std::string BuildEntries(const Entries& entries) {
  return BuildEventInput(Records(entries));
}

size_t InputSize(const Entries& entries) {
  size_t size = 0;
  for (const Entry& entry : entries) {
    size += kRecordHeaderSize + entry.event.size();
  }
  return size;
}

Tier TierOf(const Entries& entries) { return TierOf(Records(entries)); }

// Inputs would only grow otherwise.
bool DeleteRun(Scene* scene) {
  if (scene->entries.size() < 3) return false;
  const size_t count = scene->random.Between(2, scene->entries.size() - 1);
  const size_t first = scene->random.Below(scene->entries.size() - count + 1);
  const auto begin = scene->entries.begin() + Place(first);
  scene->entries.erase(begin, begin + Place(count));
  return true;
}

std::span<const Operation> RecordOperations() {
  using enum Tier;
  static constexpr Operation kOperations[] = {
      {"InsertEvent", kConformant, 12, InsertEvent},
      {"DeleteRecord", kConformant, 8, DeleteRecord},
      {"DeleteRun", kConformant, 3, DeleteRun},
      {"DuplicateRecord", kConformant, 4, DuplicateRecord},
      {"SwapRecords", kConformant, 4, SwapRecords},
      {"MoveRecord", kConformant, 4, MoveRecord},
      {"ChangeDelivery", kConformant, 8, ChangeDelivery},
  };
  return kOperations;
}

std::span<const Operation> CrossOperations() {
  using enum Tier;
  static constexpr Operation kOperations[] = {
      {"InsertRun", kConformant, 3, InsertRun},
      {"TakeTail", kConformant, 3, TakeTail},
      {"Interleave", kConformant, 3, Interleave},
      {"ReplaceRecord", kConformant, 2, ReplaceRecord},
      {"TakeContents", kConformant, 2, TakeContents},
  };
  return kOperations;
}

}  // namespace cpgcert::fuzz
