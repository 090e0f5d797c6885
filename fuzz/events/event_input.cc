#include "fuzz/events/event_input.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "harness/wire/wire.h"

namespace cpgcert::fuzz {

namespace {

namespace wire = harness::wire;

constexpr size_t kHeaderSize = 1 + sizeof(uint32_t);

}  // namespace

std::vector<EventRecord> ParseEventInput(std::string_view input) {
  std::vector<EventRecord> records;
  while (input.size() >= kHeaderSize) {
    uint32_t length = 0;
    std::memcpy(&length, input.data() + 1, sizeof(length));
    const auto delivery = static_cast<unsigned char>(input[0]) % kDeliveries;
    input.remove_prefix(kHeaderSize);
    const std::string_view event = input.substr(0, length);
    records.push_back({.delivery = static_cast<Delivery>(delivery),
                       .event = event.substr(0, wire::kBufferSize)});
    input.remove_prefix(event.size());
  }
  return records;
}

std::string BuildEventInput(const std::vector<EventRecord>& records) {
  std::string input;
  for (const EventRecord& record : records) {
    const auto length = static_cast<uint32_t>(record.event.size());
    input += static_cast<char>(record.delivery);
    input.append(reinterpret_cast<const char*>(&length), sizeof(length));
    input += record.event;
  }
  return input;
}

std::string DescribeEventInput(const std::vector<EventRecord>& records) {
  constexpr std::array<const char*, kDeliveries> kNames = {
      "queue", "ONE", "ALL", "BLOCKING", "ONE_NONBLOCKING"};
  std::string text;
  for (size_t i = 0; i < records.size(); ++i) {
    const auto& [delivery, event] = records[i];
    const std::string why = wire::ParseEvent(event).error;
    text +=
        fmt::format("event {}, {} bytes, then {}: {}{}\n", i, event.size(),
                    kNames.at(static_cast<size_t>(delivery)),
                    wire::Print(wire::Kind::kEvent, event),
                    why.empty() ? "" : fmt::format(" (malformed: {})", why));
  }
  return text;
}

}  // namespace cpgcert::fuzz
