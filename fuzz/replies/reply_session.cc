#include "fuzz/replies/reply_session.h"

#include <fmt/core.h>
#include <poll.h>

#include <algorithm>
#include <array>
#include <bitset>
#include <cstring>
#include <optional>

#include "fuzz/replies/reply_output.h"
#include "fuzz/replies/reply_service.h"
#include "harness/wire/wire.h"

namespace cpgcert::fuzz {

namespace {

namespace wire = harness::wire;

constexpr size_t kRoomMax = 400;
// More than the variables of a call, a reply among them.
constexpr size_t kStackSize = 16384;

// Of the first descriptors, those that are open.
using Descriptors = std::bitset<64>;

Descriptors OpenDescriptors() {
  std::array<pollfd, Descriptors{}.size()> all{};
  for (size_t i = 0; i < all.size(); ++i) {
    all.at(i).fd = static_cast<int>(i);
  }
  Descriptors open;
  if (poll(all.data(), all.size(), 0) >= 0) {
    for (size_t i = 0; i < all.size(); ++i) {
      open[i] = (all.at(i).revents & POLLNVAL) == 0;
    }
  }
  return open;
}

// Leaves the pattern where the next call has its variables.
__attribute__((noinline, no_sanitize("address"))) void StainStack(
    uint8_t pattern) {
  std::array<volatile uint8_t, kStackSize> stack;
  auto* const begin = const_cast<uint8_t*>(stack.data());
  std::memset(begin, pattern, stack.size());
  asm volatile("" : : "r"(begin) : "memory");  // it is not left out
}

// Mapped once, for all inputs.
ReplyOutput& LargeOutput() {
  static auto& output = *new ReplyOutput(kRoomMax * sizeof(cpg_address));
  return output;
}
ReplyOutput& SmallOutput() {
  static auto& output = *new ReplyOutput(sizeof(uint64_t));
  return output;
}

cpg_name GroupName() { return {.length = 5, .value = "group"}; }

class Session {
 public:
  Session(const harness::CpgApi& api, uint8_t stale)
      : api_(api), stale_(stale), service_(stale) {}

  PlayedReplies Play(const std::vector<ReplyRecord>& records,
                     const std::vector<OwedReply>& owed) {
    const Descriptors before = OpenDescriptors();
    for (size_t i = 0; i < records.size(); ++i) {
      One(records[i], owed[i]);
      if (!played_.problem.empty()) break;
    }
    Close();
    if (OpenDescriptors() != before) {
      Problem(ReplyProblem::kDescriptors, Call::kFinalize,
              "cpg_finalize left a descriptor open, or closed another one");
    }
    return played_;
  }

 private:
  enum class Joined : uint8_t { kNever, kUnclear, kJoined, kLeft };

  void Problem(ReplyProblem kind, Call call, const std::string& text) {
    if (played_.problem.empty()) {
      played_.problem = text;
      played_.kind = kind;
      played_.call = call;
    }
  }

  // --- The calls.

  static bool Has(const harness::CpgApi& api, Call call) {
    switch (call) {
      case Call::kConnect:
        return api.model_initialize != nullptr;
      case Call::kJoin:
        return api.join != nullptr;
      case Call::kLeave:
        return api.join != nullptr && api.leave != nullptr;
      case Call::kMembership:
        return api.membership_get != nullptr;
      case Call::kLocalGet:
        return api.local_get != nullptr;
      case Call::kIterationInitialize:
        return api.iteration_initialize != nullptr;
      case Call::kIterationNext:
        return api.iteration_initialize != nullptr &&
               api.iteration_next != nullptr;
      case Call::kIterationFinalize:
        return api.iteration_initialize != nullptr &&
               api.iteration_finalize != nullptr;
      case Call::kMulticast:
        return api.mcast_joined != nullptr &&
               api.max_atomic_msgsize_get != nullptr;
      case Call::kFinalize:
        return api.finalize != nullptr;
    }
    return false;
  }

