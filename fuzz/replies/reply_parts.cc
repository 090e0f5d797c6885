#include "fuzz/replies/reply_parts.h"

#include <corosync/corotypes.h>

#include <algorithm>
#include <cerrno>
#include <utility>
#include <vector>

#include "fuzz/events/event_parts.h"
#include "fuzz/mutation/boundary_values.h"
#include "fuzz/replies/reply_owed.h"

namespace cpgcert::fuzz {

namespace wire = harness::wire;

namespace {

constexpr auto kReply = wire::Kind::kReply;
constexpr int32_t kErrnoMax = 133;  // on Linux

wire::Address AnyMember(RandomChoice* random, size_t place) {
  return {.node = AnyNodeOrProcess(random),
          .process = static_cast<uint32_t>(1000 + place),
          .reason = random->OneIn(4) ? AnyNodeOrProcess(random) : 0};
}

// Small numbers are likelier, and so are the ends.
size_t AnySize(RandomChoice* random, size_t max) {
  switch (random->Below(4)) {
    case 0:
      return max;
    case 1:
      return max == 0 ? 0 : max - 1;
    default:
      return random->Below(random->Below(max + 1) + 1);
  }
}

}  // namespace

// --- Finding ----------------------------------------------------------------

std::optional<size_t> PickReplyEntry(ReplyScene* scene) {
  if (scene->entries.empty()) return std::nullopt;
  return scene->random.Below(scene->entries.size());
}

std::optional<size_t> PickAnswered(ReplyScene* scene) {
  std::vector<size_t> answered;
  for (size_t i = 0; i < scene->entries.size(); ++i) {
    if (!scene->entries[i].reply.empty()) answered.push_back(i);
  }
  if (answered.empty()) return std::nullopt;
  return scene->random.Of(answered);
}

// --- Making -----------------------------------------------------------------

void Answer(const wire::Reply& reply, ReplyEntry* entry) {
  Answer(wire::Build(reply), entry);
}

void Answer(std::string reply, ReplyEntry* entry) {
  entry->error = 0;
  entry->at = ErrorAt::kSend;
  entry->reply = std::move(reply);
}

uint32_t AnyNodeOrProcess(RandomChoice* random) {
  return static_cast<uint32_t>(random->OneIn(3) ? random->Of(kBoundaryNumbers)
                                                : random->Below(8));
}

uint64_t AnyIteration(RandomChoice* random) {
  return random->OneIn(2) ? random->Of(kBoundaryNumbers) : random->Number();
}

int32_t AnyCode(RandomChoice* random) {
  constexpr int32_t kLikely[] = {CS_OK,
                                 CS_ERR_TRY_AGAIN,
                                 CS_ERR_BUSY,
                                 CS_ERR_INTERRUPT,
                                 CS_ERR_NOT_EXIST,
                                 CS_ERR_NO_SECTIONS,
                                 CS_ERR_SECURITY,
                                 CS_ERR_TOO_MANY_GROUPS};
  return random->OneIn(2) ? random->Of(kLikely)
                          : static_cast<int32_t>(random->Between(
                                CS_ERR_LIBRARY, CS_ERR_CONTEXT_NOT_FOUND));
}

int32_t AnyErrno(RandomChoice* random) {
  constexpr int32_t kLikely[] = {EAGAIN, EINTR,     ENOTCONN, EPIPE,
                                 ENOMEM, ETIMEDOUT, ENOBUFS,  ECONNRESET,
                                 EBADE,  ENOMSG,    EBUSY,    EMSGSIZE};
  return -(random->OneIn(2)
               ? random->Of(kLikely)
               : static_cast<int32_t>(random->Between(1, kErrnoMax)));
}

uint16_t AnyParameter(Call call, RandomChoice* random) {
  constexpr uint16_t kRooms[] = {0,
                                 1,
                                 2,
                                 3,
                                 kMembersMax - 1,
                                 kMembersMax,
                                 kMembersMax + 1,
                                 wire::kMembershipMax - 1,
                                 wire::kMembershipMax,
                                 399};
  switch (call) {
    case Call::kMembership:
      return random->Of(kRooms);
    case Call::kIterationInitialize:
      return static_cast<uint16_t>(random->Below(3));
    case Call::kMulticast:
      return static_cast<uint16_t>(random->Below(2));
    default:
      return 0;
  }
}

std::string AnyName(RandomChoice* random) {
  switch (random->Below(4)) {
    case 0:
      return std::string(wire::kNameMax - random->Below(2), 'g');
    case 1:
      return std::string("a\0b", 3);
    case 2:
      return random->OneIn(2) ? "" : "h";
    default:
      return "group";
  }
}

wire::Reply AnyReply(Call call, size_t room, RandomChoice* random) {
  const int32_t code = random->OneIn(4) ? AnyCode(random) : wire::kOk;
  switch (call) {
    case Call::kMembership: {
      wire::MembershipReply reply{.error = code};
      const size_t most = std::min(room, wire::kMembershipMax);
      const size_t count = code == wire::kOk ? AnySize(random, most) : 0;
      for (size_t i = 0; i < count; ++i) {
        reply.members.push_back(AnyMember(random, i));
      }
      return reply;
    }
    case Call::kLocalGet:
      return wire::LocalGetReply{.error = code,
                                 .node = AnyNodeOrProcess(random)};
    case Call::kIterationInitialize:
      return wire::IterationInitializeReply{.error = code,
                                            .iteration = AnyIteration(random)};
    case Call::kIterationNext:
      return wire::IterationNextReply{.error = code,
                                      .group = AnyName(random),
                                      .node = AnyNodeOrProcess(random),
                                      .process = AnyNodeOrProcess(random)};
    default:
      return wire::PlainReply{
          .id = static_cast<wire::ReplyId>(*wire::IdOf(HonestReply(call))),
          .error = code};
  }
}

ReplyEntry AnyReplyEntry(RandomChoice* random) {
  ReplyEntry entry{.call = static_cast<Call>(random->Below(kCalls))};
  entry.parameter = AnyParameter(entry.call, random);
  entry.again =
      static_cast<uint8_t>(random->OneIn(4) ? random->Below(kAlways + 1) : 0);
  switch (random->Below(8)) {
    case 0:
      entry.error = AnyErrno(random);
      entry.at = random->OneIn(2) ? ErrorAt::kSend : ErrorAt::kReceive;
      break;
    case 1:
      break;  // it never comes
    default:
      if (entry.call == Call::kConnect) break;  // has none
      Answer(AnyReply(entry.call, entry.parameter, random), &entry);
  }
  return entry;
}

// --- Changing ---------------------------------------------------------------

bool ChangeReplyBytes(RandomChoice* random, std::string* bytes,
                      size_t size_max) {
  Scene scene{};
  scene.random = *random;
  const std::string before = *bytes;
  ChangeBytes(&scene, bytes, size_max);
  *random = scene.random;
  return *bytes != before;
}

std::string ReplyMadeWhole(Call call, std::string bytes, RandomChoice* random) {
  const std::string& honest = HonestReply(call);
  const size_t kept = std::min(bytes.size(), honest.size());
  // What is missing is as an honest service has it.
  bytes.resize(kept);
  bytes += honest.substr(kept);
  for (const char* field : {"id", "size"}) {
    uint64_t value = 0;
    for (const wire::Field& own : wire::Fields(kReply, honest)) {
      if (own.name == field) value = std::stoull(own.value);
    }
    wire::SetField(kReply, &bytes, field, value);
  }
  if (!wire::ParseReply(bytes).message.has_value()) {
    wire::SetField(kReply, &bytes, "member_count",
                   random->Below(wire::kMembershipMax + 1));
    wire::SetField(kReply, &bytes, "group.length",
                   random->Below(wire::kNameMax + 1));
  }
  return bytes;
}

}  // namespace cpgcert::fuzz
