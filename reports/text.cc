#include "reports/text.h"

#include <fmt/format.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace cpgcert::reports {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";  // U+FFFD
constexpr std::string_view kEllipsis = "\xE2\x80\xA6";     // U+2026

struct CodePoint {
  std::uint32_t value = 0;
  std::size_t size = 1;  // bytes
  bool well_formed = false;
};

// How many bytes follow the first byte of a sequence, and the least value that
// needs so many; -1 if no sequence starts with it.
int Followers(unsigned char first, std::uint32_t* value, std::uint32_t* least) {
  if (first < 0x80) {
    *value = first, *least = 0;
    return 0;
  }
  if ((first & 0xE0) == 0xC0) {
    *value = first & 0x1F, *least = 0x80;
    return 1;
  }
  if ((first & 0xF0) == 0xE0) {
    *value = first & 0x0F, *least = 0x800;
    return 2;
  }
  if ((first & 0xF8) == 0xF0) {
    *value = first & 0x07, *least = 0x10000;
    return 3;
  }
  return -1;
}

// REQUIRES: `text` is not empty. An ill-formed sequence is one byte long.
CodePoint Decode(std::string_view text) {
  CodePoint point;
  std::uint32_t least = 0;
  const int followers =
      Followers(static_cast<unsigned char>(text[0]), &point.value, &least);
  if (followers < 0 || text.size() <= static_cast<std::size_t>(followers)) {
    return CodePoint();
  }
  for (int i = 1; i <= followers; ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if ((byte & 0xC0) != 0x80) return CodePoint();
    point.value = point.value << 6 | (byte & 0x3F);
  }
  const bool surrogate = point.value >= 0xD800 && point.value <= 0xDFFF;
  if (point.value < least || point.value > 0x10FFFF || surrogate) {
    return CodePoint();
  }
  point.size = static_cast<std::size_t>(followers) + 1;
  point.well_formed = true;
  return point;
}

bool MustBeShown(std::uint32_t value) {
  return value < 0x20 || (value >= 0x7F && value <= 0x9F) ||  // controls
         value == 0x061C || value == 0x200E || value == 0x200F ||
         (value >= 0x2028 && value <= 0x202E) ||  // separators, directions
         (value >= 0x2066 && value <= 0x2069) || value == 0xFEFF ||
         (value & 0xFFFE) == 0xFFFE;  // noncharacters
}

std::string Shown(std::uint32_t value) {
  if (value == '\n') return "\\n";
  if (value == '\t') return "\\t";
  if (value == '\r') return "\\r";
  if (value < 0x80) return fmt::format("\\x{:02x}", value);
  return fmt::format("\\u{:04x}", value);
}

}  // namespace

std::string Visible(std::string_view text, Lines lines) {
  std::string visible;
  visible.reserve(text.size());
  while (!text.empty()) {
    const CodePoint point = Decode(text);
    const bool layout = point.value == '\n' || point.value == '\t';
    if (!point.well_formed) {
      visible.append(kReplacement);
    } else if (MustBeShown(point.value) && !(layout && lines == Lines::kKeep)) {
      visible.append(Shown(point.value));
    } else {
      visible.append(text.substr(0, point.size));
    }
    text.remove_prefix(point.size);
  }
  return visible;
}

std::size_t Columns(std::string_view visible) {
  std::size_t columns = 0;
  for (const char byte : visible) {
    if ((static_cast<unsigned char>(byte) & 0xC0) != 0x80) ++columns;
  }
  return columns;
}

std::string Shorten(std::string_view visible, std::size_t columns) {
  if (Columns(visible) <= columns) return std::string(visible);
  if (columns == 0) return "";
  std::size_t size = 0;
  for (std::size_t kept = 0; kept + 1 < columns; ++kept) {
    size += Decode(visible.substr(size)).size;
  }
  std::string shortened(visible.substr(0, size));
  shortened.append(kEllipsis);
  return shortened;
}

std::vector<std::string> SplitLines(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    lines.emplace_back(text.substr(0, end));
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 1);
  }
  return lines;
}

std::string FirstLine(std::string_view text) {
  return std::string(text.substr(0, text.find('\n')));
}

std::string Plural(std::size_t count, std::string_view word) {
  return fmt::format("{} {}{}", count, word, count == 1 ? "" : "s");
}

std::string Join(const std::vector<std::string>& parts,
                 std::string_view separator) {
  return fmt::format("{}", fmt::join(parts, separator));
}

}  // namespace cpgcert::reports
