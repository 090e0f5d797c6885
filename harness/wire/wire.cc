#include "harness/wire/wire.h"

#include <fmt/core.h>

#include <algorithm>
#include <cstring>

#include "harness/wire/wire_layout.h"

namespace cpgcert::harness::wire {

namespace {

// Most messages are smaller.
constexpr size_t kOrdinarySize = 512;

int32_t IdOfMessage(const Request& request) {
  // The alternatives are in the order of the ids.
  return static_cast<int32_t>(request.index());
}

int32_t IdOfMessage(const Event& event) {
  constexpr EventId kIds[] = {EventId::kConfiguration, EventId::kDeliver,
                              EventId::kTotem, EventId::kPartialDeliver};
  return static_cast<int32_t>(kIds[event.index()]);
}

int32_t IdOfMessage(const Reply& reply) {
  constexpr ReplyId kIds[] = {ReplyId::kJoin, ReplyId::kMembership,
                              ReplyId::kLocalGet, ReplyId::kIterationInitialize,
                              ReplyId::kIterationNext};
  const auto* plain = std::get_if<PlainReply>(&reply);
  return static_cast<int32_t>(plain == nullptr ? kIds[reply.index()]
                                               : plain->id);
}

// --- Building ---------------------------------------------------------------

class Writer {
 public:
  Writer() { out_.reserve(kOrdinarySize); }

  void U32(const char* /*name*/, uint32_t value) { Put(value, kSlot); }
  void U64(const char* /*name*/, uint64_t value) { Put(value, kSlot); }
  void Packed(const char* /*name*/, uint32_t value) { Put(value, 4); }

  void Name(const char* name, const std::string& text) {
    const size_t length = std::min(text.size(), kNameMax);
    U32(name, static_cast<uint32_t>(length));
    Text(text.substr(0, length), kNameMax);
  }
  void Loose(const char* name, const std::string& text) { Name(name, text); }
  // The last byte stays zero.
  void Path(const char* /*name*/, const std::string& text) {
    Text(text.substr(0, kPathSize - 1), kPathSize);
  }

  template <class List>
  void Count(const char* name, const List& list, size_t /*element*/) {
    U32(name, static_cast<uint32_t>(list.size()));
  }
  void PackedCount(const char* name, const std::vector<uint32_t>& list) {
    Packed(name, static_cast<uint32_t>(list.size()));
  }

  void Addresses(const char* name, const std::vector<Address>& list) {
    for (const Address& address : list) {
      U32(name, address.node);
      U32(name, address.process);
      U32(name, address.reason);
    }
  }
  void Slots(const char* name, const std::vector<Address>& list, size_t max) {
    Addresses(name, list);
    Padding((max - list.size()) * kAddressSize);
  }
  void PackedList(const char* name, const std::vector<uint32_t>& list) {
    for (const uint32_t value : list) {
      Packed(name, value);
    }
  }
  void Bytes(const char* /*name*/, const std::string& bytes) { out_ += bytes; }
  void Padding(size_t size) { out_.append(size, '\0'); }

  // Fills in the size of the whole.
  std::string Finish() {
    const auto size = static_cast<int32_t>(out_.size());
    std::memcpy(&out_[kSlot], &size, sizeof(size));
    return std::move(out_);
  }

 private:
  template <class Value>
  void Put(Value value, size_t room) {
    out_.append(reinterpret_cast<const char*>(&value), sizeof(value));
    Padding(room - sizeof(value));
  }
  void Text(const std::string& text, size_t room) {
    out_ += text;
    Padding(room - text.size());
  }

  std::string out_;
};

template <class Variant>
std::string BuildMessage(const Variant& message, const int32_t* error) {
  Writer writer;
  writer.U32("id", static_cast<uint32_t>(IdOfMessage(message)));
  writer.U32("size", 0);
  if (error != nullptr) {
    writer.U32("error", static_cast<uint32_t>(*error));
  }
  std::visit(
      [&writer]<class Message>(const Message& alternative) {
        // The drawing is made for archives that also fill messages in; this one
        // leaves them as they are.
        Layout(writer, const_cast<Message&>(alternative));
      },
      message);
  return writer.Finish();
}

// --- Parsing ----------------------------------------------------------------

class Reader {
 public:
  explicit Reader(std::string_view bytes) : bytes_(bytes) {}

  const std::string& error() const { return error_; }
  void Fail(const std::string& error) {
    if (error_.empty()) {
      error_ = error;
    }
  }
  void Finish() {
    if (at_ != bytes_.size()) {
      Fail(fmt::format("{} bytes too many", bytes_.size() - at_));
    }
  }

  void U32(const char* name, uint32_t& value) { Get(name, value, kSlot); }
  void U64(const char* name, uint64_t& value) { Get(name, value, kSlot); }
  void Packed(const char* name, uint32_t& value) { Get(name, value, 4); }

  void Name(const char* name, std::string& text) {
    const uint32_t length = TakeName(name, text);
    if (length > kNameMax) {
      Fail(fmt::format("{}: a name of {} bytes, at most {}", name, length,
                       kNameMax));
    }
  }
  void Loose(const char* name, std::string& text) { TakeName(name, text); }

  void Path(const char* name, std::string& text) {
    const std::string_view all = Take(name, kPathSize);
    text = all.substr(0, all.find('\0'));
    if (text.size() == kPathSize) {
      Fail(fmt::format("{} does not end", name));
    }
  }

  template <class List>
  void Count(const char* name, List& list, size_t element) {
    uint32_t count = 0;
    U32(name, count);
    Resize(name, list, count, element);
  }
  void PackedCount(const char* name, std::vector<uint32_t>& list) {
    uint32_t count = 0;
    Packed(name, count);
    Resize(name, list, count, sizeof(uint32_t));
  }

