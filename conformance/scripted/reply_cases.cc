// Replies that are not the one that was asked for.

#include <fmt/core.h>

#include "conformance/scripted/scripted_scene.h"
#include "conformance/scripted/topics.h"
#include "conformance/support/support.h"
#include "conformance/support/watched_answer.h"

namespace cpgcert::conformance::scripted {

namespace {

namespace wire = harness::wire;

using ReplyKind = harness::Reaction::Answer;

// To whose replies it can be done.
enum class Replies { kAll, kWithPayload, kMembership, kIterationNext };

struct Damage {
  const char* name;  // of the case
  const char* what;  // "whose reply ..."
  Replies replies = Replies::kAll;
  // Changes a good reply.
  void (*damage)(std::string* reply);
};

// An identifier that belongs to no reply.
constexpr int32_t kForeignId = 99;

std::vector<Damage> Damages() {
  return {
      {"CutInHeader", "whose reply ends before its error code", Replies::kAll,
       [](std::string* reply) { reply->resize(wire::kRequestHeaderSize); }},
      {"CutInPayload", "whose reply ends with its header, which says CS_OK",
       Replies::kWithPayload,
       [](std::string* reply) { reply->resize(wire::kReplyHeaderSize); }},
      {"CutAndSizedInPayload",
       "whose reply is a header only, says so, and says CS_OK",
       Replies::kWithPayload,
       [](std::string* reply) {
         reply->resize(wire::kReplyHeaderSize);
         wire::SetField(wire::Kind::kReply, reply, "size",
                        wire::kReplyHeaderSize);
       }},
      {"ListCut", "whose reply has one member less than it says",
       Replies::kMembership,
       [](std::string* reply) {
         wire::SetField(wire::Kind::kReply, reply, "member_count",
                        wire::kMembershipMax + 1);
       }},
      {"NameCut", "whose reply has a group name longer than its field",
       Replies::kIterationNext,
       [](std::string* reply) {
         wire::SetField(wire::Kind::kReply, reply, "group.length",
                        wire::kNameMax + 1);
       }},
      {"OtherId", "whose reply has the identifier of another", Replies::kAll,
       [](std::string* reply) {
         wire::SetField(wire::Kind::kReply, reply, "id", kForeignId);
       }},
  };
}

bool CanBeDoneTo(const CallInfo& call, const Damage& damage) {
  switch (damage.replies) {
    case Replies::kAll:
      // What cpg_finalize answers has no consequence.
      return call.call != Call::kFinalize;
    case Replies::kWithPayload:
      return call.has_payload;
    case Replies::kMembership:
      return call.call == Call::kMembershipGet;
    case Replies::kIterationNext:
      return call.call == Call::kIterationNext;
  }
  return false;
}

// A reply that an honest service might give.
std::string GoodReply(const CallInfo& call) {
  switch (call.call) {
    case Call::kLocalGet:
      return wire::Build(wire::LocalGetReply{.node = ScriptedScene::kNode});
    case Call::kMembershipGet:
      return wire::Build(wire::MembershipReply{.members = {{1, 2, 0}}});
    case Call::kIterationInitialize:
      return wire::Build(wire::IterationInitializeReply{.iteration = 1});
    case Call::kIterationNext:
      return wire::Build(wire::IterationNextReply{.group = "g"});
    case Call::kJoin:
      return wire::Build(wire::PlainReply{.id = wire::ReplyId::kJoin});
    case Call::kLeave:
      return wire::Build(wire::PlainReply{.id = wire::ReplyId::kLeave});
    case Call::kIterationFinalize:
      return wire::Build(
          wire::PlainReply{.id = wire::ReplyId::kIterationFinalize});
    case Call::kLargeMulticast:
      return wire::Build(wire::PlainReply{.id = wire::ReplyId::kPartialSend});
    case Call::kFinalize:
      return wire::Build(wire::PlainReply{.id = wire::ReplyId::kFinalize});
  }
  return "";
}

void DamagedReply(CaseContext& context, const CallInfo& call,
                  const Damage& damage) {
  ScriptedScene scene(context);
  scene.Prepare(call.call);
  std::string reply = GoodReply(call);
  damage.damage(&reply);
  scene.React({.request = call.request,
               .answer = ReplyKind::kBytes,
               .bytes = reply,
               .times = harness::Reaction::kAlways});
  const std::string text = fmt::format("{}, {}", call.function, damage.what);
  context.Step(text);
  WatchedAnswer answer(scene.Make(call.call));
  if (!answer.WaitReturned()) {
    context.Fail("WIRE-02", Report(text, "an error", answer.Came()));
    return;
  }
  const std::string name = harness::ErrorName(answer.answer());
  // A number that no header knows is whatever stood in memory.
  if (answer.answer() == CS_OK || !name.starts_with("CS_ERR_")) {
    context.Fail("WIRE-02", Report(text, "an error", name));
  }
}

}  // namespace

void RegisterReplyCases() {
  for (const CallInfo& call : Calls()) {
    for (const Damage& damage : Damages()) {
      if (!CanBeDoneTo(call, damage)) {
        continue;
      }
      RegisterCase({.name = Scripted("WIRE-02") + call.name + "/" + damage.name,
                    .requirements = {"WIRE-02"},
                    .profile = "faults",
                    .needs_capability = true},
                   [call, damage](CaseContext& context) {
                     DamagedReply(context, call, damage);
                   });
    }
  }
}

}  // namespace cpgcert::conformance::scripted
