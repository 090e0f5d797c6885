#include "fuzz/replies/reply_owed.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <map>
#include <optional>
#include <utility>
#include <variant>

#include "harness/cpg_api.h"

namespace cpgcert::fuzz {

namespace {

namespace wire = harness::wire;
using wire::ReplyId;
using wire::RequestId;

// Of a refusal, whatever was asked for.
constexpr auto kRefusal = static_cast<int32_t>(ReplyId::kJoin);

struct Exchange {
  RequestId request;
  ReplyId reply;
};

Exchange ExchangeOf(Call call) {
  constexpr std::array<Exchange, kCalls> kExchanges = {{
      {RequestId::kJoin, ReplyId::kJoin},  // of kConnect: has none
      {RequestId::kJoin, ReplyId::kJoin},
      {RequestId::kLeave, ReplyId::kLeave},
      {RequestId::kMembership, ReplyId::kMembership},
      {RequestId::kLocalGet, ReplyId::kLocalGet},
      {RequestId::kIterationInitialize, ReplyId::kIterationInitialize},
      {RequestId::kIterationNext, ReplyId::kIterationNext},
      {RequestId::kIterationFinalize, ReplyId::kIterationFinalize},
      {RequestId::kPartialMulticast, ReplyId::kPartialSend},
      {RequestId::kFinalize, ReplyId::kFinalize},
  }};
  return kExchanges.at(static_cast<size_t>(call));
}

bool IsPassingCode(std::optional<int32_t> code) {
  return code == CS_ERR_TRY_AGAIN || code == CS_ERR_BUSY ||
         code == CS_ERR_INTERRUPT;
}

// Calls that corosync's service refuses while it is too busy.
bool IsHeldBack(Call call) {
  return call == Call::kJoin || call == Call::kLeave ||
         call == Call::kMulticast;
}

bool IsPassingErrno(int32_t error) {
  return error == -EAGAIN || error == -EINTR || error == -ETIMEDOUT ||
         error == -ENOBUFS || error == -ENOMSG || error == -EBUSY;
}

template <class Number>
void Append(Number number, std::string* bytes) {
  bytes->append(reinterpret_cast<const char*>(&number), sizeof(number));
}

// The values of a successful reply.
class Values {
 public:
  Values(size_t room, OwedReply* owed) : room_(room), owed_(*owed) {}

  void operator()(const wire::PlainReply& /*reply*/) { Add(""); }
  void operator()(const wire::LocalGetReply& reply) {
    Add(NodeValue(reply.node));
  }
  void operator()(const wire::IterationInitializeReply& reply) {
    owed_.iteration = reply.iteration;
    Add("");
  }
  void operator()(const wire::IterationNextReply& reply) {
    Add(DescriptionValue(reply.group, reply.node, reply.process));
  }
  void operator()(const wire::MembershipReply& reply) {
    std::vector<cpg_address> members;
    for (const wire::Address& member : reply.members) {
      members.push_back({member.node, member.process, member.reason});
    }
    const auto all = static_cast<int>(members.size());
    members.resize(std::min(members.size(), room_));
    const auto held = static_cast<int>(members.size());
    Add(MembershipValue(all, members));
    owed_.error_allowed = held < all || all > CPG_MEMBERS_MAX || room_ == 0;
    if (held < all) {
      Add(MembershipValue(held, members));
      owed_.trust = Trust::kConsistent;  // counts lie within it, not the array
    }
  }

 private:
  void Add(std::string value) { owed_.values.push_back(std::move(value)); }

