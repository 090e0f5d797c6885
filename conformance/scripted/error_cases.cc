// Errors that the service gives in a reply.

#include <fmt/core.h>

#include <algorithm>
#include <array>

#include "conformance/scripted/scripted_scene.h"
#include "conformance/scripted/topics.h"
#include "conformance/support/support.h"
#include "harness/message.h"
#include "harness/trace/trace.h"

namespace cpgcert::conformance::scripted {

namespace {

using harness::CallbackRecord;
using harness::Client;
using harness::ErrorName;
using harness::Reaction;
using harness::wire::RequestId;
using ReplyKind = Reaction::Answer;

constexpr std::array kCodes = {
    CS_ERR_TRY_AGAIN,     CS_ERR_INVALID_PARAM, CS_ERR_ACCESS,
    CS_ERR_LIBRARY,       CS_ERR_INTERRUPT,     CS_ERR_NOT_SUPPORTED,
    CS_ERR_MESSAGE_ERROR, CS_ERR_NO_MEMORY,     CS_ERR_BAD_HANDLE,
    CS_ERR_EXIST,         CS_ERR_NOT_EXIST,     CS_ERR_NAME_TOO_LONG,
    CS_ERR_TOO_BIG,       CS_ERR_NO_SECTIONS};

// After these a library may ask again by itself.
bool MayAskAgain(cs_error_t code) {
  return code == CS_ERR_TRY_AGAIN || code == CS_ERR_INTERRUPT ||
         code == CS_ERR_BUSY;
}

// cpg_finalize is not among them: its answer is the caller's business no more.
bool IsAsked(const CallInfo& call) { return call.call != Call::kFinalize; }

void CodeReachesTheCaller(CaseContext& context, const CallInfo& call,
                          cs_error_t code, bool header_only) {
  ScriptedScene scene(context);
  scene.Prepare(call.call);
  scene.React({.request = call.request,
               .answer = header_only ? ReplyKind::kBytes : ReplyKind::kError,
               .error = static_cast<int32_t>(code),
               .bytes = harness::wire::Build(harness::wire::PlainReply{
                   .error = static_cast<int32_t>(code)})});
  const size_t before = scene.Count(call.request);
  const cs_error_t came = scene.Make(call.call)();
  const bool asked_again = scene.Count(call.request) > before + 1;
  if (came == CS_OK && asked_again && MayAskAgain(code)) {
    context.Note(call.function + std::string(" asked again after ") +
                 ErrorName(code));
    return;
  }
  ExpectOneOf(context, "ERR-01", Answered(call, code), came, {code});
}

// What differs from the effect that the call has when it succeeds, or "".
std::string EffectError(ScriptedScene& scene, Call call) {
  Client& client = scene.client();
  const size_t seen = client.RecordCount();
  if (call == Call::kLargeMulticast) {
    DispatchUntil(client, seen, [](const CallbackRecord& record) {
      return record.kind == CallbackRecord::Kind::kDeliver;
    });
  }
  DispatchWaiting(client);
  const std::vector<std::string> texts = Texts(client, seen);
  const bool has_event = call == Call::kJoin || call == Call::kLeave ||
                         call == Call::kLargeMulticast;
  if (texts.size() != (has_event ? 1U : 0U)) {
    return fmt::format("{} callbacks: {}", texts.size(), Join(texts));
  }
  if (call == Call::kLargeMulticast &&
      client.Records().back().message != ScriptedScene::LargeName()) {
    return "the message " + client.Records().back().message;
  }
  const int members = scene.MemberCount();
  if ((call == Call::kJoin && members != 1) ||
      (call == Call::kLeave && members != 0)) {
    return fmt::format("{} members", members);
  }
  return "";
}

void ExpectEffect(CaseContext& context, const std::string& requirement,
                  const std::string& text, ScriptedScene& scene,
                  const CallInfo& call) {
  const std::string effect = EffectError(scene, call.call);
  if (!effect.empty()) {
    context.Fail(requirement, Report(text, "its effect, once", effect));
  }
}

// The service refuses once, and grants the next time.
void RefusedThenGranted(CaseContext& context, const std::string& requirement,
                        const CallInfo& call, cs_error_t code) {
  ScriptedScene scene(context);
  scene.Prepare(call.call);
  ErrorOracle oracle(context, scene.client(), ScriptedScene::kGroup, nullptr);
  scene.React({.request = call.request,
               .answer = ReplyKind::kError,
               .error = static_cast<int32_t>(code)});
  const size_t first = scene.Count(call.request);
  const size_t owed =
      call.call == Call::kLargeMulticast ? ScriptedScene::kFragments : 1;
  if (scene.Make(call.call)() == CS_OK) {
    if (!MayAskAgain(code) || scene.Count(call.request) != first + 1 + owed) {
      CaseContext::Untested(Answered(call, code) + ", answered CS_OK");
    }
    context.Note(call.function + std::string(" asked again after ") +
                 ErrorName(code));
    ExpectEffect(context, requirement, Answered(call, code), scene, call);
    return;
  }
  oracle.NothingHappened(Answered(call, code));
  const size_t before = scene.Count(call.request);
  const cs_error_t granted = scene.Make(call.call)();
  const size_t asked = scene.Count(call.request) - before;
  const std::string retry = std::string(call.function) +
                            " again, after the service had answered " +
                            ErrorName(code) + " once";
  if (!ExpectOk(context, requirement, retry, granted)) {
    return;
  }
  if (asked != owed) {
    context.Fail(requirement,
                 Report(retry, fmt::format("{} requests to the service", owed),
                        fmt::format("{} requests", asked)));
  }
  ExpectEffect(context, requirement, retry, scene, call);
}

// The service says three times that it is busy.
void BusyIsAskedAgainOrTold(CaseContext& context, const CallInfo& call) {
  constexpr int kBusyReplies = 3;
  ScriptedScene scene(context);
  scene.Prepare(call.call);
  scene.React({.request = call.request,
               .answer = ReplyKind::kError,
               .error = CS_ERR_BUSY,
               .times = kBusyReplies});
  cs_error_t came = CS_ERR_BUSY;
  int calls = 0;
  for (; calls <= kBusyReplies && came == CS_ERR_BUSY; ++calls) {
    came = scene.Make(call.call)();
  }
  const std::string text = fmt::format(
      "{}, which the service answers with CS_ERR_BUSY {} times and "
      "then with CS_OK; called until it answers something else",
      call.function, kBusyReplies);
  context.Note(fmt::format("{} calls of {} until it was not busy", calls,
                           call.function));
  if (!ExpectOk(context, "JOIN-07", text, came)) {
    return;
  }
  ExpectEffect(context, "JOIN-07", text, scene, call);
}

// A refusal that is no more than a header brings no list: there is nothing to
// write, whatever stands in memory behind the header.
void RefusalWithoutAList(CaseContext& context) {
  constexpr int kSize = 8;
  constexpr uint32_t kUntouched = 0xabababab;
  ScriptedScene scene(context);
  scene.Connect();
  scene.React({.request = RequestId::kMembership,
               .answer = ReplyKind::kError,
               .error = CS_ERR_INVALID_PARAM,
               .cut = harness::wire::kReplyHeaderSize});
  cpg_name name = harness::MakeGroupName(ScriptedScene::kGroup);
  std::array<cpg_address, harness::wire::kMembershipMax> members{};
  members.fill({kUntouched, kUntouched, kUntouched});
  const harness::trace::SpareRoom spare(members.data(), sizeof(members));
  int count = kSize;
  const harness::CpgApi& api = scene.api();
  PaintStack(static_cast<int32_t>(members.size()));
  const cs_error_t came = api.membership_get(scene.client().handle(), &name,
                                             members.data(), &count);
  const auto written = std::ranges::count_if(members, [](const auto& address) {
    return address.nodeid != kUntouched || address.pid != kUntouched ||
           address.reason != kUntouched;
  });
  if (written > kSize) {
    context.Fail(
        "MEMB-02",
        Report(fmt::format("cpg_membership_get with room for {} entries, which "
                           "the service refuses in a reply without a list",
                           kSize),
               "an error, and no entry written",
               fmt::format("{}, and {} entries written", ErrorName(came),
                           written)));
  }
}

void FinalizeIsRefused(CaseContext& context, cs_error_t code) {
  ScriptedScene scene(context);
  scene.Connect();
  scene.React({.request = RequestId::kFinalize,
               .answer = ReplyKind::kError,
               .error = static_cast<int32_t>(code),
               .times = Reaction::kAlways});
  const cs_error_t came = scene.client().Finalize();
  context.Note(fmt::format("cpg_finalize, answered by the service with {}: {}",
                           ErrorName(code), ErrorName(came)));
  const size_t requests = scene.service().RequestCount();
  const cs_error_t used = scene.Make(Call::kLocalGet)();
  if (used == CS_OK || scene.service().RequestCount() != requests) {
    context.Fail("FIN-03",
                 Report(fmt::format("cpg_local_get on the handle after a "
                                    "cpg_finalize that answered {}",
                                    ErrorName(came)),
                        "CS_ERR_BAD_HANDLE, and no request to the service",
                        ErrorName(used)));
  }
  ExpectOneOf(context, "FIN-03", "cpg_finalize once more",
              scene.client().Finalize(), {CS_ERR_BAD_HANDLE});
}

}  // namespace

void RegisterErrorCases() {
  for (const CallInfo& call : Calls()) {
    if (!IsAsked(call)) {
      continue;
    }
    for (const cs_error_t code : kCodes) {
      RegisterCase(
          {.name = Scripted("ERR-01") + call.name + "/" + CaseName(code),
           .requirements = {"ERR-01"},
           .profile = "api",
           .needs_capability = true},
          [call, code](CaseContext& context) {
            CodeReachesTheCaller(context, call, code, false);
          });
    }
    // As a service does that refuses before it looks at the request.
    RegisterCase({.name = Scripted("ERR-01") + call.name + "/HeaderOnly",
                  .requirements = {"ERR-01"},
                  .profile = "api",
                  .needs_capability = true},
                 [call](CaseContext& context) {
                   CodeReachesTheCaller(context, call, CS_ERR_INVALID_PARAM,
                                        true);
                 });
    RegisterCase({.name = Scripted("ERR-04") + call.name + "/TryAgain",
                  .requirements = {"ERR-04", "ERR-06"},
                  .profile = "faults",
                  .needs_capability = true},
                 [call](CaseContext& context) {
                   RefusedThenGranted(context, "ERR-04", call,
                                      CS_ERR_TRY_AGAIN);
                 });
    RegisterCase({.name = Scripted("ERR-06") + call.name + "/NoMemory",
                  .requirements = {"ERR-06"},
                  .profile = "api",
                  .needs_capability = true},
                 [call](CaseContext& context) {
                   RefusedThenGranted(context, "ERR-06", call,
                                      CS_ERR_NO_MEMORY);
                 });
  }
  RegisterCase({.name = Scripted("MEMB-02") + "RefusalWithoutAList",
                .requirements = {"MEMB-02"},
                .profile = "api",
                .needs_capability = true},
               RefusalWithoutAList);
  for (const CallInfo& call : Calls()) {
    if (call.call == Call::kJoin || call.call == Call::kLeave) {
      RegisterCase({.name = Scripted("JOIN-07") + call.name + "/Busy",
                    .requirements = {"JOIN-07"},
                    .profile = "faults",
                    .needs_capability = true},
                   [call](CaseContext& context) {
                     BusyIsAskedAgainOrTold(context, call);
                   });
    }
  }
  for (const cs_error_t code :
       {CS_ERR_TRY_AGAIN, CS_ERR_LIBRARY, CS_ERR_BAD_HANDLE}) {
    RegisterCase(
        {.name = Scripted("FIN-03") + "Finalize/" + CaseName(code),
         .requirements = {"FIN-03"},
         .profile = "faults",
         .needs_capability = true},
        [code](CaseContext& context) { FinalizeIsRefused(context, code); });
  }
}

}  // namespace cpgcert::conformance::scripted
