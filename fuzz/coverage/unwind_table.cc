#include "fuzz/coverage/unwind_table.h"

#include <algorithm>
#include <cstring>
#include <optional>
#include <string>

namespace cpgcert::fuzz::coverage {

namespace {

// Encodings of pointers: what they are relative to, and their format.
constexpr uint8_t kOmitted = 0xff;
constexpr uint8_t kFormat = 0x0f;
constexpr uint8_t kUnsignedVariable = 0x01;
constexpr uint8_t kUnsigned4 = 0x03;
constexpr uint8_t kSigned4 = 0x0b;
constexpr uint8_t kSigned8 = 0x0c;
constexpr uint8_t kAbsolute8 = 0x00;
constexpr uint8_t kRelativeMask = 0x70;
constexpr uint8_t kToItself = 0x10;
constexpr uint8_t kTableOfHeader = 0x3b;  // 4 bytes, signed, to the section

// Reads on from an address; a read beyond its section makes it bad for good.
class Reader {
 public:
  Reader(const LibraryImage& image, uint64_t address)
      : section_(image.At(address)), at_(address) {}

  bool ok() const { return section_ != nullptr; }
  uint64_t at() const { return at_; }

  template <typename T>
  T Read() {
    T value{};
    if (section_ == nullptr ||
        section_->address + section_->bytes.size() - at_ < sizeof(T)) {
      section_ = nullptr;
      return value;
    }
    std::memcpy(&value, &section_->bytes[at_ - section_->address], sizeof(T));
    at_ += sizeof(T);
    return value;
  }

  uint64_t ReadVariable() {
    uint64_t value = 0;
    for (unsigned int shift = 0; shift < 64; shift += 7) {
      const auto byte = Read<uint8_t>();
      value |= uint64_t{byte & 0x7fU} << shift;
      if ((byte & 0x80) == 0) {
        break;
      }
    }
    return value;
  }

  // None if the encoding is not one of those above.
  std::optional<uint64_t> ReadPointer(uint8_t encoding) {
    const uint64_t origin =
        (encoding & kRelativeMask) == kToItself ? at_ : uint64_t{0};
    if ((encoding & kRelativeMask & ~kToItself) != 0) {
      return std::nullopt;
    }
    switch (encoding & kFormat) {
      case kUnsignedVariable:
        return origin + ReadVariable();
      case kUnsigned4:
        return origin + Read<uint32_t>();
      case kSigned4:
        return origin + static_cast<uint64_t>(int64_t{Read<int32_t>()});
      case kSigned8:
      case kAbsolute8:
        return origin + Read<uint64_t>();
      default:
        return std::nullopt;
    }
  }

