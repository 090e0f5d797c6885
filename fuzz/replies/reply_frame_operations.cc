// Broken frames, and broken frames made whole.

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "fuzz/mutation/boundary_values.h"
#include "fuzz/replies/reply_operations.h"
#include "fuzz/replies/reply_parts.h"
#include "harness/wire/wire.h"

namespace cpgcert::fuzz {

namespace {

namespace wire = harness::wire;
constexpr auto kReply = wire::Kind::kReply;

// The size that the header tells follows, or does not.
void MaybeTellSize(ReplyScene* scene, std::string* reply) {
  if (scene->random.OneIn(2)) {
    wire::SetField(kReply, reply, "size", reply->size());
  }
}

// Ends the frame where a field begins, or behind that.
bool Cut(ReplyScene* scene, bool inside) {
  const auto at = PickAnswered(scene);
  if (!at.has_value()) return false;
  std::string& reply = scene->entries[*at].reply;
  const std::vector<wire::Field> fields = wire::Fields(kReply, reply);
  if (fields.empty()) return false;
  const wire::Field& field = scene->random.Of(fields);
  if (inside && field.size < 2) return false;
  const size_t into = inside ? scene->random.Between(1, field.size - 1) : 0;
  reply.resize(field.offset + into);
  MaybeTellSize(scene, &reply);
  return true;
}

bool CutAtField(ReplyScene* scene) { return Cut(scene, false); }
bool CutInsideField(ReplyScene* scene) { return Cut(scene, true); }

bool AppendBytes(ReplyScene* scene) {
  const auto at = PickAnswered(scene);
  const size_t room = scene->Room();
  if (!at.has_value() || room == 0) return false;
  std::string& reply = scene->entries[*at].reply;
  constexpr size_t kSizes[] = {1, 4, 8, 24, 136};
  reply.append(std::min(scene->random.Of(kSizes), room),
               static_cast<char>(scene->random.Number()));
  MaybeTellSize(scene, &reply);
  return true;
}

bool ChangeSize(ReplyScene* scene) {
  const auto at = PickAnswered(scene);
  if (!at.has_value()) return false;
  std::string& reply = scene->entries[*at].reply;
  const std::string before = reply;
  const uint64_t near[] = {reply.size() - 1, reply.size() + 1, reply.size() - 8,
                           reply.size() + 8};
  const uint64_t size = scene->random.OneIn(2)
                            ? scene->random.Of(near)
                            : scene->random.Of(kBoundaryNumbers);
  return wire::SetField(kReply, &reply, "size", size) && reply != before;
}

bool RepairFrame(ReplyScene* scene) {
  std::vector<size_t> broken;
  for (size_t i = 0; i < scene->entries.size(); ++i) {
    const ReplyEntry& entry = scene->entries[i];
    if (entry.call != Call::kConnect && !entry.reply.empty() &&
        !wire::ParseReply(entry.reply).message.has_value()) {
      broken.push_back(i);
    }
  }
  if (broken.empty()) return false;
  ReplyEntry& entry = scene->entries[scene->random.Of(broken)];
  entry.reply =
      ReplyMadeWhole(entry.call, std::move(entry.reply), &scene->random);
  return true;
}

// Any bytes in the place of those of a reply.
bool RawReply(ReplyScene* scene) {
  const auto at = PickAnswered(scene);
  if (!at.has_value()) return false;
  std::string& reply = scene->entries[*at].reply;
  const std::string before = reply;
  const size_t room = std::min<size_t>(scene->Room(), 64);
  if (!ChangeReplyBytes(&scene->random, &reply, reply.size() + room)) {
    return false;
  }
  MaybeTellSize(scene, &reply);
  return reply != before;
}

// Any bytes in the place of those of the input, the records' headers included.
bool RawInput(ReplyScene* scene) {
  std::string input = BuildReplyEntries(scene->entries);
  if (!ChangeReplyBytes(&scene->random, &input, scene->size_max)) return false;
  ReplyEntries changed = ParseReplyEntries(input);
  if (changed == scene->entries) return false;
  scene->entries = std::move(changed);
  return true;
}

}  // namespace

std::span<const ReplyOperation> ReplyFrameOperations() {
  using enum Trust;
  static constexpr ReplyOperation kOperations[] = {
      {"CutAtField", kHostile, 2, CutAtField},
      {"CutInsideField", kHostile, 2, CutInsideField},
      {"AppendBytes", kHostile, 2, AppendBytes},
      {"ChangeSize", kHostile, 2, ChangeSize},
      {"RepairFrame", kHostile, 16, RepairFrame},
      {"RawReply", kHostile, 5, RawReply},
      {"RawInput", kHostile, 2, RawInput},
  };
  return kOperations;
}

}  // namespace cpgcert::fuzz
