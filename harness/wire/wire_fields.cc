// Looking at the bytes of a message field by field, whatever they are.

#include <fmt/core.h>

#include <algorithm>
#include <cctype>
#include <cstring>
#include <iterator>

#include "harness/wire/wire.h"
#include "harness/wire/wire_layout.h"

namespace cpgcert::harness::wire {

namespace {

// Bytes shown of a name or a message.
constexpr size_t kShownMax = 32;

std::string Quoted(std::string_view bytes) {
  std::string text = "\"";
  for (const char byte : bytes.substr(0, kShownMax)) {
    const auto code = static_cast<unsigned char>(byte);
    if (std::isprint(code) != 0 && byte != '"' && byte != '\\') {
      text += byte;
    } else {
      text += fmt::format("\\x{:02x}", code);
    }
  }
  return text + (bytes.size() > kShownMax ? "\"..." : "\"");
}

// Notes each field, and lets every length and count be what it says, within
// the bytes that are there.
class Lister {
 public:
  explicit Lister(std::string_view bytes) : bytes_(bytes) {}

  std::vector<Field> Finish() {
    if (at_ < bytes_.size()) {
      const std::string_view rest = bytes_.substr(at_);
      fields_.push_back({"rest", at_, rest.size(), Quoted(rest)});
    }
    return std::move(fields_);
  }

  void S32(const char* name) {
    const uint32_t value = Number<uint32_t>(name, kSlot);
    if (!fields_.empty() && fields_.back().name == name &&
        fields_.back().value != "cut") {
      fields_.back().value = fmt::format("{}", static_cast<int32_t>(value));
    }
  }
  void U32(const std::string& name, uint32_t& value) {
    value = Number<uint32_t>(name, kSlot);
  }
  void U64(const std::string& name, uint64_t& value) {
    value = Number<uint64_t>(name, kSlot);
  }
  void Packed(const std::string& name, uint32_t& value) {
    value = Number<uint32_t>(name, sizeof(uint32_t));
  }

  void Name(const std::string& name, std::string& /*text*/) {
    const size_t length = Number<uint32_t>(name + ".length", kSlot);
    Text(name, kNameMax, length);
  }
  void Loose(const char* name, std::string& text) { Name(name, text); }
  void Path(const char* name, std::string& /*text*/) {
    const std::string_view all = bytes_.substr(at_, kPathSize);
    Text(name, kPathSize, all.find('\0'));
  }

  template <class List>
  void Count(const char* name, List& list, size_t element) {
    const size_t count = Number<uint32_t>(name, kSlot);
    list.resize(std::min(count, Left() / element));
  }
  void PackedCount(const char* name, std::vector<uint32_t>& list) {
    const size_t count = Number<uint32_t>(name, sizeof(uint32_t));
    list.resize(std::min(count, Left() / sizeof(uint32_t)));
  }

  void Addresses(const char* name, std::vector<Address>& list) {
    for (size_t i = 0; i < list.size(); ++i) {
      const std::string entry = fmt::format("{}[{}]", name, i);
      U32(entry + ".node", list[i].node);
      U32(entry + ".process", list[i].process);
      U32(entry + ".reason", list[i].reason);
    }
  }
  void Slots(const char* name, std::vector<Address>& list, size_t max) {
    list.resize(std::min(list.size(), max));
    Addresses(name, list);
    Padding((max - list.size()) * kAddressSize);
  }
  void PackedList(const char* name, std::vector<uint32_t>& list) {
    for (size_t i = 0; i < list.size(); ++i) {
      Packed(fmt::format("{}[{}]", name, i), list[i]);
    }
  }
  void Bytes(const char* name, std::string& bytes) {
    const size_t size = std::min(bytes.size(), Left());
    Text(name, size, size);
  }
  void Padding(size_t size) { at_ += std::min(size, Left()); }

 private:
  size_t Left() const { return bytes_.size() - at_; }

  // Zero, and no field, if the bytes have ended.
  template <class Value>
  Value Number(const std::string& name, size_t room) {
    Value value = 0;
    const size_t size = std::min(sizeof(value), Left());
    if (size > 0) {
      std::memcpy(&value, &bytes_[at_], size);
      fields_.push_back(
          {name, at_, size,
           size < sizeof(value) ? "cut" : fmt::format("{}", value)});
    }
    at_ += std::min(room, Left());
    return value;
  }
  // `room` bytes, of which the first `length` count.
  void Text(const std::string& name, size_t room, size_t length) {
    const size_t size = std::min(room, Left());
    if (size > 0) {
      fields_.push_back({name, at_, size,
                         Quoted(bytes_.substr(at_, std::min(size, length)))});
    }
    at_ += size;
  }

