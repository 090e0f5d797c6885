// What can be done to an input of reply_decoder (fuzz/replies/reply_input.h),
// one change at a time. The record is the unit: a call, and its answer.
//
//   reply_record_operations.cc  the sequence of calls, and two inputs in one
//   reply_field_operations.cc   what is answered: errnos, codes, values, counts
//   reply_frame_operations.cc   broken frames, and broken frames made whole
//
// The tiers are those of OwedReply::trust (fuzz/replies/reply_owed.h).

#ifndef CPGCERT_FUZZ_REPLIES_REPLY_OPERATIONS_H_
#define CPGCERT_FUZZ_REPLIES_REPLY_OPERATIONS_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "fuzz/mutation/random_choice.h"
#include "fuzz/replies/reply_input.h"
#include "fuzz/support/trust.h"

namespace cpgcert::fuzz {

// A record that can be changed.
struct ReplyEntry {
  Call call = Call::kConnect;
  ErrorAt at = ErrorAt::kSend;
  uint8_t again = 0;
  uint16_t parameter = 0;
  int32_t error = 0;
  std::string reply{};
  bool operator==(const ReplyEntry&) const = default;
};
using ReplyEntries = std::vector<ReplyEntry>;

ReplyEntries ParseReplyEntries(std::string_view input);
std::string BuildReplyEntries(const ReplyEntries& entries);
// Of the input that they make.
size_t InputSize(const ReplyEntries& entries);
size_t InputSize(const ReplyEntry& entry);
// Valid as long as `entry` is, and unchanged.
ReplyRecord RecordOf(const ReplyEntry& entry);
Trust TrustOf(const ReplyEntry& entry);
// The worst of them.
Trust TrustOf(const ReplyEntries& entries);

// What an operation works on.
struct ReplyScene {
  ReplyEntries entries;
  const ReplyEntries* other = nullptr;  // for operations that need two inputs
  size_t size_max = 0;                  // of the input, in bytes
  Trust limit = Trust::kHostile;
  RandomChoice random{0};

  // Bytes that may be added.
  size_t Room() const {
    const size_t size = InputSize(entries);
    return size < size_max ? size_max - size : 0;
  }
};

struct ReplyOperation {
  const char* name;
  // Of an input of the best tier, the best that it can make.
  Trust makes;
  int weight;  // how often, beside the others
  // False if there is nothing that it could do; the entries are any then. What
  // it does may be too large, or of a worse tier than the scene's limit.
  bool (*apply)(ReplyScene* scene);
};

std::span<const ReplyOperation> ReplyRecordOperations();
std::span<const ReplyOperation> ReplyFieldOperations();
std::span<const ReplyOperation> ReplyFrameOperations();
// Those that need two inputs.
std::span<const ReplyOperation> ReplyCrossOperations();

}  // namespace cpgcert::fuzz

#endif  // CPGCERT_FUZZ_REPLIES_REPLY_OPERATIONS_H_
