#include "fuzz/requests/request_input.h"

#include <fmt/core.h>

#include <array>
#include <cstring>
#include <optional>

#include "harness/wire/wire.h"

namespace cpgcert::fuzz {

namespace {

namespace wire = harness::wire;

constexpr size_t kLengthOffset = 3;
constexpr size_t kHeaderSize = kLengthOffset + sizeof(uint32_t);

int ByteAt(std::string_view bytes, size_t offset) {
  return static_cast<unsigned char>(bytes[offset]);
}

std::string DescribeBytes(std::string_view bytes) {
  const std::string why = wire::ParseRequest(bytes).error;
  return fmt::format("{} bytes: {}{}", bytes.size(),
                     wire::Print(wire::Kind::kRequest, bytes),
                     why.empty() ? "" : fmt::format(" (malformed: {})", why));
}

}  // namespace

RequestRecords ParseRequestInput(std::string_view input) {
  RequestRecords records;
  input = input.substr(0, kRequestInputMax);
  while (input.size() >= kHeaderSize) {
    uint32_t length = 0;
    std::memcpy(&length, input.data() + kLengthOffset, sizeof(length));
    RequestRecord record{
        .action =
            static_cast<RequestAction>(ByteAt(input, 0) % kRequestActions),
        .connection =
            static_cast<uint8_t>(ByteAt(input, 1) % kRequestConnections),
        .filled = static_cast<Filled>(ByteAt(input, 2) % kFillings)};
    input.remove_prefix(kHeaderSize);
    record.bytes = input.substr(0, length);
    input.remove_prefix(record.bytes.size());
    records.push_back(std::move(record));
  }
  return records;
}

std::string BuildRequestInput(const RequestRecords& records) {
  std::string input;
  for (const RequestRecord& record : records) {
    const auto length = static_cast<uint32_t>(record.bytes.size());
    input += static_cast<char>(record.action);
    input += static_cast<char>(record.connection);
    input += static_cast<char>(record.filled);
    input.append(reinterpret_cast<const char*>(&length), sizeof(length));
    input += record.bytes;
  }
  return input;
}

std::string DescribeRequestInput(const RequestRecords& records) {
  constexpr std::array<const char*, kFillings> kFilledNames = {
      "", ", filled with its own", ", filled with another's",
      ", filled with one given back"};
  std::string text;
  for (size_t i = 0; i < records.size(); ++i) {
    const RequestRecord& record = records[i];
    text += fmt::format("record {}, connection {}: ", i, record.connection);
    switch (record.action) {
      case RequestAction::kSend:
        text +=
            fmt::format("sends {}{}\n", DescribeBytes(record.bytes),
                        kFilledNames.at(static_cast<size_t>(record.filled)));
        break;
      case RequestAction::kClose:
        text += "closes\n";
        break;
      case RequestAction::kWrite:
        text += fmt::format("writes into its area {}\n",
                            DescribeBytes(record.bytes));
        break;
      case RequestAction::kTakeEvents:
        text += "takes its events\n";
        break;
    }
  }
  return text;
}

std::string RequestKind(std::string_view bytes) {
  static constexpr std::array<const char*, 13> kNames = {"join",
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
  const std::optional<int32_t> id = wire::IdOf(bytes);
  if (!id.has_value() || *id < 0 || static_cast<size_t>(*id) >= kNames.size()) {
    return "unknown request";
  }
  return fmt::format("{} request", kNames.at(*id));
}

}  // namespace cpgcert::fuzz