  // The caller's memory is asked for just before, and read with CS_OK only.
  cs_error_t Membership(size_t room) {
    auto* const members = LargeOutput().Place<cpg_address>(room);
    int* const count = SmallOutput().Place<int>();
    *count = static_cast<int>(room);
    cpg_name group = GroupName();
    const cs_error_t code =
        api_.membership_get(handle_, &group, members, count);
    if (code == CS_OK) {
      const size_t held = *count < 0 ? 0 : *count;
      outcome_.value = MembershipValue(*count, {members, std::min(room, held)});
    }
    return code;
  }

  cs_error_t LocalNode() {
    auto* const node = SmallOutput().Place<unsigned int>();
    const cs_error_t code = api_.local_get(handle_, node);
    if (code == CS_OK) {
      outcome_.value = NodeValue(*node);
    }
    return code;
  }

  cs_error_t IterationInitialize(int type) {
    constexpr std::array<cpg_iteration_type_t, 3> kTypes = {
        CPG_ITERATION_NAME_ONLY, CPG_ITERATION_ONE_GROUP, CPG_ITERATION_ALL};
    const cpg_iteration_type_t asked = kTypes.at(type);
    const cpg_name group = GroupName();
    auto* const iteration = SmallOutput().Place<cpg_iteration_handle_t>();
    const cs_error_t code = api_.iteration_initialize(
        handle_, asked, asked == CPG_ITERATION_ONE_GROUP ? &group : nullptr,
        iteration);
    if (code == CS_OK) {
      iteration_ = *iteration;
    }
    return code;
  }

  cs_error_t IterationNext() {
    auto* const entry = LargeOutput().Place<cpg_iteration_description_t>();
    const cs_error_t code = api_.iteration_next(*iteration_, entry);
    if (code == CS_OK) {
      const size_t length =
          std::min<size_t>(entry->group.length, CPG_MAX_NAME_LENGTH);
      outcome_.value = DescriptionValue({entry->group.value, length},
                                        entry->nodeid, entry->pid);
      if (length != entry->group.length) {
        outcome_.value += " and more";
      }
    }
    return code;
  }

  // One byte more than goes in one piece.
  cs_error_t Multicast() {
    constexpr uint32_t kSizeMax = wire::kBufferSize;
    static const std::string message(kSizeMax + 1, 'm');
    uint32_t size = 0;
    api_.max_atomic_msgsize_get(handle_, &size);
    const iovec piece = {.iov_base = const_cast<char*>(message.data()),
                         .iov_len = std::min(size, kSizeMax) + 1};
    const cs_error_t code =
        api_.mcast_joined(handle_, CPG_TYPE_AGREED, &piece, 1);
    if (code == CS_OK && service_.acknowledged() < piece.iov_len) {
      Problem(
          ReplyProblem::kNotTaken, Call::kMulticast,
          fmt::format("call: cpg_mcast_joined of {} bytes\nowed: CS_OK only "
                      "if the service has taken them\ncame: CS_OK for {}\n",
                      piece.iov_len, service_.acknowledged()));
    }
    return code;
  }

  cs_error_t Connect() {
    cpg_model_v1_data_t callbacks{};
    const cs_error_t code = api_.model_initialize(
        &handle_, CPG_MODEL_V1, reinterpret_cast<cpg_model_data_t*>(&callbacks),
        nullptr);
    open_ = code == CS_OK;
    in_doubt_ = false;
    joined_ = Joined::kNever;
    return code;
  }

  cs_error_t Finalize() {
    const cs_error_t code = api_.finalize(handle_);
    open_ = false;
    iteration_.reset();
    if (service_.open() != 0) {
      Problem(ReplyProblem::kNotClosed, Call::kFinalize,
              "cpg_finalize left the connection open");
    }
    return code;
  }

