#include "fuzz/replies/findings/reply_relation.h"

#include <corosync/corotypes.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <optional>
#include <string>
#include <utility>

#include "fuzz/replies/reply_owed.h"
#include "harness/wire/wire.h"

namespace cpgcert::fuzz {

namespace {

namespace wire = harness::wire;
constexpr auto kReply = wire::Kind::kReply;

constexpr size_t kSizeOffset = 8;
// Of member_count and of group.length, behind the header.
constexpr size_t kCountOffset = wire::kReplyHeaderSize;

constexpr std::array<ReplyRelationText, kReplyRelations> kTexts = {{
    {"id", "id of another reply or of none"},
    {"frame", "frame ends before its fields do"},
    {"frame", "frame goes on behind its fields"},
    {"size", "size is not that of the frame"},
    {"error", "error is no code"},
    {"member_count", "member_count beyond the room in the reply"},
    {"member_count", "member_count beyond the room of the caller"},
    {"group.length", "group.length beyond 128"},
    {"frame", "refused by a header alone"},
    {"error", "an error code"},
    {"answer", "an errno, or no reply"},
}};

std::optional<uint32_t> NumberAt(const std::string& bytes, size_t offset) {
  uint32_t value = 0;
  if (bytes.size() < offset + sizeof(value)) return std::nullopt;
  std::memcpy(&value, bytes.data() + offset, sizeof(value));
  return value;
}

void Set(const char* field, uint64_t value, ReplyEntry* entry) {
  wire::SetField(kReply, &entry->reply, field, value);
}

// The first number behind the header, whatever reply the id says it is.
void SetCount(uint32_t value, ReplyEntry* entry) {
  std::memcpy(&entry->reply[kCountOffset], &value, sizeof(value));
}

// CS_ERR_TRY_AGAIN and no more, whatever was asked for.
std::string Refusal() {
  return wire::Build(wire::Reply(
      wire::PlainReply{.id = wire::ReplyId::kJoin, .error = CS_ERR_TRY_AGAIN}));
}

bool IsRefusal(const ReplyEntry& entry) {
  return entry.call != Call::kJoin && entry.reply == Refusal();
}

bool MayAskWithoutEnd(const ReplyEntry& entry) {
  return entry.again == kAlways && OwedFor(RecordOf(entry)).ask_again_allowed;
}

int32_t OwnId(Call call) { return *wire::IdOf(HonestReply(call)); }

void CountRelations(const ReplyEntry& entry,
                    std::vector<ReplyRelation>* broken) {
  const uint32_t count = NumberAt(entry.reply, kCountOffset).value_or(0);
  if (entry.call == Call::kMembership && count > wire::kMembershipMax) {
    broken->push_back(ReplyRelation::kMembersBeyond);
  } else if (entry.call == Call::kMembership && count > entry.parameter) {
    broken->push_back(ReplyRelation::kMembersRoom);
  } else if (entry.call == Call::kIterationNext && count > wire::kNameMax) {
    broken->push_back(ReplyRelation::kName);
  }
}

// The frame as long as the call's reply; its size follows if it was true.
void Resize(ReplyEntry* entry) {
  const std::string& honest = HonestReply(entry->call);
  const bool told = NumberAt(entry->reply, kSizeOffset) == entry->reply.size();
  const size_t size = entry->reply.size();
  entry->reply.resize(std::min(size, honest.size()));
  entry->reply += honest.substr(entry->reply.size());
  if (told) Set("size", entry->reply.size(), entry);
}

}  // namespace

ReplyRelationText TextOf(ReplyRelation relation) {
  return kTexts.at(static_cast<size_t>(relation));
}

std::vector<ReplyRelation> BrokenRelations(const ReplyEntry& entry) {
  using enum ReplyRelation;
  if (entry.error < 0) return {kNoReply};
  if (entry.call == Call::kConnect) return {};
  if (entry.reply.empty()) return {kNoReply};
  if (IsRefusal(entry)) return {kRefusal};
  std::vector<ReplyRelation> broken;
  const std::string& bytes = entry.reply;
  const size_t fields = HonestReply(entry.call).size();
  const auto add = [&broken](bool is_broken, ReplyRelation relation) {
    if (is_broken) broken.push_back(relation);
  };
  const auto id = wire::IdOf(bytes);
  add(id.has_value() && *id != OwnId(entry.call), kId);
  add(bytes.size() < fields, kFixedPart);
  add(bytes.size() > fields, kBeyond);
  const auto size = NumberAt(bytes, kSizeOffset);
  add(size.has_value() && *size != bytes.size(), kSize);
  const auto code = wire::ErrorOf(bytes);
  const bool is_error = code.has_value() && IsErrorCode(*code);
  add(code.has_value() && *code != CS_OK && !is_error, kCode);
  CountRelations(entry, &broken);
  add(is_error, kErrorCode);
  return broken;
}

std::vector<BrokenReply> AllBrokenRelations(const ReplyEntries& entries) {
  std::vector<BrokenReply> all;
  bool lost = false;
  for (size_t at = 0; at < entries.size(); ++at) {
    const ReplyEntry& entry = entries[at];
    if (entry.call == Call::kConnect) lost = false;
    if (lost) all.push_back({at, ReplyRelation::kNoReply});
    lost = lost || MayAskWithoutEnd(entry);
  }
  for (size_t at = 0; at < entries.size(); ++at) {
    for (const ReplyRelation relation : BrokenRelations(entries[at])) {
      all.push_back({at, relation});
    }
  }
  return all;
}

ReplyEntry HonestEntry(Call call) {
  ReplyEntry entry{.call = call};
  if (call != Call::kConnect) entry.reply = HonestReply(call);
  if (call == Call::kMembership) entry.parameter = 1;  // that it has
  return entry;
}

ReplyEntry WithHonestValue(const ReplyEntry& entry, ReplyRelation relation) {
  ReplyEntry honest = entry;
  switch (relation) {
    case ReplyRelation::kId:
      Set("id", static_cast<uint32_t>(OwnId(entry.call)), &honest);
      break;
    case ReplyRelation::kFixedPart:
    case ReplyRelation::kBeyond:
      Resize(&honest);
      break;
    case ReplyRelation::kSize:
      Set("size", entry.reply.size(), &honest);
      break;
    case ReplyRelation::kCode:
    case ReplyRelation::kErrorCode:
      Set("error", CS_OK, &honest);
      break;
    case ReplyRelation::kMembersBeyond:
    case ReplyRelation::kMembersRoom:
      SetCount(static_cast<uint32_t>(
                   std::min<size_t>(entry.parameter, wire::kMembershipMax)),
               &honest);
      break;
    case ReplyRelation::kName:
      SetCount(wire::kNameMax, &honest);
      break;
    case ReplyRelation::kRefusal:
    case ReplyRelation::kNoReply:
      honest = HonestEntry(entry.call);
      honest.again = entry.again;
      honest.parameter = entry.parameter;
      break;
  }
  return honest;
}

ReplyEntries WithHonestValue(const ReplyEntries& entries,
                             const BrokenReply& broken) {
  ReplyEntries honest = entries;
  const std::vector<ReplyRelation> own = BrokenRelations(entries[broken.at]);
  if (std::ranges::find(own, broken.relation) != own.end()) {
    honest[broken.at] = WithHonestValue(entries[broken.at], broken.relation);
  } else {
    for (ReplyEntry& entry : honest) entry.again = 0;
  }
  return honest;
}

namespace {

// Changes of the honest entry of a call, each an example.
class ExampleList {
 public:
  explicit ExampleList(Call call) : honest_(HonestEntry(call)) {}

