// The service dies, closes the connection or stops in the middle of a call.

#include <fmt/core.h>

#include "conformance/scripted/scripted_scene.h"
#include "conformance/scripted/topics.h"
#include "conformance/support/support.h"
#include "conformance/support/watched_answer.h"

namespace cpgcert::conformance::scripted {

namespace {

using harness::CallState;
using harness::Reaction;
using harness::wire::RequestId;
using ReplyKind = Reaction::Answer;

// How the service ends a call that it has been asked for.
struct End {
  const char* name;  // of the case
  const char* what;  // "whose request ..."
  ReplyKind kind = ReplyKind::kCrash;
};

constexpr End kEnds[] = {
    {"Dies", "at whose request the service dies", ReplyKind::kCrash},
    {"Closes", "at whose request the service closes the connection",
     ReplyKind::kClose},
    {"DiesLater", "whose request the service has, and then dies",
     ReplyKind::kNever},
};

// Which requirement says that this call ends.
const char* RequirementOf(const CallInfo& call) {
  switch (call.call) {
    case Call::kIterationInitialize:
    case Call::kIterationNext:
    case Call::kIterationFinalize:
      return "ITER-06";
    default:
      return "ERR-02";
  }
}

// After this the handle is gone, or of no use.
void CheckHandleAfter(CaseContext& context, ScriptedScene& scene,
                      const CallInfo& call, const std::string& text) {
  const cs_error_t used = scene.Make(Call::kLocalGet)();
  if (call.call == Call::kFinalize) {
    ExpectOneOf(context, "ERR-02", "cpg_local_get on the handle after " + text,
                used, {CS_ERR_BAD_HANDLE});
  } else {
    ExpectError(context, "ERR-02", "cpg_local_get on the handle after " + text,
                used);
  }
}

void EndsInTheMiddle(CaseContext& context, const CallInfo& call,
                     const End& end) {
  const char* const requirement = RequirementOf(call);
  ScriptedScene scene(context);
  scene.Prepare(call.call);
  scene.React({.request = call.request, .answer = end.kind});
  const size_t before = scene.service().RequestCount();
  WatchedAnswer answer(scene.Make(call.call));
  if (!scene.service().WaitRequests(before + 1, kWaitDeadline)) {
    CaseContext::Untested("the service was not asked");
  }
  const std::string text = fmt::format("{}, {}", call.function, end.what);
  if (end.kind == ReplyKind::kNever) {
    answer.NeedAsleep(call.function);
    Need(scene.service().Kill());
  } else if (end.kind == ReplyKind::kCrash &&
             !scene.service().WaitEnded(kWaitDeadline)) {
    CaseContext::Untested("the service did not die");
  }
  if (!answer.WaitReturned()) {
    context.Fail(requirement, Report(text, "an error", answer.Came()));
    return;
  }
  // Nobody needs its answer any more.
  if (call.call != Call::kFinalize) {
    ExpectError(context, requirement, text, answer.answer());
  }
  CheckHandleAfter(context, scene, call, text);
}

// Of an iteration that has begun: the service dies before the next call.
void DiesBetween(CaseContext& context, const CallInfo& call) {
  ScriptedScene scene(context);
  scene.Prepare(call.call);
  Need(scene.service().Kill());
  WatchedAnswer answer(scene.Make(call.call));
  const std::string text = fmt::format(
      "{}, when the service has died since "
      "cpg_iteration_initialize",
      call.function);
  if (!answer.WaitReturned()) {
    context.Fail("ITER-06", Report(text, "an error", answer.Came()));
    return;
  }
  ExpectError(context, "ITER-06", text, answer.answer());
}

// It has the request and is stopped; resumed, it does what was asked for.
void StopsInTheMiddle(CaseContext& context, const CallInfo& call) {
  ScriptedScene scene(context);
  scene.Prepare(call.call);
  scene.React({.request = call.request, .answer = ReplyKind::kStop});
  WatchedAnswer answer(scene.Make(call.call));
  if (!scene.service().WaitStopped(kWaitDeadline)) {
    CaseContext::Untested("the service was not asked, or did not stop");
  }
  const std::string text =
      fmt::format("{}, at whose request the service stops", call.function);
  const CallState state = answer.Settle();
  if (state.kind != CallState::Kind::kAsleep) {
    context.Fail("ERR-03", Report(text, "sleep until the service goes on",
                                  answer.Came()));
  }
  Need(scene.service().Resume());
  if (!answer.WaitReturned()) {
    context.Fail("ERR-03",
                 Report(text + " and goes on", "CS_OK", answer.Came()));
    return;
  }
  ExpectOk(context, "ERR-03", text + " and goes on", answer.answer());
}

// The same with a service that works on, for others, in the meantime.
void RepliesLate(CaseContext& context, const CallInfo& call) {
  ScriptedScene scene(context);
  scene.Prepare(call.call);
  scene.React({.request = call.request, .hold = true});
  const size_t before = scene.service().RequestCount();
  WatchedAnswer answer(scene.Make(call.call));
  if (!scene.service().WaitRequests(before + 1, kWaitDeadline)) {
    CaseContext::Untested("the service was not asked");
  }
  const std::string text =
      fmt::format("{}, to which the service replies late", call.function);
  const CallState state = answer.Settle();
  if (state.kind != CallState::Kind::kAsleep) {
    context.Fail("ERR-03",
                 Report(text, "sleep until the reply comes", answer.Came()));
  }
  Need(scene.service().Release());
  if (!answer.WaitReturned()) {
    context.Fail("ERR-03",
                 Report(text, "CS_OK once it has come", answer.Came()));
    return;
  }
  ExpectOk(context, "ERR-03", text, answer.answer());
}

void RegisterDeath(const CallInfo& call) {
  const std::string requirement = RequirementOf(call);
  for (const End& end : kEnds) {
    // Which signal ends it, its own or ours, makes no difference to a call.
    if (end.kind == ReplyKind::kNever && call.call != Call::kLocalGet) {
      continue;
    }
    std::vector<std::string> requirements = {requirement};
    if (requirement != "ERR-02") {
      requirements.emplace_back("ERR-02");
    }
    RegisterCase({.name = Scripted(requirement) + call.name + "/" + end.name,
                  .requirements = requirements,
                  .profile = "faults",
                  .needs_capability = true},
                 [call, end](CaseContext& context) {
                   EndsInTheMiddle(context, call, end);
                 });
  }
  if (call.call == Call::kIterationNext ||
      call.call == Call::kIterationFinalize) {
    RegisterCase({.name = Scripted(requirement) + call.name + "/DiedBefore",
                  .requirements = {requirement},
                  .profile = "faults",
                  .needs_capability = true},
                 [call](CaseContext& context) { DiesBetween(context, call); });
  }
}

}  // namespace

void RegisterDeathCases() {
  for (const CallInfo& call : Calls()) {
    // A large multicast asks several times: PART-07 decides.
    if (call.call != Call::kLargeMulticast) {
      RegisterDeath(call);
    }
    RegisterCase(
        {.name = Scripted("ERR-03") + call.name + "/Stops",
         .requirements = {"ERR-03"},
         .profile = "faults",
         .needs_capability = true},
        [call](CaseContext& context) { StopsInTheMiddle(context, call); });
    RegisterCase({.name = Scripted("ERR-03") + call.name + "/RepliesLate",
                  .requirements = {"ERR-03"},
                  .profile = "faults",
                  .needs_capability = true},
                 [call](CaseContext& context) { RepliesLate(context, call); });
  }
}

}  // namespace cpgcert::conformance::scripted
