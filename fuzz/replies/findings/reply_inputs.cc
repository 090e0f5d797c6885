#include "fuzz/replies/findings/reply_inputs.h"

#include <corosync/corotypes.h>

#include <cstring>
#include <utility>

#include "fuzz/mutation/boundary_values.h"
#include "fuzz/mutation/random_choice.h"
#include "fuzz/replies/findings/reply_relation.h"
#include "fuzz/replies/reply_input.h"
#include "fuzz/replies/reply_mutator.h"
#include "fuzz/replies/reply_operations.h"
#include "fuzz/replies/reply_owed.h"
#include "fuzz/replies/reply_seeds.h"
#include "harness/wire/wire.h"

namespace cpgcert::fuzz {

namespace {

namespace wire = harness::wire;
constexpr auto kReply = wire::Kind::kReply;

constexpr size_t kInputSizeMax = size_t{64} << 10;
constexpr int32_t kErrnoMax = 133;

class Systematic {
 public:
  std::vector<std::string> Take() {
    for (auto& [name, input] : ReplySeeds()) inputs_.push_back(input);
    for (int i = 0; i < kCalls; ++i) {
      const auto call = static_cast<Call>(i);
      AddErrnos(call);
      if (call == Call::kConnect) continue;
      AddExamples(call);
      AddNumbers(call);
      AddCodes(call);
      AddLengths(call);
      AddOtherReplies(call);
    }
    AddLists();
    return std::move(inputs_);
  }

 private:
  void Add(const ReplyEntry& entry) {
    inputs_.push_back(BuildReplyEntries({entry}));
  }

  void AddErrnos(Call call) {
    for (int32_t error = 1; error <= kErrnoMax; ++error) {
      for (const ErrorAt at : {ErrorAt::kSend, ErrorAt::kReceive}) {
        ReplyEntry entry = HonestEntry(call);
        entry.reply.clear();
        entry.error = -error;
        entry.at = at;
        // A message is large: one fragment each.
        if (call == Call::kMulticast) entry.parameter = error % 2;
        Add(entry);
        if (!OwedFor(RecordOf(entry)).ask_again_allowed) continue;
        entry.again = kAlways;
        Add(entry);
      }
    }
  }

  void AddExamples(Call call) {
    for (size_t i = 0; i < kReplyRelations; ++i) {
      for (const ReplyEntries& input :
           ExampleInputs(call, static_cast<ReplyRelation>(i))) {
        inputs_.push_back(BuildReplyEntries(input));
      }
    }
  }

  void AddNumbers(Call call) {
    const ReplyEntry honest = HonestEntry(call);
    for (const wire::Field& field : wire::Fields(kReply, honest.reply)) {
      if ((field.size != 4 && field.size != 8) || field.value[0] == '"') {
        continue;
      }
      uint64_t now = 0;
      std::memcpy(&now, &honest.reply[field.offset], field.size);
      std::vector<uint64_t> values = {now + 1, now - 1};
      for (const uint64_t value : kBoundaryNumbers) values.push_back(value);
      for (const uint64_t value : kBoundaryCounts) values.push_back(value);
      for (const uint64_t value : values) {
        ReplyEntry entry = honest;
        std::memcpy(&entry.reply[field.offset], &value, field.size);
        Add(entry);
      }
    }
    for (uint64_t id = 0; id < 20; ++id) {
      ReplyEntry entry = honest;
      wire::SetField(kReply, &entry.reply, "id", id);
      Add(entry);
    }
  }

  void AddCodes(Call call) {
    const uint16_t last = call == Call::kMulticast ? 1 : 0;
    for (uint16_t which = 0; which <= last; ++which) {
      for (int64_t code = -2; code <= CS_ERR_SECURITY + 1; ++code) {
        ReplyEntry entry = HonestEntry(call);
        if (call == Call::kMulticast) entry.parameter = which;
        wire::SetField(kReply, &entry.reply, "error",
                       static_cast<uint64_t>(code));
        Add(entry);
        entry.again = 2;
        Add(entry);
      }
    }
  }

  void AddLengths(Call call) {
    const ReplyEntry honest = HonestEntry(call);
    const size_t size = honest.reply.size();
    std::vector<size_t> lengths = {size / 2,  size - 24, size - 8, size - 4,
                                   size - 1,  size + 1,  size + 4, size + 8,
                                   size + 24, 2 * size,  1000,     10'000};
    for (size_t length = 0; length <= 40; ++length) lengths.push_back(length);
    for (const size_t length : lengths) {
      ReplyEntry entry = honest;
      entry.reply.resize(length);
      Add(entry);
      if (wire::SetField(kReply, &entry.reply, "size", length)) Add(entry);
    }
  }

  void AddOtherReplies(Call call) {
    for (int i = 1; i < kCalls; ++i) {
      ReplyEntry entry = HonestEntry(call);
      entry.reply = HonestReply(static_cast<Call>(i));
      Add(entry);
      wire::SetField(kReply, &entry.reply, "error", CS_ERR_TRY_AGAIN);
      Add(entry);
      wire::SetField(kReply, &entry.reply, "error", CS_ERR_NOT_EXIST);
      Add(entry);
    }
  }

  void AddLists() {
    for (const uint16_t room : {0, 1, 2, 127, 128, 129, 384, 399}) {
      for (const uint64_t count : kBoundaryCounts) {
        for (const int32_t code : {wire::kOk, int32_t{CS_ERR_NOT_EXIST}}) {
          ReplyEntry entry = HonestEntry(Call::kMembership);
          entry.parameter = room;
          wire::SetField(kReply, &entry.reply, "member_count", count);
          wire::SetField(kReply, &entry.reply, "error",
                         static_cast<uint64_t>(code));
          Add(entry);
        }
      }
    }
  }

  std::vector<std::string> inputs_;
};

}  // namespace

std::vector<std::string> SystematicReplies() { return Systematic().Take(); }

RandomReplies::RandomReplies() : pool_(SystematicReplies()) {}

std::string RandomReplies::Make(uint64_t number, Trust worst) const {
  constexpr size_t kChangesMax = 5;
  constexpr size_t kCrossed = 4;
  RandomChoice random(number);
  std::string input = random.Of(pool_);
  for (size_t i = random.Between(1, kChangesMax); i > 0; --i) {
    const ReplyMutationOptions options = {
        .size_max = kInputSizeMax,
        .seed = static_cast<unsigned>(random.Number()),
        .limit = worst};
    input = random.OneIn(kCrossed)
                ? CrossReplyInputs(input, random.Of(pool_), options).input
                : MutateReplyInput(input, options).input;
  }
  return input;
}

}  // namespace cpgcert::fuzz