  std::string_view bytes_;
  size_t at_ = 0;
  std::vector<Field> fields_;
};

template <class Variant>
void ListBody(std::optional<Variant> message, Lister* lister) {
  if (message.has_value()) {
    std::visit([lister](auto& alternative) { Layout(*lister, alternative); },
               *message);
  }
}

template <class Value>
std::optional<Value> ReadAt(std::string_view bytes, size_t offset) {
  Value value{};
  if (bytes.size() < offset + sizeof(value)) {
    return std::nullopt;
  }
  std::memcpy(&value, &bytes[offset], sizeof(value));
  return value;
}

std::string ReplyName(ReplyId id) {
  switch (id) {
    case ReplyId::kJoin:
      return "join";
    case ReplyId::kLeave:
      return "leave";
    case ReplyId::kMulticast:
      return "multicast";
    case ReplyId::kMembership:
      return "membership";
    case ReplyId::kLocalGet:
      return "local get";
    case ReplyId::kIterationInitialize:
      return "iteration initialize";
    case ReplyId::kIterationNext:
      return "iteration next";
    case ReplyId::kIterationFinalize:
      return "iteration finalize";
    case ReplyId::kFinalize:
      return "finalize";
    case ReplyId::kZeroCopyAllocate:
      return "zero copy allocate";
    case ReplyId::kZeroCopyFree:
      return "zero copy free";
    case ReplyId::kZeroCopyExecute:
      return "zero copy execute";
    case ReplyId::kPartialSend:
      return "partial send";
  }
  return "";
}

std::string EventName(EventId id) {
  switch (id) {
    case EventId::kConfiguration:
      return "configuration";
    case EventId::kDeliver:
      return "deliver";
    case EventId::kTotem:
      return "totem";
    case EventId::kPartialDeliver:
      return "partial deliver";
  }
  return "";
}

}  // namespace

std::optional<Request> EmptyRequest(int32_t id) {
  static const Request kAll[] = {JoinRequest{},
                                 LeaveRequest{},
                                 MulticastRequest{},
                                 MembershipRequest{},
                                 LocalGetRequest{},
                                 IterationInitializeRequest{},
                                 IterationNextRequest{},
                                 IterationFinalizeRequest{},
                                 FinalizeRequest{},
                                 ZeroCopyAllocateRequest{},
                                 ZeroCopyFreeRequest{},
                                 ZeroCopyExecuteRequest{},
                                 PartialMulticastRequest{}};
  if (id < 0 || static_cast<size_t>(id) >= std::size(kAll)) {
    return std::nullopt;
  }
  return kAll[id];
}

std::optional<Reply> EmptyReply(int32_t id) {
  const auto known = static_cast<ReplyId>(id);
  if (ReplyName(known).empty()) {
    return std::nullopt;
  }
  switch (known) {
    case ReplyId::kMembership:
      return MembershipReply{};
    case ReplyId::kLocalGet:
      return LocalGetReply{};
    case ReplyId::kIterationInitialize:
      return IterationInitializeReply{};
    case ReplyId::kIterationNext:
      return IterationNextReply{};
    default:
      return PlainReply{.id = known};
  }
}

std::optional<Event> EmptyEvent(int32_t id) {
  switch (static_cast<EventId>(id)) {
    case EventId::kConfiguration:
      return ConfigurationEvent{};
    case EventId::kDeliver:
      return DeliverEvent{};
    case EventId::kTotem:
      return TotemEvent{};
    case EventId::kPartialDeliver:
      return PartialDeliverEvent{};
  }
  return std::nullopt;
}

std::string MessageName(Kind kind, int32_t id) {
  static const char* const kRequests[] = {"join",
                                          "leave",
                                          "multicast",
                                          "membership",
                                          "local get",
                                          "iteration initialize",
                                          "iteration next",
                                          "iteration finalize",
                                          "finalize",
                                          "zero copy allocate",
                                          "zero copy free",
                                          "zero copy execute",
                                          "partial multicast"};
  std::string name;
  switch (kind) {
    case Kind::kRequest:
      name = EmptyRequest(id).has_value() ? kRequests[id] : "";
      return name + (name.empty() ? "" : " request");
    case Kind::kReply:
      name = ReplyName(static_cast<ReplyId>(id));
      return name + (name.empty() ? "" : " reply");
    case Kind::kEvent:
      name = EventName(static_cast<EventId>(id));
      return name + (name.empty() ? "" : " event");
  }
  return name;
}

std::vector<Field> Fields(Kind kind, std::string_view bytes) {
  Lister lister(bytes);
  lister.S32("id");
  lister.S32("size");
  const std::optional<int32_t> id = IdOf(bytes);
  if (kind != Kind::kRequest) {
    lister.S32("error");
  }
  if (id.has_value()) {
    switch (kind) {
      case Kind::kRequest:
        ListBody(EmptyRequest(*id), &lister);
        break;
      case Kind::kReply:
        ListBody(EmptyReply(*id), &lister);
        break;
      case Kind::kEvent:
        ListBody(EmptyEvent(*id), &lister);
        break;
    }
  }
  return lister.Finish();
}

std::string Print(Kind kind, std::string_view bytes) {
  std::string name = MessageName(kind, IdOf(bytes).value_or(-1));
  if (name.empty()) {
    name = kind == Kind::kRequest ? "unknown request"
           : kind == Kind::kReply ? "unknown reply"
                                  : "unknown event";
  }
  std::string text = fmt::format("{} of {} bytes:", name, bytes.size());
  const char* between = " ";
  for (const Field& field : Fields(kind, bytes)) {
    text += fmt::format("{}{} {}", between, field.name, field.value);
    between = ", ";
  }
  return text;
}

bool SetField(Kind kind, std::string* bytes, std::string_view name,
              uint64_t value) {
  for (const Field& field : Fields(kind, *bytes)) {
    if (field.name == name && (field.size == 4 || field.size == 8) &&
        field.value != "cut" && !field.value.starts_with('"')) {
      std::memcpy(&(*bytes)[field.offset], &value, field.size);
      return true;
    }
  }
  return false;
}

std::optional<int32_t> IdOf(std::string_view bytes) {
  return ReadAt<int32_t>(bytes, 0);
}

std::optional<int32_t> ErrorOf(std::string_view bytes) {
  return ReadAt<int32_t>(bytes, kRequestHeaderSize);
}

}  // namespace cpgcert::harness::wire