  // As a whole: there may be thousands of entries.
  void Addresses(const char* name, std::vector<Address>& list) {
    const char* from = Take(name, list.size() * kAddressSize).data();
    if (from == nullptr) return;
    for (Address& address : list) {
      for (uint32_t* field :
           {&address.node, &address.process, &address.reason}) {
        std::memcpy(field, from, sizeof(*field));
        from += kSlot;
      }
    }
  }
  void Slots(const char* name, std::vector<Address>& list, size_t max) {
    const size_t begin = at_;
    if (list.size() > max) {
      Fail(fmt::format("{}: {} entries, at most {}", name, list.size(), max));
      return;
    }
    Addresses(name, list);
    Padding(max * kAddressSize - (at_ - begin));
  }
  void PackedList(const char* name, std::vector<uint32_t>& list) {
    const std::string_view all = Take(name, list.size() * sizeof(uint32_t));
    if (!all.empty()) std::memcpy(list.data(), all.data(), all.size());
  }
  void Bytes(const char* name, std::string& bytes) {
    bytes = Take(name, bytes.size());
  }
  void Padding(size_t size) { Take("padding", size); }

 private:
  // Empty if it is not all there.
  std::string_view Take(const char* name, size_t size) {
    if (!error_.empty()) {
      return {};
    }
    if (size > bytes_.size() - at_) {
      Fail(fmt::format("ends after {} bytes, within {}", bytes_.size(), name));
      return {};
    }
    at_ += size;
    return bytes_.substr(at_ - size, size);
  }
  template <class Value>
  void Get(const char* name, Value& value, size_t room) {
    const std::string_view taken = Take(name, room);
    if (!taken.empty()) {
      std::memcpy(&value, taken.data(), sizeof(value));
    }
  }
  // Returns the length, which may be too large: `text` is empty then.
  uint32_t TakeName(const char* name, std::string& text) {
    uint32_t length = 0;
    U32(name, length);
    const std::string_view value = Take(name, kNameMax);
    text = length <= value.size() ? value.substr(0, length) : "";
    return length;
  }
  template <class List>
  void Resize(const char* name, List& list, uint32_t count, size_t element) {
    if (count > (bytes_.size() - at_) / element) {
      Fail(fmt::format("{}: {} of {} bytes each, but {} bytes are left", name,
                       count, element, bytes_.size() - at_));
      count = 0;
    }
    list.resize(count);
  }

  std::string_view bytes_;
  size_t at_ = 0;
  std::string error_;
};

template <class Variant, class Empty>
Parsed<Variant> ParseMessage(std::string_view bytes, const Empty& empty) {
  constexpr bool kIsRequest = std::is_same_v<Variant, Request>;
  Reader reader(bytes);
  uint32_t id = 0;
  uint32_t size = 0;
  uint32_t error = 0;
  reader.U32("id", id);
  reader.U32("size", size);
  if (!kIsRequest) {
    reader.U32("error", error);
  }
  if (!reader.error().empty()) {
    return {.error = reader.error()};
  }
  std::optional<Variant> message = empty(static_cast<int32_t>(id));
  if (!message.has_value()) {
    return {.error =
                fmt::format("id {} is not known", static_cast<int32_t>(id))};
  }
  if (size != bytes.size()) {
    return {.error = fmt::format("says that it has {} bytes and has {}",
                                 static_cast<int32_t>(size), bytes.size())};
  }
  std::visit(
      [&](auto& alternative) {
        Layout(reader, alternative);
        if constexpr (std::is_same_v<Variant, Reply>) {
          alternative.error = static_cast<int32_t>(error);
        }
      },
      *message);
  reader.Finish();
  if (!reader.error().empty()) {
    return {.error = reader.error()};
  }
  return {.message = std::move(message)};
}

}  // namespace

std::string Build(const Request& request) {
  return BuildMessage(request, nullptr);
}

std::string Build(const Reply& reply) {
  const int32_t error = std::visit(
      [](const auto& alternative) { return alternative.error; }, reply);
  const auto* members = std::get_if<MembershipReply>(&reply);
  if (members != nullptr && members->members.size() > kMembershipMax) {
    MembershipReply cut = *members;
    cut.members.resize(kMembershipMax);
    return BuildMessage(Reply(cut), &error);
  }
  return BuildMessage(reply, &error);
}

std::string Build(const Event& event) { return BuildMessage(event, &kOk); }

Parsed<Request> ParseRequest(std::string_view bytes) {
  Parsed<Request> parsed = ParseMessage<Request>(bytes, EmptyRequest);
  auto* iteration =
      parsed.message.has_value()
          ? std::get_if<IterationInitializeRequest>(&*parsed.message)
          : nullptr;
  if (iteration == nullptr) {
    return parsed;
  }
  uint32_t length = 0;
  std::memcpy(&length, &bytes[kRequestHeaderSize], sizeof(length));
  if (iteration->type != static_cast<uint32_t>(IterationType::kOneGroup)) {
    iteration->group.clear();
  } else if (length > kNameMax) {
    return {.error = fmt::format("group: a name of {} bytes, at most {}",
                                 length, kNameMax)};
  }
  return parsed;
}

Parsed<Reply> ParseReply(std::string_view bytes) {
  return ParseMessage<Reply>(bytes, EmptyReply);
}

Parsed<Event> ParseEvent(std::string_view bytes) {
  return ParseMessage<Event>(bytes, EmptyEvent);
}

}  // namespace cpgcert::harness::wire
