#include "fuzz/replies/reply_input.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "harness/wire/wire.h"

namespace cpgcert::fuzz {

namespace {

namespace wire = harness::wire;

constexpr size_t kParameterOffset = 3;
constexpr size_t kLengthOffset = 5;
constexpr int kPlacesOfErrors = 2;
constexpr int32_t kErrnoEnd = 134;  // behind the last one

// Of the parameter, by call.
constexpr std::array<uint16_t, kCalls> kModulus = {1, 1, 1, 400, 1,
                                                   3, 1, 1, 2,   1};

unsigned char At(std::string_view bytes, size_t offset) {
  return static_cast<unsigned char>(bytes[offset]);
}

template <class Number>
Number Read(std::string_view bytes, size_t offset) {
  Number number = 0;
  std::memcpy(&number, bytes.data() + offset, sizeof(number));
  return number;
}

template <class Number>
void Append(Number number, std::string* bytes) {
  bytes->append(reinterpret_cast<const char*>(&number), sizeof(number));
}

}  // namespace

const char* NameOf(Call call) {
  constexpr std::array<const char*, kCalls> kNames = {
      "cpg_model_initialize",
      "cpg_join",
      "cpg_leave",
      "cpg_membership_get",
      "cpg_local_get",
      "cpg_iteration_initialize",
      "cpg_iteration_next",
      "cpg_iteration_finalize",
      "cpg_mcast_joined",
      "cpg_finalize"};
  return kNames.at(static_cast<size_t>(call));
}

std::vector<ReplyRecord> ParseReplyInput(std::string_view input) {
  std::vector<ReplyRecord> records;
  while (input.size() >= kReplyRecordHeaderSize) {
    const size_t call = At(input, 0) % kCalls;
    ReplyRecord record{
        .call = static_cast<Call>(call),
        .at = static_cast<ErrorAt>(At(input, 1) % kPlacesOfErrors),
        .again = static_cast<uint8_t>(At(input, 2) % (kAlways + 1)),
        .parameter = static_cast<uint16_t>(
            Read<uint16_t>(input, kParameterOffset) % kModulus.at(call))};
    const auto length = Read<int32_t>(input, kLengthOffset);
    input.remove_prefix(kReplyRecordHeaderSize);
    if (length < 0) {
      record.error = std::min(length % kErrnoEnd, -1);
    } else {
      const std::string_view reply = input.substr(0, length);
      record.reply = reply.substr(0, wire::kBufferSize);
      input.remove_prefix(reply.size());
    }
    records.push_back(record);
  }
  return records;
}

std::string BuildReplyInput(const std::vector<ReplyRecord>& records) {
  std::string input;
  for (const ReplyRecord& record : records) {
    input += static_cast<char>(record.call);
    input += static_cast<char>(record.at);
    input += static_cast<char>(record.again);
    Append(record.parameter, &input);
    const bool is_error = record.error < 0;
    Append(is_error ? record.error : static_cast<int32_t>(record.reply.size()),
           &input);
    if (!is_error) {
      input += record.reply;
    }
  }
  return input;
}

std::string DescribeReplyInput(const std::vector<ReplyRecord>& records) {
  std::string text;
  for (size_t i = 0; i < records.size(); ++i) {
    const ReplyRecord& record = records[i];
    std::string answer;
    if (record.error < 0) {
      answer =
          fmt::format("errno {} from {}", -record.error,
                      record.at == ErrorAt::kSend ? "sending" : "receiving");
    } else {
      const std::string why = wire::ParseReply(record.reply).error;
      answer =
          fmt::format("{} bytes: {}{}", record.reply.size(),
                      wire::Print(wire::Kind::kReply, record.reply),
                      why.empty() ? "" : fmt::format(" (malformed: {})", why));
    }
    text += fmt::format("call {}, {}, parameter {}, answered {} with {}\n", i,
                        NameOf(record.call), record.parameter,
                        record.again == kAlways
                            ? "always"
                            : fmt::format("{} times", 1 + record.again),
                        answer);
  }
  return text;
}

}  // namespace cpgcert::fuzz
