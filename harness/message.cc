#include "harness/message.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <cstring>
#include <functional>
#include <system_error>

namespace cpgcert::harness {

namespace {

// Bytes that differ between messages and, within one, between places.
void FillPattern(std::string_view seed, size_t begin, std::string* message) {
  uint64_t word = std::hash<std::string_view>{}(seed) | 1;
  size_t at = begin;
  for (; at + sizeof(word) <= message->size(); at += sizeof(word)) {
    word = word * 6364136223846793005U + 1442695040888963407U;
    std::memcpy(message->data() + at, &word, sizeof(word));
  }
  for (; at < message->size(); ++at) {
    (*message)[at] = static_cast<char>(word >> (at % sizeof(word)));
  }
}

}  // namespace

std::string MakeMessage(std::string_view name, size_t size) {
  std::string message = fmt::format("{}/{}/", name, size);
  const size_t header = message.size();
  if (size > header) {
    message.resize(size);
    FillPattern(std::string_view(message).substr(0, header), header, &message);
  }
  return message;
}

std::string DescribeMessage(std::string_view bytes) {
  const std::string unknown =
      fmt::format("{} bytes that no case sent", bytes.size());
  const size_t name_end = bytes.find('/');
  if (name_end == std::string_view::npos || name_end == 0) {
    return unknown;
  }
  const char* first = bytes.data() + name_end + 1;
  const char* last = bytes.data() + bytes.size();
  size_t size = 0;
  const auto parsed = std::from_chars(first, last, size);
  constexpr size_t kSizeMax = size_t{1} << 28;
  if (parsed.ec != std::errc() || parsed.ptr == last || *parsed.ptr != '/' ||
      size > kSizeMax) {
    return unknown;
  }
  const std::string name(bytes.substr(0, name_end));
  const std::string sent = MakeMessage(name, size);
  if (bytes == sent) {
    return name;
  }
  const size_t common = std::min(bytes.size(), sent.size());
  const auto difference =
      std::mismatch(bytes.begin(), bytes.begin() + common, sent.begin());
  const size_t at = difference.first - bytes.begin();
  if (at < common) {
    return fmt::format("{} altered at byte {} of {}", name, at, sent.size());
  }
  if (bytes.size() > sent.size()) {
    return fmt::format("{} followed by {} more bytes", name,
                       bytes.size() - sent.size());
  }
  return fmt::format("{} cut to {} of {} bytes", name, bytes.size(),
                     sent.size());
}

}  // namespace cpgcert::harness
