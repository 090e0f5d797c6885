// Broken frames, and broken frames made whole.

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "fuzz/events/event_parts.h"
#include "fuzz/events/operations.h"
#include "fuzz/mutation/boundary_values.h"

namespace cpgcert::fuzz {

namespace {

namespace wire = harness::wire;
constexpr auto kEvent = wire::Kind::kEvent;

// The size that the header tells follows, or does not.
void MaybeTellSize(Scene* scene, std::string* event) {
  if (scene->random.OneIn(2)) {
    wire::SetField(kEvent, event, "size", event->size());
  }
}

// Ends the frame `into` bytes behind where a field begins.
bool Cut(Scene* scene, bool inside) {
  const auto at = PickEntry(scene);
  if (!at.has_value()) return false;
  std::string& event = scene->entries[*at].event;
  const std::vector<wire::Field> fields = wire::Fields(kEvent, event);
  if (fields.empty()) return false;
  const wire::Field& field = scene->random.Of(fields);
  if (inside && field.size < 2) return false;
  const size_t into = inside ? scene->random.Between(1, field.size - 1) : 0;
  event.resize(field.offset + into);
  MaybeTellSize(scene, &event);
  return true;
}

bool CutAtField(Scene* scene) { return Cut(scene, false); }
bool CutInsideField(Scene* scene) { return Cut(scene, true); }

bool AppendBytes(Scene* scene) {
  const auto at = PickEntry(scene);
  const size_t room = scene->Room();
  if (!at.has_value() || room == 0) return false;
  std::string& event = scene->entries[*at].event;
  constexpr size_t kSizes[] = {1, 4, 8, 24, 128};
  event.append(std::min(scene->random.Of(kSizes), room),
               static_cast<char>(scene->random.Number()));
  MaybeTellSize(scene, &event);
  return true;
}

bool ChangeSize(Scene* scene) {
  const auto at = PickEntry(scene);
  if (!at.has_value()) return false;
  std::string& event = scene->entries[*at].event;
  const std::string before = event;
  const uint64_t near[] = {event.size() - 1, event.size() + 1, event.size() - 8,
                           event.size() + 8};
  const uint64_t size = scene->random.OneIn(2)
                            ? scene->random.Of(near)
                            : scene->random.Of(kBoundaryNumbers);
  return wire::SetField(kEvent, &event, "size", size) && event != before;
}

bool RepairFrame(Scene* scene) {
  std::vector<size_t> broken;
  for (size_t i = 0; i < scene->entries.size(); ++i) {
    if (!wire::ParseEvent(scene->entries[i].event).message.has_value()) {
      broken.push_back(i);
    }
  }
  if (broken.empty()) return false;
  std::string& event = scene->entries[scene->random.Of(broken)].event;
  event = MadeWhole(std::move(event), &scene->random);
  return true;
}

// Any bytes in the place of those of an event.
bool RawEvent(Scene* scene) {
  const auto at = PickEntry(scene);
  if (!at.has_value()) return false;
  std::string& event = scene->entries[*at].event;
  const size_t room = std::min<size_t>(scene->Room(), 64);
  if (!ChangeBytes(scene, &event, event.size() + room)) return false;
  MaybeTellSize(scene, &event);
  return true;
}

// Any bytes in the place of those of the input, the records' headers included.
bool RawInput(Scene* scene) {
  std::string input = BuildEntries(scene->entries);
  if (!ChangeBytes(scene, &input, scene->size_max)) return false;
  scene->entries = ParseEntries(input);
  return true;
}

}  // namespace

std::span<const Operation> FrameOperations() {
  using enum Tier;
  static constexpr Operation kOperations[] = {
      {"CutAtField", kHostile, 2, CutAtField},
      {"CutInsideField", kHostile, 2, CutInsideField},
      {"AppendBytes", kHostile, 2, AppendBytes},
      {"ChangeSize", kHostile, 2, ChangeSize},
      {"RepairFrame", kHostile, 16, RepairFrame},
      {"RawEvent", kHostile, 5, RawEvent},
      {"RawInput", kHostile, 2, RawInput},
  };
  return kOperations;
}

}  // namespace cpgcert::fuzz