  cs_error_t Join() {
    const cpg_name group = GroupName();
    return api_.join(handle_, &group);
  }

  cs_error_t Leave() {
    const cpg_name group = GroupName();
    return api_.leave(handle_, &group);
  }

  cs_error_t Make(const ReplyRecord& record) {
    switch (record.call) {
      case Call::kConnect:
        return Connect();
      case Call::kJoin:
        return Join();
      case Call::kLeave:
        return Leave();
      case Call::kMembership:
        return Membership(record.parameter);
      case Call::kLocalGet:
        return LocalNode();
      case Call::kIterationInitialize:
        return IterationInitialize(record.parameter);
      case Call::kIterationNext:
        return IterationNext();
      case Call::kIterationFinalize:
        return api_.iteration_finalize(*iteration_);
      case Call::kMulticast:
        return Multicast();
      case Call::kFinalize:
        return Finalize();
    }
    return CS_ERR_NOT_SUPPORTED;
  }

  // --- A record.

  // With an honest service.
  bool Succeeded(Call call, cs_error_t code) {
    if (code != CS_OK && !in_doubt_) {
      Problem(
          ReplyProblem::kUnowedError, call,
          fmt::format("call: {}, honestly answered\nowed: CS_OK\ncame: {}\n",
                      NameOf(call), harness::ErrorName(code)));
    }
    return code == CS_OK;
  }

  void Close() {
    if (open_) {
      Succeeded(Call::kFinalize, Finalize());
    }
  }

  bool Prepare(Call call) {
    if (call == Call::kConnect) {
      Close();
      return true;
    }
    if (!open_ && !Succeeded(Call::kConnect, Connect())) {
      return false;
    }
    if (call == Call::kLeave && joined_ == Joined::kNever) {
      if (!Succeeded(Call::kJoin, Join())) {
        return false;
      }
      joined_ = Joined::kJoined;
    }
    const bool iterates =
        call == Call::kIterationNext || call == Call::kIterationFinalize;
    if (iterates && !iteration_.has_value()) {
      ExpectIteration(OwedForHonest(Call::kIterationInitialize).iteration);
      return Succeeded(Call::kIterationInitialize, IterationInitialize(0));
    }
    return true;
  }

  void ExpectIteration(uint64_t at_service) {
    service_.ExpectIteration(at_service);
    at_end_ = false;
  }

  // What a library may know that it need not ask for.
  bool IsKnown(const ReplyRecord& record) const {
    switch (record.call) {
      case Call::kJoin:
        return joined_ != Joined::kNever;
      case Call::kLeave:
        return joined_ != Joined::kJoined;
      case Call::kIterationNext:
        return at_end_;
      default:
        return false;
    }
  }

  void One(const ReplyRecord& record, const OwedReply& owed) {
    if (!Has(api_, record.call) || !Prepare(record.call)) {
      return;
    }
    outcome_ = {.unasked_allowed = IsKnown(record), .in_doubt = in_doubt_};
    LargeOutput().Place<char>();
    SmallOutput().Place<char>();
    service_.Begin(record, owed);
    StainStack(stale_);
    outcome_.code = Make(record);
    service_.End();
    outcome_.asked = service_.asked();
    outcome_.asked_again = service_.asked_again();
    if (record.call == Call::kLocalGet && outcome_.code == CS_OK) {
      outcome_.unasked_allowed = service_.HasTold(outcome_.value);
    }
    if (service_.iterations_confused()) {
      Problem(ReplyProblem::kOtherIteration, record.call,
              "the library asks for another iteration than it was given\n");
    }
    if (!LargeOutput().IsIntact() || !SmallOutput().IsIntact()) {
      Problem(ReplyProblem::kMemoryBefore, record.call,
              fmt::format("call: {}\nowed: nothing before the caller's memory "
                          "changes\ncame: it has\n",
                          NameOf(record.call)));
    }
    if (std::string verdict = Judge(record, owed, outcome_); !verdict.empty()) {
      const bool success_owed = owed.code_allowed && owed.code == CS_OK;
      Problem(outcome_.code != CS_OK ? ReplyProblem::kUnowedError
              : success_owed         ? ReplyProblem::kWrongValue
                                     : ReplyProblem::kUnowedSuccess,
              record.call, verdict);
    }
    Conclude(record, owed);
    played_.outcomes.push_back(outcome_);
    played_.calls.push_back(record.call);
  }

