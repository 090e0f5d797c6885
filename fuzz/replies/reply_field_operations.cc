// What is answered: errnos, codes, values, counts and names of one reply.

#include <corosync/corotypes.h>

#include <algorithm>
#include <iterator>
#include <limits>
#include <utility>
#include <vector>

#include "fuzz/mutation/boundary_values.h"
#include "fuzz/replies/reply_operations.h"
#include "fuzz/replies/reply_owed.h"
#include "fuzz/replies/reply_parts.h"
#include "harness/wire/wire.h"

namespace cpgcert::fuzz {

namespace {

namespace wire = harness::wire;
constexpr auto kReply = wire::Kind::kReply;

bool IsNumber(const wire::Field& field) {
  return (field.size == 4 || field.size == 8) && field.value != "cut" &&
         !field.value.starts_with('"');
}

bool IsHeader(const wire::Field& field) {
  return field.name == "id" || field.name == "size" || field.name == "error";
}

// What says how much follows.
bool IsCount(const wire::Field& field) {
  return field.name == "member_count" || field.name == "group.length";
}

// A number of an answer that is a count, or else a value.
struct ChosenField {
  ReplyEntry* entry = nullptr;
  wire::Field field;
};
std::optional<ChosenField> PickField(ReplyScene* scene, bool counts) {
  const auto at = PickAnswered(scene);
  if (!at.has_value()) return std::nullopt;
  ReplyEntry& entry = scene->entries[*at];
  std::vector<wire::Field> fields = wire::Fields(kReply, entry.reply);
  std::erase_if(fields, [counts](const wire::Field& field) {
    return !IsNumber(field) || IsHeader(field) || IsCount(field) != counts;
  });
  if (fields.empty()) return std::nullopt;
  return ChosenField{&entry, std::move(scene->random.Of(fields))};
}

bool Set(const std::string& field, uint64_t value, ReplyEntry* entry) {
  const std::string before = entry->reply;
  return wire::SetField(kReply, &entry->reply, field, value) &&
         entry->reply != before;
}

uint64_t Near(uint64_t value, RandomChoice* random) {
  return random->OneIn(2) ? value + 1 : value - 1;
}

bool SetValue(ReplyScene* scene) {
  const auto chosen = PickField(scene, false);
  if (!chosen.has_value()) return false;
  const uint64_t value =
      scene->random.OneIn(2)
          ? Near(std::stoull(chosen->field.value), &scene->random)
          : scene->random.Of(kBoundaryNumbers);
  return Set(chosen->field.name, value, chosen->entry);
}

// The frame stays as it is: a list and a name have all of their room there.
bool SetCount(ReplyScene* scene) {
  const auto chosen = PickField(scene, true);
  if (!chosen.has_value()) return false;
  const size_t room = chosen->entry->parameter;
  uint64_t value = scene->random.Of(kBoundaryCounts);
  switch (scene->random.Below(4)) {
    case 0:
      value = Near(std::stoull(chosen->field.value), &scene->random);
      break;
    case 1:
      value = scene->random.OneIn(2) ? room : room + 1;
      break;
    default:
      break;
  }
  return Set(chosen->field.name, value, chosen->entry);
}

// The room for members, as it lies beside their number.
bool FitRoom(ReplyScene* scene) {
  const auto chosen = PickField(scene, true);
  if (!chosen.has_value() || chosen->entry->call != Call::kMembership) {
    return false;
  }
  constexpr uint64_t kRoomMax = 399;
  const uint64_t count = std::stoull(chosen->field.value);
  const uint64_t rooms[] = {count, count + 1, count == 0 ? 0 : count - 1};
  const uint16_t before = chosen->entry->parameter;
  chosen->entry->parameter =
      static_cast<uint16_t>(std::min(scene->random.Of(rooms), kRoomMax));
  return chosen->entry->parameter != before;
}

bool SetCode(ReplyScene* scene) {
  const auto at = PickAnswered(scene);
  if (!at.has_value()) return false;
  const uint64_t code = scene->random.OneIn(4)
                            ? scene->random.Of(kBoundaryNumbers)
                            : static_cast<uint64_t>(AnyCode(&scene->random));
  return Set("error", code, &scene->entries[*at]);
}

bool SetErrno(ReplyScene* scene) {
  const auto at = PickReplyEntry(scene);
  if (!at.has_value()) return false;
  ReplyEntry& entry = scene->entries[*at];
  const ReplyEntry before = entry;
  entry.error = AnyErrno(&scene->random);
  entry.at = scene->random.OneIn(2) ? ErrorAt::kSend : ErrorAt::kReceive;
  entry.reply.clear();
  return entry != before;
}

bool NoAnswer(ReplyScene* scene) {
  const auto at = PickReplyEntry(scene);
  if (!at.has_value()) return false;
  ReplyEntry& entry = scene->entries[*at];
  const ReplyEntry before = entry;
  Answer("", &entry);
  return entry != before;
}

// What a service may answer to this call.
bool AnswerAnew(ReplyScene* scene) {
  const auto at = PickReplyEntry(scene);
  if (!at.has_value()) return false;
  ReplyEntry& entry = scene->entries[*at];
  if (entry.call == Call::kConnect) return false;
  const ReplyEntry before = entry;
  Answer(AnyReply(entry.call, entry.parameter, &scene->random), &entry);
  return entry != before;
}

// A refusal, whatever was asked for.
bool Refuse(ReplyScene* scene) {
  const auto at = PickReplyEntry(scene);
  if (!at.has_value()) return false;
  ReplyEntry& entry = scene->entries[*at];
  if (entry.call == Call::kConnect) return false;
  const ReplyEntry before = entry;
  Answer(
      wire::PlainReply{.id = wire::ReplyId::kJoin, .error = CS_ERR_TRY_AGAIN},
      &entry);
  return entry != before;
}

// Well-formed, but the reply to another call.
bool AnswerOfOtherCall(ReplyScene* scene) {
  const auto at = PickReplyEntry(scene);
  if (!at.has_value()) return false;
  ReplyEntry& entry = scene->entries[*at];
  if (entry.call == Call::kConnect) return false;
  const auto other = static_cast<Call>(scene->random.Between(1, kCalls - 1));
  if (other == entry.call) return false;
  Answer(AnyReply(other, kMembersMax, &scene->random), &entry);
  return true;
}

bool ChangeId(ReplyScene* scene) {
  const auto at = PickAnswered(scene);
  if (!at.has_value()) return false;
  constexpr size_t kIdsEnd = 20;  // one more than all that are known, and some
  const uint64_t id = scene->random.OneIn(4)
                          ? scene->random.Of(kBoundaryNumbers)
                          : scene->random.Below(kIdsEnd);
  return Set("id", id, &scene->entries[*at]);
}

// A name or list of another length, and the frame with it.
bool ChangeContents(ReplyScene* scene) {
  const auto at = PickAnswered(scene);
  if (!at.has_value()) return false;
  ReplyEntry& entry = scene->entries[*at];
  auto parsed = wire::ParseReply(entry.reply).message;
  if (!parsed.has_value()) return false;
  const std::string before = entry.reply;
  if (auto* next = std::get_if<wire::IterationNextReply>(&*parsed)) {
    next->group = AnyName(&scene->random);
    Answer(*next, &entry);
  } else if (auto* reply = std::get_if<wire::MembershipReply>(&*parsed)) {
    const size_t counts[] = {entry.parameter, entry.parameter + size_t{1},
                             reply->members.size() + 1,
                             scene->random.Below(wire::kMembershipMax + 1)};
    reply->members.resize(
        std::min(scene->random.Of(counts), wire::kMembershipMax),
        wire::Address{.node = 7, .process = 7});
    Answer(*reply, &entry);
  }
  return entry.reply != before;
}

}  // namespace

std::span<const ReplyOperation> ReplyFieldOperations() {
  using enum Trust;
  static constexpr ReplyOperation kOperations[] = {
      {"SetValue", kConformant, 6, SetValue},
      {"SetCount", kConformant, 6, SetCount},
      {"FitRoom", kConformant, 4, FitRoom},
      {"SetCode", kConformant, 8, SetCode},
      {"SetErrno", kConformant, 6, SetErrno},
      {"NoAnswer", kConformant, 2, NoAnswer},
      {"AnswerAnew", kConformant, 6, AnswerAnew},
      {"Refuse", kConformant, 3, Refuse},
      {"AnswerOfOtherCall", kConsistent, 5, AnswerOfOtherCall},
      {"ChangeId", kConsistent, 4, ChangeId},
      {"ChangeContents", kConformant, 5, ChangeContents},
  };
  return kOperations;
}

}  // namespace cpgcert::fuzz