  const size_t room_;
  OwedReply& owed_;
};

OwedReply Failure(Trust trust) {
  return {.trust = trust, .error_allowed = true, .leaves_doubt = true};
}

OwedReply OwedForBytes(const ReplyRecord& record) {
  const auto [reply, why] = wire::ParseReply(record.reply);
  const std::optional<int32_t> code = wire::ErrorOf(record.reply);
  const auto id = wire::IdOf(record.reply);
  const auto own = static_cast<int32_t>(ExchangeOf(record.call).reply);
  OwedReply owed;
  if (!reply.has_value()) {
    owed = Failure(Trust::kHostile);
  } else if (id == own && code == CS_OK) {
    owed.code_allowed = true;
    std::visit(Values(record.parameter, &owed), *reply);
  } else if (const bool is_own = id == own && IsErrorCode(*code);
             is_own || (id == kRefusal && code == CS_ERR_TRY_AGAIN)) {
    owed.code_allowed = true;
    owed.code = static_cast<cs_error_t>(*code);
    const auto* const members = std::get_if<wire::MembershipReply>(&*reply);
    if ((!is_own && !IsHeldBack(record.call)) ||
        (members != nullptr && !members->members.empty())) {
      owed.trust = Trust::kConsistent;  // no service sends it
    }
  } else {
    owed = Failure(Trust::kConsistent);
  }
  owed.ask_again_allowed = IsPassingCode(code);
  return owed;
}

}  // namespace

bool IsErrorCode(int32_t code) {
  return (code > CS_OK && code <= CS_ERR_CONTEXT_NOT_FOUND) ||
         code == CS_ERR_TOO_MANY_GROUPS || code == CS_ERR_SECURITY;
}

std::string MembershipValue(int count, std::span<const cpg_address> members) {
  std::string value;
  Append(count, &value);
  if (!members.empty()) {
    value.append(reinterpret_cast<const char*>(members.data()),
                 members.size_bytes());
  }
  return value;
}

std::string NodeValue(uint32_t node) {
  std::string value;
  Append(node, &value);
  return value;
}

std::string DescriptionValue(std::string_view group, uint32_t node,
                             uint32_t process) {
  std::string value;
  Append(node, &value);
  Append(process, &value);
  value += group;
  return value;
}

OwedReply OwedFor(const ReplyRecord& record) {
  if (record.error < 0) {
    OwedReply owed = Failure(Trust::kConformant);
    owed.ask_again_allowed = IsPassingErrno(record.error);
    return owed;
  }
  if (record.call == Call::kConnect) {
    return {.code_allowed = true, .values = {""}};
  }
  if (record.reply.empty()) {
    OwedReply owed = Failure(Trust::kConformant);
    owed.ask_again_allowed = true;
    return owed;
  }
  return OwedForBytes(record);
}

std::vector<OwedReply> OwedForAll(const std::vector<ReplyRecord>& records) {
  std::vector<OwedReply> owed;
  owed.reserve(records.size());
  for (const ReplyRecord& record : records) {
    owed.push_back(OwedFor(record));
  }
  return owed;
}

const std::string& HonestReply(RequestId id) {
  constexpr uint32_t kNode = 1;
  constexpr uint32_t kProcess = 1000;
  constexpr uint64_t kIteration = 0x0123456789abcdef;
  const auto plain = [](ReplyId reply) {
    return wire::Build(wire::Reply(wire::PlainReply{.id = reply}));
  };
  static const std::string none;
  static const auto& replies = *new std::map<RequestId, std::string>{
      {RequestId::kJoin, plain(ReplyId::kJoin)},
      {RequestId::kLeave, plain(ReplyId::kLeave)},
      {RequestId::kMembership, wire::Build(wire::Reply(wire::MembershipReply{
                                   .members = {{kNode, kProcess, 0}}}))},
      {RequestId::kLocalGet,
       wire::Build(wire::Reply(wire::LocalGetReply{.node = kNode}))},
      {RequestId::kIterationInitialize,
       wire::Build(wire::Reply(
           wire::IterationInitializeReply{.iteration = kIteration}))},
      {RequestId::kIterationNext,
       wire::Build(wire::Reply(wire::IterationNextReply{
           .group = "honest", .node = kNode, .process = kProcess}))},
      {RequestId::kIterationFinalize, plain(ReplyId::kIterationFinalize)},
      {RequestId::kFinalize, plain(ReplyId::kFinalize)},
      {RequestId::kPartialMulticast, plain(ReplyId::kPartialSend)},
  };
  const auto found = replies.find(id);
  return found == replies.end() ? none : found->second;
}

bool IsOwnRequest(Call call, int32_t request_id) {
  return call != Call::kConnect &&
         static_cast<int32_t>(ExchangeOf(call).request) == request_id;
}

const std::string& HonestReply(Call call) {
  return HonestReply(ExchangeOf(call).request);
}

const OwedReply& OwedForHonest(Call call) {
  static const auto& all = *new auto([] {
    std::array<OwedReply, kCalls> owed;
    for (int i = 0; i < kCalls; ++i) {
      const auto each = static_cast<Call>(i);
      owed.at(i) = OwedFor({.call = each, .reply = HonestReply(each)});
    }
    return owed;
  }());
  return all.at(static_cast<size_t>(call));
}

namespace {

std::string Hex(std::string_view bytes) {
  std::string text;
  for (const char byte : bytes) {
    text += fmt::format("{:02x}", static_cast<unsigned char>(byte));
  }
  return text;
}

bool Allowed(const OwedReply& owed, const CallOutcome& outcome) {
  if (outcome.code != CS_OK) {
    return owed.error_allowed || outcome.in_doubt ||
           (owed.code_allowed && owed.code == outcome.code);
  }
  return owed.code_allowed && owed.code == CS_OK &&
         std::ranges::find(owed.values, outcome.value) != owed.values.end();
}

// Whether the call may end so without having seen the record's answer.
bool AllowedUnasked(const ReplyRecord& record, const CallOutcome& outcome) {
  if (record.call == Call::kFinalize) {
    return true;
  }
  if (record.call == Call::kLocalGet && outcome.code == CS_OK) {
    return outcome.unasked_allowed;
  }
  return outcome.code != CS_OK && (outcome.unasked_allowed || outcome.in_doubt);
}

// Here the room of an array matters.
bool AllowedAskedAgain(const ReplyRecord& record, const CallOutcome& outcome) {
  ReplyRecord honest = record;
  honest.error = 0;
  honest.reply = HonestReply(record.call);
  return outcome.code != CS_OK || Allowed(OwedFor(honest), outcome);
}

std::string Describe(const OwedReply& owed) {
  std::string text = owed.code_allowed ? harness::ErrorName(owed.code) : "";
  for (const std::string& value : owed.values) {
    text += value.empty() ? "" : " with " + Hex(value);
  }
  if (owed.error_allowed) {
    text += text.empty() ? "an error" : ", or an error";
  }
  return text;
}

}  // namespace

std::string Describe(const CallOutcome& outcome) {
  return fmt::format(
      "{}{}, having asked {} times{}\n", harness::ErrorName(outcome.code),
      outcome.value.empty() ? "" : " with " + Hex(outcome.value), outcome.asked,
      outcome.asked_again ? ", and then again" : "");
}

std::string Judge(const ReplyRecord& record, const OwedReply& owed,
                  const CallOutcome& outcome) {
  const bool repeated = owed.ask_again_allowed && outcome.asked > 1;
  bool allowed = outcome.asked == 0 ? AllowedUnasked(record, outcome)
                                    : Allowed(owed, outcome);
  allowed = allowed || (repeated && outcome.code != CS_OK) ||
            (outcome.asked_again && owed.ask_again_allowed &&
             AllowedAskedAgain(record, outcome)) ||
            (record.call == Call::kFinalize &&
             (outcome.code == CS_OK || owed.code != CS_OK));
  if (allowed) {
    return "";
  }
  return fmt::format("call: {}\nowed: {}\ncame: {}", NameOf(record.call),
                     Describe(owed), Describe(outcome));
}

}  // namespace cpgcert::fuzz
