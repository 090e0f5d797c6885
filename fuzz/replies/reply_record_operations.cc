// The sequence of calls, and two inputs in one.

#include <algorithm>
#include <utility>

#include "fuzz/replies/reply_operations.h"
#include "fuzz/replies/reply_owed.h"
#include "fuzz/replies/reply_parts.h"
#include "harness/wire/wire.h"

namespace cpgcert::fuzz {

namespace {

ptrdiff_t Place(size_t at) { return static_cast<ptrdiff_t>(at); }

bool InsertCall(ReplyScene* scene) {
  ReplyEntry entry = AnyReplyEntry(&scene->random);
  const size_t at = scene->random.Below(scene->entries.size() + 1);
  scene->entries.insert(scene->entries.begin() + Place(at), std::move(entry));
  return true;
}

bool DeleteCall(ReplyScene* scene) {
  if (scene->entries.size() < 2) return false;
  scene->entries.erase(scene->entries.begin() + Place(*PickReplyEntry(scene)));
  return true;
}

// Inputs would only grow otherwise.
bool DeleteRun(ReplyScene* scene) {
  if (scene->entries.size() < 3) return false;
  const size_t count = scene->random.Between(2, scene->entries.size() - 1);
  const size_t first = scene->random.Below(scene->entries.size() - count + 1);
  const auto begin = scene->entries.begin() + Place(first);
  scene->entries.erase(begin, begin + Place(count));
  return true;
}

bool DuplicateCall(ReplyScene* scene) {
  const auto at = PickReplyEntry(scene);
  if (!at.has_value()) return false;
  const ReplyEntry copy = scene->entries[*at];
  scene->entries.insert(
      scene->entries.begin() +
          Place(scene->random.Below(scene->entries.size() + 1)),
      copy);
  return true;
}

bool SwapCalls(ReplyScene* scene) {
  if (scene->entries.size() < 2) return false;
  ReplyEntry& first = scene->entries[*PickReplyEntry(scene)];
  ReplyEntry& second = scene->entries[*PickReplyEntry(scene)];
  std::swap(first, second);
  return first != second;
}

// The same answers, to another call.
bool ChangeCall(ReplyScene* scene) {
  const auto at = PickReplyEntry(scene);
  if (!at.has_value()) return false;
  ReplyEntry& entry = scene->entries[*at];
  const size_t other =
      static_cast<size_t>(entry.call) + 1 + scene->random.Below(kCalls - 1);
  entry.call = static_cast<Call>(other % kCalls);
  entry.parameter = AnyParameter(entry.call, &scene->random);
  return true;
}

bool ChangeParameter(ReplyScene* scene) {
  const auto at = PickReplyEntry(scene);
  if (!at.has_value()) return false;
  ReplyEntry& entry = scene->entries[*at];
  const uint16_t before = entry.parameter;
  entry.parameter = AnyParameter(entry.call, &scene->random);
  return entry.parameter != before;
}

bool ChangeAgain(ReplyScene* scene) {
  const auto at = PickReplyEntry(scene);
  if (!at.has_value()) return false;
  ReplyEntry& entry = scene->entries[*at];
  const size_t other = entry.again + 1 + scene->random.Below(kAlways);
  entry.again = static_cast<uint8_t>(other % (kAlways + 1));
  return true;
}

// --- Two inputs -------------------------------------------------------------

bool HasOther(const ReplyScene* scene) {
  return scene->other != nullptr && !scene->other->empty();
}

// Some entries of the other between those of this one.
bool InsertRun(ReplyScene* scene) {
  if (!HasOther(scene)) return false;
  const ReplyEntries& other = *scene->other;
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
bool TakeTail(ReplyScene* scene) {
  if (!HasOther(scene)) return false;
  const ReplyEntries& other = *scene->other;
  scene->entries.resize(scene->random.Below(scene->entries.size() + 1));
  scene->entries.insert(
      scene->entries.end(),
      other.begin() + Place(scene->random.Below(other.size())), other.end());
  return true;
}

bool ReplaceRecord(ReplyScene* scene) {
  const auto at = PickReplyEntry(scene);
  if (!HasOther(scene) || !at.has_value()) return false;
  const ReplyEntry before = scene->entries[*at];
  scene->entries[*at] = scene->random.Of(*scene->other);
  return scene->entries[*at] != before;
}

// The answer of a call of the other, to the same call of this one if there is
// one.
bool TakeAnswer(ReplyScene* scene) {
  auto at = PickReplyEntry(scene);
  if (!HasOther(scene) || !at.has_value()) return false;
  const ReplyEntry& from = scene->random.Of(*scene->other);
  for (size_t i = 0; i < scene->entries.size(); ++i) {
    if (scene->entries[i].call == from.call) at = i;
  }
  ReplyEntry& entry = scene->entries[*at];
  const ReplyEntry before = entry;
  entry = from;
  entry.call = before.call;
  entry.parameter = before.parameter;
  return entry != before;
}

}  // namespace

// --- Entries ----------------------------------------------------------------

ReplyEntries ParseReplyEntries(std::string_view input) {
  ReplyEntries entries;
  for (const ReplyRecord& record : ParseReplyInput(input)) {
    entries.push_back({.call = record.call,
                       .at = record.at,
                       .again = record.again,
                       .parameter = record.parameter,
                       .error = record.error,
                       .reply = std::string(record.reply)});
  }
  return entries;
}

ReplyRecord RecordOf(const ReplyEntry& entry) {
  return {.call = entry.call,
          .at = entry.at,
          .again = entry.again,
          .parameter = entry.parameter,
          .error = entry.error,
          .reply = entry.reply};
}

std::string BuildReplyEntries(const ReplyEntries& entries) {
  std::vector<ReplyRecord> records;
  records.reserve(entries.size());
  for (const ReplyEntry& entry : entries) records.push_back(RecordOf(entry));
  return BuildReplyInput(records);
}

size_t InputSize(const ReplyEntry& entry) {
  return kReplyRecordHeaderSize + (entry.error < 0 ? 0 : entry.reply.size());
}

size_t InputSize(const ReplyEntries& entries) {
  size_t size = 0;
  for (const ReplyEntry& entry : entries) size += InputSize(entry);
  return size;
}

Trust TrustOf(const ReplyEntry& entry) {
  return OwedFor(RecordOf(entry)).trust;
}

Trust TrustOf(const ReplyEntries& entries) {
  Trust worst = Trust::kConformant;
  for (const ReplyEntry& entry : entries) {
    worst = std::max(worst, TrustOf(entry));
  }
  return worst;
}

// --- Lists ------------------------------------------------------------------

std::span<const ReplyOperation> ReplyRecordOperations() {
  using enum Trust;
  static constexpr ReplyOperation kOperations[] = {
      {"InsertCall", kConformant, 12, InsertCall},
      {"DeleteCall", kConformant, 8, DeleteCall},
      {"DeleteRun", kConformant, 3, DeleteRun},
      {"DuplicateCall", kConformant, 3, DuplicateCall},
      {"SwapCalls", kConformant, 4, SwapCalls},
      {"ChangeCall", kConformant, 4, ChangeCall},
      {"ChangeParameter", kConformant, 4, ChangeParameter},
      {"ChangeAgain", kConformant, 4, ChangeAgain},
  };
  return kOperations;
}

std::span<const ReplyOperation> ReplyCrossOperations() {
  using enum Trust;
  static constexpr ReplyOperation kOperations[] = {
      {"InsertRun", kConformant, 3, InsertRun},
      {"TakeTail", kConformant, 3, TakeTail},
      {"ReplaceRecord", kConformant, 2, ReplaceRecord},
      {"TakeAnswer", kConformant, 3, TakeAnswer},
  };
  return kOperations;
}

}  // namespace cpgcert::fuzz
