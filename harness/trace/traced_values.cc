#include "harness/trace/traced_values.h"

#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <functional>
#include <mutex>
#include <set>
#include <utility>

#include "harness/message.h"

namespace cpgcert::harness::trace {

namespace {

constexpr size_t kMessageMax = size_t{8} << 20;
constexpr unsigned int kPartsMax = 65536;
constexpr size_t kManyBytes = 4096;

bool IsPrintable(std::string_view bytes) {
  return std::ranges::all_of(
      bytes, [](char byte) { return byte >= ' ' && byte <= '~'; });
}

int FromDigit(char digit) {
  int value = -1;
  std::from_chars(&digit, &digit + 1, value, 16);
  return value;
}

std::string ToDigits(std::string_view bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string digits;
  digits.reserve(bytes.size() * 2);
  for (const char byte : bytes) {
    const auto number = static_cast<unsigned char>(byte);
    digits += kDigits[number >> 4];
    digits += kDigits[number & 15];
  }
  return digits;
}

std::string FromDigits(const std::string& digits) {
  std::string bytes;
  bytes.reserve(digits.size() / 2);
  for (size_t i = 0; i + 1 < digits.size(); i += 2) {
    bytes +=
        static_cast<char>(FromDigit(digits[i]) * 16 + FromDigit(digits[i + 1]));
  }
  return bytes;
}

// The large messages that this process has named, by name and size.
std::mutex large_mutex;
std::set<std::pair<std::string, size_t>> large_messages;

// Where a piece of a message stands in some bytes.
struct Piece {
  size_t at = 0;    // in the bytes
  size_t from = 0;  // in the message
  size_t length = 0;
};

// The longest piece of `message` around the middle of `bytes`.
Piece FindPiece(std::string_view bytes, std::string_view message) {
  constexpr size_t kProbe = 32;
  const size_t middle = bytes.size() / 2;
  const size_t found = message.find(bytes.substr(middle, kProbe));
  if (found == std::string_view::npos) {
    return {};
  }
  Piece piece{.at = middle, .from = found, .length = 0};
  while (piece.at > 0 && piece.from > 0 &&
         bytes[piece.at - 1] == message[piece.from - 1]) {
    --piece.at;
    --piece.from;
  }
  const auto end = std::mismatch(bytes.begin() + piece.at, bytes.end(),
                                 message.begin() + piece.from, message.end());
  piece.length = end.first - (bytes.begin() + piece.at);
  return piece;
}

// Null if the bytes are no piece of a message that was named.
Json PieceValue(std::string_view bytes) {
  const std::scoped_lock lock(large_mutex);
  for (const auto& [name, size] : large_messages) {
    const Piece piece = FindPiece(bytes, MakeMessage(name, size));
    if (piece.length > bytes.size() / 2) {
      return {{"hex", ToDigits(bytes.substr(0, piece.at))},
              {"name", name},
              {"size", size},
              {"from", piece.from},
              {"length", piece.length},
              {"rest", ToDigits(bytes.substr(piece.at + piece.length))}};
    }
  }
  return nullptr;
}

std::string PieceOf(const Json& value) {
  const auto size = std::min(value.at("size").get<size_t>(), kMessageMax);
  const std::string message =
      MakeMessage(value.at("name").get<std::string>(), size);
  return std::string(std::string_view(message).substr(
      std::min(value.at("from").get<size_t>(), message.size()),
      value.at("length").get<size_t>()));
}

// Null if it is no message of ours, or says another size: one without room for
// a pattern.
Json NamedValue(std::string_view bytes) {
  const std::string name = DescribeMessage(bytes);
  if (!IsPrintable(name) ||
      !bytes.starts_with(fmt::format("{}/{}/", name, bytes.size()))) {
    return nullptr;
  }
  if (bytes.size() >= kManyBytes) {
    const std::scoped_lock lock(large_mutex);
    large_messages.emplace(name, bytes.size());
  }
  return {{"name", name}, {"size", bytes.size()}};
}

}  // namespace

bool ReadMemory(const void* from, void* to, size_t size) {
  if (from == nullptr) {
    return false;
  }
  iovec local{to, size};
  iovec remote{const_cast<void*>(from), size};
  return process_vm_readv(getpid(), &local, 1, &remote, 1, 0) ==
         static_cast<ssize_t>(size);
}

Json ToHex(uint64_t value) { return fmt::format("{:#x}", value); }

uint64_t FromHex(const Json& value) {
  const auto text = value.get<std::string>();
  uint64_t number = 0;
  if (text.size() > 2) {
    std::from_chars(text.data() + 2, text.data() + text.size(), number, 16);
  }
  return number;
}

Json BytesValue(std::string_view bytes) {
  if (IsPrintable(bytes)) {
    return std::string(bytes);
  }
  const Json piece = bytes.size() >= kManyBytes ? PieceValue(bytes) : Json();
  return piece.is_null() ? Json{{"hex", ToDigits(bytes)}} : piece;
}

std::string Bytes(const Json& value) {
  if (value.is_string()) {
    return value.get<std::string>();
  }
  std::string bytes = FromDigits(value.at("hex").get<std::string>());
  if (value.contains("name")) {
    bytes += PieceOf(value) + FromDigits(value.at("rest").get<std::string>());
  }
  return bytes;
}

Json MessageValue(const void* bytes, size_t size) {
  std::string copy(std::min(size, kMessageMax), '\0');
  if (size > kMessageMax || !ReadMemory(bytes, copy.data(), size)) {
    return size == 0 ? Json("") : Json();
  }
  const Json named = NamedValue(copy);
  return named.is_null() ? BytesValue(copy) : named;
}

std::string Message(const Json& value) {
  if (!value.is_object() || value.contains("hex")) {
    return Bytes(value);
  }
  const auto size = value.at("size").get<size_t>();
  return MakeMessage(value.at("name").get<std::string>(),
                     std::min(size, kMessageMax));
}

namespace {

// A large message of ours by what it says of itself, in no time: a case that
// fills the transport must be quick. Null if it is none.
Json LargeValue(const iovec* parts, unsigned int count) {
  std::array<char, 64> head{};
  iovec first{};
  if (count != 1 || !ReadMemory(parts, &first, sizeof(first)) ||
      first.iov_len < kManyBytes ||
      !ReadMemory(first.iov_base, head.data(), head.size())) {
    return nullptr;
  }
  const std::string_view text(head.data(), head.size());
  const std::string name(text.substr(0, std::min(text.find('/'), text.size())));
  if (name.empty() || !IsPrintable(name) ||
      !text.starts_with(fmt::format("{}/{}/", name, first.iov_len))) {
    return nullptr;
  }
  const std::scoped_lock lock(large_mutex);
  large_messages.emplace(name, first.iov_len);
  return {{"name", name}, {"size", first.iov_len}};
}

}  // namespace

Json GivenMessageValue(const iovec* parts, unsigned int count) {
  const Json large = LargeValue(parts, count);
  if (!large.is_null()) {
    return large;
  }
  std::string bytes;
  size_t size = 0;
  for (unsigned int i = 0; i < count; ++i) {
    iovec part{};
    if (count > kPartsMax || !ReadMemory(parts + i, &part, sizeof(part))) {
      return nullptr;
    }
    size += part.iov_len;
    if (size > kMessageMax) {
      return {{"size", size}};
    }
    const size_t at = bytes.size();
    bytes.resize(size);
    if (part.iov_len > 0 &&
        !ReadMemory(part.iov_base, bytes.data() + at, part.iov_len)) {
      return nullptr;
    }
  }
  const Json named = NamedValue(bytes);
  if (named.is_null() && size >= kManyBytes) {
    return {{"size", size}, {"hash", std::hash<std::string>{}(bytes)}};
  }
  return named.is_null() ? BytesValue(bytes) : named;
}

Json NameValue(const cpg_name* name) {
  cpg_name copy{};
  if (!ReadMemory(name, &copy, sizeof(copy))) {
    return nullptr;
  }
  size_t size = sizeof(copy.value);
  while (size > 0 && copy.value[size - 1] == '\0') {
    --size;
  }
  const std::string_view value(copy.value, size);
  if (copy.length == size && IsPrintable(value)) {
    return std::string(value);
  }
  return {{"length", copy.length}, {"value", BytesValue(value)}};
}

cpg_name Name(const Json& value) {
  cpg_name name{};
  const std::string bytes =
      Bytes(value.is_object() ? value.at("value") : value);
  std::memcpy(name.value, bytes.data(),
              std::min(bytes.size(), sizeof(name.value)));
  name.length = value.is_object() ? value.at("length").get<uint32_t>()
                                  : static_cast<uint32_t>(bytes.size());
  return name;
}

Json AddressesValue(const cpg_address* list, size_t count) {
  if (count > kAddressesMax) {
    return nullptr;
  }
  std::vector<cpg_address> copy(count);
  if (count > 0 &&
      !ReadMemory(list, copy.data(), count * sizeof(cpg_address))) {
    return nullptr;
  }
  Json value = Json::array();
  for (const cpg_address& address : copy) {
    value.push_back(
        {address.nodeid, address.pid, static_cast<uint32_t>(address.reason)});
  }
  return value;
}

std::vector<cpg_address> Addresses(const Json& value) {
  std::vector<cpg_address> list;
  for (const Json& entry : value) {
    list.push_back({entry.at(0).get<uint32_t>(), entry.at(1).get<uint32_t>(),
                    entry.at(2).get<uint32_t>()});
  }
  return list;
}

}  // namespace cpgcert::harness::trace