 private:
  const Section* section_;
  uint64_t at_;
};

struct CommonEntry {
  uint8_t code_encoding = kAbsolute8;
  uint8_t data_encoding = kOmitted;
  bool augmented = false;
};

std::optional<CommonEntry> ReadCommonEntry(const LibraryImage& image,
                                           uint64_t address) {
  Reader reader(image, address);
  reader.Read<uint32_t>();  // size
  const bool is_common = reader.Read<uint32_t>() == 0;
  const auto version = reader.Read<uint8_t>();
  std::string augmentation;
  for (char each = 0; (each = reader.Read<char>()) != '\0';) {
    augmentation += each;
  }
  if (!reader.ok() || !is_common || (version != 1 && version != 3)) {
    return std::nullopt;
  }
  CommonEntry entry;
  if (augmentation.empty()) {
    return entry;
  }
  if (augmentation[0] != 'z') {
    return std::nullopt;
  }
  entry.augmented = true;
  reader.ReadVariable();  // alignment of code
  reader.ReadVariable();  // alignment of data
  reader.ReadVariable();  // the return address's register: below 128
  reader.ReadVariable();  // size of what follows
  for (const char each : augmentation.substr(1)) {
    if (each == 'R') {
      entry.code_encoding = reader.Read<uint8_t>();
    } else if (each == 'L') {
      entry.data_encoding = reader.Read<uint8_t>();
    } else if (each == 'P') {
      const auto encoding = reader.Read<uint8_t>();
      if (!reader.ReadPointer(encoding & ~0x80)) {
        return std::nullopt;
      }
    } else if (each != 'B') {
      return std::nullopt;  // 'S': the range begins before the function.
    }
  }
  return reader.ok() ? std::optional(entry) : std::nullopt;
}

void ReadLandingPads(const LibraryImage& image, uint64_t table,
                     CodeRange* range) {
  Reader reader(image, table);
  uint64_t start = range->begin;
  const auto start_encoding = reader.Read<uint8_t>();
  if (start_encoding != kOmitted) {
    const auto other_start = reader.ReadPointer(start_encoding);
    if (!other_start) {
      return;
    }
    start = *other_start;
  }
  if (reader.Read<uint8_t>() != kOmitted) {
    reader.ReadVariable();  // where the table of types is
  }
  const auto encoding = reader.Read<uint8_t>();
  const uint64_t size = reader.ReadVariable();
  const uint64_t end = reader.at() + size;
  while (reader.ok() && reader.at() < end) {
    reader.ReadPointer(encoding);  // where the calls begin
    reader.ReadPointer(encoding);  // how many bytes of them
    const auto pad = reader.ReadPointer(encoding);
    reader.ReadVariable();  // action
    if (!reader.ok() || !pad) {
      return;
    }
    const uint64_t address = start + *pad;
    if (*pad != 0 && address > range->begin && address < range->end) {
      range->landing_pads.push_back(address);
    }
  }
}

std::optional<CodeRange> ReadFrame(const LibraryImage& image,
                                   uint64_t address) {
  Reader reader(image, address);
  const auto size = reader.Read<uint32_t>();
  const uint64_t place_of_offset = reader.at();
  const auto offset = reader.Read<uint32_t>();
  if (!reader.ok() || size == UINT32_MAX || offset == 0) {
    return std::nullopt;
  }
  const auto common = ReadCommonEntry(image, place_of_offset - offset);
  if (!common) {
    return std::nullopt;
  }
  const auto begin = reader.ReadPointer(common->code_encoding);
  const auto length = reader.ReadPointer(common->code_encoding & kFormat);
  if (!reader.ok() || !begin || !length) {
    return std::nullopt;
  }
  CodeRange range{.begin = *begin, .end = *begin + *length};
  if (common->augmented && common->data_encoding != kOmitted) {
    reader.ReadVariable();  // size of what follows
    const uint64_t place = reader.at();
    const auto table = reader.ReadPointer(common->data_encoding);
    const uint64_t none =
        (common->data_encoding & kRelativeMask) == kToItself ? place : 0;
    if (table && *table != none) {
      ReadLandingPads(image, *table, &range);
    }
  }
  return range;
}

}  // namespace

std::vector<CodeRange> ReadUnwindTable(const LibraryImage& image) {
  std::vector<CodeRange> ranges;
  const Section* header = image.Find(".eh_frame_hdr");
  if (header == nullptr) {
    return ranges;
  }
  Reader reader(image, header->address);
  const auto version = reader.Read<uint8_t>();
  const auto frames_encoding = reader.Read<uint8_t>();
  const auto count_encoding = reader.Read<uint8_t>();
  const auto table_encoding = reader.Read<uint8_t>();
  if (version != 1 || table_encoding != kTableOfHeader ||
      !reader.ReadPointer(frames_encoding)) {
    return ranges;
  }
  const auto count = reader.ReadPointer(count_encoding);
  for (uint64_t i = 0; count && i < *count && reader.ok(); ++i) {
    const auto begin = header->address +
                       static_cast<uint64_t>(int64_t{reader.Read<int32_t>()});
    const auto frame = header->address +
                       static_cast<uint64_t>(int64_t{reader.Read<int32_t>()});
    const auto range = reader.ok() ? ReadFrame(image, frame) : std::nullopt;
    if (range && range->begin == begin && range->end > begin) {
      ranges.push_back(*range);
    }
  }
  std::ranges::sort(ranges, {}, &CodeRange::begin);
  for (size_t i = 0; i + 1 < ranges.size(); ++i) {
    ranges[i].end = std::min(ranges[i].end, ranges[i + 1].begin);
  }
  std::erase_if(
      ranges, [](const CodeRange& range) { return range.begin >= range.end; });
  return ranges;
}

}  // namespace cpgcert::fuzz::coverage
