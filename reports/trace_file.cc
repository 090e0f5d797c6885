#include "reports/trace_file.h"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <filesystem>
#include <system_error>

namespace cpgcert::reports {
namespace {

namespace fs = std::filesystem;

constexpr const char* kFolder = "traces";
constexpr std::string_view kEnding = ".jsonl.gz";
constexpr int kGzip = 16;  // added to the window's bits, see zlib.h
constexpr size_t kDigits = 64;

// zlib takes bytes that it does not change through a pointer without const.
Bytef* Input(std::string_view bytes) {
  return reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
}

bool IsTrace(const std::string& name) {
  return name.size() == kDigits + kEnding.size() && name.ends_with(kEnding) &&
         std::all_of(name.begin(), name.begin() + kDigits, [](char digit) {
           return std::isxdigit(static_cast<unsigned char>(digit)) != 0;
         });
}

}  // namespace

std::string Pack(std::string_view text) {
  z_stream stream{};
  if (deflateInit2(&stream, Z_BEST_SPEED, Z_DEFLATED, MAX_WBITS + kGzip,
                   MAX_MEM_LEVEL, Z_DEFAULT_STRATEGY) != Z_OK) {
    return "";
  }
  std::string packed(deflateBound(&stream, text.size()), '\0');
  stream.next_in = Input(text);
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  const int result = deflate(&stream, Z_FINISH);
  packed.resize(result == Z_STREAM_END ? stream.total_out : 0);
  deflateEnd(&stream);
  return packed;
}

std::string Unpack(std::string_view packed, std::string* text) {
  text->clear();
  z_stream stream{};
  if (inflateInit2(&stream, MAX_WBITS + kGzip) != Z_OK) {
    return "no memory to unpack it";
  }
  stream.next_in = Input(packed);
  stream.avail_in = static_cast<uInt>(packed.size());
  std::array<char, 65536> part{};
  int result = Z_OK;
  while (result == Z_OK && text->size() <= kUnpackedMax) {
    stream.next_out = reinterpret_cast<Bytef*>(part.data());
    stream.avail_out = part.size();
    result = inflate(&stream, Z_NO_FLUSH);
    text->append(part.data(), part.size() - stream.avail_out);
  }
  const bool whole = result == Z_STREAM_END && stream.avail_in == 0;
  inflateEnd(&stream);
  if (text->size() > kUnpackedMax) {
    return "it is too long";
  }
  return whole ? "" : "it is no gzip file, or is cut";
}

std::string TraceFile(const std::string& folder, const std::string& name) {
  return (fs::path(folder) / kFolder / (name + std::string(kEnding))).string();
}

void RemoveOtherTraces(const std::string& folder,
                       const std::set<std::string>& kept) {
  std::error_code error;
  for (fs::directory_iterator entry(fs::path(folder) / kFolder, error), end;
       !error && entry != end; entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    if (IsTrace(name) && !kept.contains(name.substr(0, kDigits))) {
      std::error_code ignored;
      fs::remove(entry->path(), ignored);
    }
  }
}

}  // namespace cpgcert::reports
