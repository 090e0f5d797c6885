#include "harness/message.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <cstring>
#include <functional>
#include <system_error>

namespace cpgcert::harness {

namespace {

// A message as it was made, one block after the other: a large one is neither
// built twice nor held as a whole where it is only compared.
class Blocks {
 public:
  Blocks(std::string_view name, size_t size)
      : header_(fmt::format("{}/{}/", name, size)),
        size_(std::max(size, header_.size())),
        word_(std::hash<std::string_view>{}(header_) | 1) {}

  size_t size() const { return size_; }

  // The next bytes, at most kBlockSize; empty at the end. Valid until the next
  // call.
  std::string_view Next() {
    if (at_ == 0) {
      at_ = header_.size();
      return header_;
    }
    const size_t size = std::min(size_ - at_, kBlockSize);
    for (size_t i = 0; i < size; i += sizeof(word_)) {
      word_ = word_ * 6364136223846793005U + 1442695040888963407U;
      std::memcpy(block_.data() + i, &word_, sizeof(word_));
    }
    at_ += size;
    return {block_.data(), size};
  }

 private:
  static constexpr size_t kBlockSize = 4096;

  std::string header_;
  size_t size_;
  uint64_t word_;  // of the pattern, which follows from the header
  size_t at_ = 0;
  std::array<char, kBlockSize> block_{};
};

}  // namespace

std::string MakeMessage(std::string_view name, size_t size) {
  Blocks blocks(name, size);
  std::string message;
  message.reserve(blocks.size());
  while (message.size() < blocks.size()) {
    message += blocks.Next();
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
  Blocks sent(name, size);
  for (size_t at = 0; at < std::min(bytes.size(), sent.size());) {
    const std::string_view block = sent.Next();
    const std::string_view here = bytes.substr(at, block.size());
    const auto difference =
        std::mismatch(here.begin(), here.end(), block.begin());
    if (difference.first != here.end()) {
      return fmt::format("{} altered at byte {} of {}", name,
                         at + (difference.first - here.begin()), sent.size());
    }
    at += block.size();
  }
  if (bytes.size() > sent.size()) {
    return fmt::format("{} followed by {} more bytes", name,
                       bytes.size() - sent.size());
  }
  if (bytes.size() < sent.size()) {
    return fmt::format("{} cut to {} of {} bytes", name, bytes.size(),
                       sent.size());
  }
  return name;
}

}  // namespace cpgcert::harness