  void Field(const char* field, uint64_t value) {
    ReplyEntry entry = honest_;
    Set(field, value, &entry);
    if (entry != honest_) list_.push_back(std::move(entry));
  }
  // A frame of another length, which its size tells.
  void Length(size_t size) {
    ReplyEntry entry = honest_;
    entry.reply.resize(size);
    Set("size", size, &entry);
    list_.push_back(std::move(entry));
  }
  void Bytes(const std::string& reply) {
    ReplyEntry entry = honest_;
    entry.reply = reply;
    list_.push_back(std::move(entry));
  }
  void Errno(int32_t error, ErrorAt at, uint16_t parameter = 0) {
    list_.push_back({.call = honest_.call,
                     .at = at,
                     .parameter = std::max(parameter, honest_.parameter),
                     .error = -error});
  }
  std::vector<ReplyEntry> Take() { return std::move(list_); }

 private:
  const ReplyEntry honest_;
  std::vector<ReplyEntry> list_;
};

void AddErrnos(Call call, ExampleList* list) {
  if (call == Call::kConnect) {
    list->Errno(ECONNREFUSED, ErrorAt::kSend);
    list->Errno(EAGAIN, ErrorAt::kSend);
    return;
  }
  const uint16_t last = call == Call::kMulticast ? 1 : 0;
  for (uint16_t which = 0; which <= last; ++which) {
    for (const int32_t error : {ENOTCONN, EAGAIN, EINTR, ENOMEM, EBADE}) {
      list->Errno(error, ErrorAt::kSend, which);
      list->Errno(error, ErrorAt::kReceive, which);
    }
  }
  list->Bytes("");
}

void AddOtherIds(Call call, ExampleList* list) {
  // A reply of the same form comes first: it is well-formed.
  constexpr wire::ReplyId kIds[] = {
      wire::ReplyId::kLeave, wire::ReplyId::kFinalize, wire::ReplyId::kLocalGet,
      wire::ReplyId::kIterationInitialize};
  constexpr uint64_t kNoId = 99;
  for (const wire::ReplyId id : kIds) {
    ReplyEntry entry = HonestEntry(call);
    Set("id", static_cast<uint64_t>(id), &entry);
    if (wire::ParseReply(entry.reply).message.has_value()) {
      list->Field("id", static_cast<uint64_t>(id));
    }
  }
  list->Field("id", static_cast<uint64_t>(wire::ReplyId::kLeave));
  list->Field("id", kNoId);
}

}  // namespace

std::vector<ReplyEntry> Examples(Call call, ReplyRelation relation) {
  ExampleList list(call);
  if (call == Call::kConnect && relation != ReplyRelation::kNoReply) return {};
  const size_t fields = HonestReply(call).size();
  switch (relation) {
    case ReplyRelation::kId:
      AddOtherIds(call, &list);
      break;
    case ReplyRelation::kFixedPart:
      for (const size_t size : {fields - 8, wire::kReplyHeaderSize - 4,
                                wire::kReplyHeaderSize - 8, size_t{4}}) {
        list.Length(size);
      }
      if (fields > wire::kReplyHeaderSize) list.Length(wire::kReplyHeaderSize);
      break;
    case ReplyRelation::kBeyond:
      for (const size_t more : {8, 24, 4096}) list.Length(fields + more);
      break;
    case ReplyRelation::kSize:
      for (const uint64_t size : {fields + 1, fields - 1, size_t{0}}) {
        list.Field("size", size);
      }
      list.Field("size", UINT32_MAX);
      break;
    case ReplyRelation::kCode:
      for (const uint64_t code : {29, 101, 0}) list.Field("error", code);
      list.Field("error", UINT32_MAX);
      break;
    case ReplyRelation::kMembersBeyond:
      if (call != Call::kMembership) break;
      for (const uint64_t count :
           {uint64_t{wire::kMembershipMax + 1}, uint64_t{100'000},
            uint64_t{INT32_MAX}, uint64_t{UINT32_MAX}}) {
        list.Field("member_count", count);
      }
      break;
    case ReplyRelation::kMembersRoom:
      if (call != Call::kMembership) break;
      for (const uint64_t count :
           {size_t{2}, size_t{3}, size_t{100}, wire::kMembershipMax}) {
        list.Field("member_count", count);
      }
      break;
    case ReplyRelation::kName:
      if (call != Call::kIterationNext) break;
      for (const uint64_t length :
           {uint64_t{wire::kNameMax + 1}, uint64_t{UINT32_MAX}}) {
        list.Field("group.length", length);
      }
      break;
    case ReplyRelation::kRefusal:
      if (call != Call::kJoin) list.Bytes(Refusal());
      break;
    case ReplyRelation::kErrorCode:
      for (const uint64_t code : {CS_ERR_NOT_EXIST, CS_ERR_TRY_AGAIN,
                                  CS_ERR_BUSY, CS_ERR_NO_SECTIONS}) {
        list.Field("error", code);
      }
      break;
    case ReplyRelation::kNoReply:
      AddErrnos(call, &list);
      break;
  }
  return list.Take();
}

std::vector<ReplyEntries> ExampleInputs(Call call, ReplyRelation relation) {
  std::vector<ReplyEntries> inputs;
  for (const ReplyEntry& example : Examples(call, relation)) {
    inputs.push_back({example});
    if (relation != ReplyRelation::kBeyond) continue;
    for (const Call next : {Call::kLocalGet, Call::kMembership}) {
      inputs.push_back({example, HonestEntry(next)});
    }
  }
  return inputs;
}

}  // namespace cpgcert::fuzz