  // What the connection is after the call.
  void Conclude(const ReplyRecord& record, const OwedReply& owed) {
    const bool done = outcome_.code == CS_OK;
    in_doubt_ = in_doubt_ ||
                (outcome_.asked > 0 && owed.leaves_doubt &&
                 record.call != Call::kConnect) ||
                outcome_.asked >= ReplyService::kAskedMax;
    switch (record.call) {
      case Call::kJoin:
        if (done || joined_ == Joined::kNever) {
          joined_ = done ? Joined::kJoined : Joined::kUnclear;
        }
        break;
      case Call::kLeave:
        joined_ = done ? Joined::kLeft : joined_;
        break;
      case Call::kIterationInitialize:
        if (done) {
          ExpectIteration(
              outcome_.asked_again
                  ? OwedForHonest(Call::kIterationInitialize).iteration
                  : owed.iteration);
        }
        break;
      case Call::kIterationNext:
        at_end_ = at_end_ || outcome_.code == CS_ERR_NO_SECTIONS;
        break;
      case Call::kIterationFinalize:
        iteration_.reset();  // after an error too: nobody says what it is
        break;
      case Call::kFinalize:
      case Call::kConnect:
      case Call::kMembership:
      case Call::kLocalGet:
      case Call::kMulticast:
        break;
    }
  }

  const harness::CpgApi& api_;
  const uint8_t stale_;
  ReplyService service_;
  PlayedReplies played_;

  CallOutcome outcome_;  // of the call that is being made

  // The connection.
  cpg_handle_t handle_ = 0;
  bool open_ = false;
  bool in_doubt_ = false;
  Joined joined_ = Joined::kNever;
  std::optional<cpg_iteration_handle_t> iteration_;
  bool at_end_ = false;
};

}  // namespace

const char* NameOf(ReplyProblem kind) {
  constexpr std::array kNames = {"nothing",
                                 "an error that is not owed",
                                 "a wrong value",
                                 "a success that is not owed",
                                 "a success for a message that was not taken",
                                 "a request for another iteration",
                                 "memory written before what the caller gave",
                                 "a connection that stays open",
                                 "a descriptor that is left or gone"};
  return kNames.at(static_cast<size_t>(kind));
}

PlayedReplies PlayReplies(const harness::CpgApi& api,
                          const std::vector<ReplyRecord>& records,
                          const std::vector<OwedReply>& owed, uint8_t stale) {
  return Session(api, stale).Play(records, owed);
}

Call CallOfDifference(const PlayedReplies& first, const PlayedReplies& second) {
  const size_t at = static_cast<size_t>(
      std::ranges::mismatch(first.outcomes, second.outcomes).in1 -
      first.outcomes.begin());
  const std::vector<Call>& longer =
      at < first.calls.size() ? first.calls : second.calls;
  return at < longer.size() ? longer[at] : Call::kConnect;
}

std::string DescribeDifference(const PlayedReplies& first,
                               const PlayedReplies& second) {
  const auto& [a, b] = std::ranges::mismatch(first.outcomes, second.outcomes);
  const auto describe = [](auto at, auto end) {
    return at == end ? "no call\n" : Describe(*at);
  };
  return fmt::format("call: the {}. of those made\nowed: {}came: {}",
                     a - first.outcomes.begin() + 1,
                     describe(a, first.outcomes.end()),
                     describe(b, second.outcomes.end()));
}

}  // namespace cpgcert::fuzz
