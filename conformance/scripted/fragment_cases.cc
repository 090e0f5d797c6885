// Messages in fragments that are interrupted.

#include <fmt/core.h>

#include <algorithm>

#include "conformance/scripted/scripted_scene.h"
#include "conformance/scripted/topics.h"
#include "conformance/support/support.h"
#include "conformance/support/watched_answer.h"
#include "harness/message.h"

namespace cpgcert::conformance::scripted {

namespace {

using harness::CallbackRecord;
using harness::CallState;
using harness::Client;
using harness::ErrorName;
using harness::FlowControl;
using harness::Reaction;
using harness::wire::RequestId;
using ReplyKind = Reaction::Answer;

struct Position {
  const char* name;  // of the case
  int skip = 0;      // fragments that are accepted before
};

constexpr Position kPositions[] = {
    {"First", 0}, {"Middle", 1}, {"Last", ScriptedScene::kFragments - 1}};

// Sends one more large message, and dispatches until it is there. The names of
// all messages since the first `seen` records.
std::vector<std::string> MessagesWithOneMore(ScriptedScene& scene,
                                             size_t seen) {
  Client& client = scene.client();
  uint32_t most = 0;
  NeedOk("cpg_max_atomic_msgsize_get",
         scene.api().max_atomic_msgsize_get(client.handle(), &most));
  NeedOk("cpg_mcast_joined of another message in fragments",
         client.Multicast(harness::MakeMessage("next", 2 * size_t{most})));
  DispatchUntil(client, seen, [](const CallbackRecord& record) {
    return record.message == "next";
  });
  DispatchWaiting(client);
  std::vector<std::string> messages;
  const auto records = client.Records();
  for (; seen < records.size(); ++seen) {
    messages.push_back(records[seen].message);
  }
  return messages;
}

// What was sent and what was answered must agree: CS_OK with the message
// delivered once, an error without.
void CheckDelivery(CaseContext& context, ScriptedScene& scene,
                   const char* requirement, const std::string& call,
                   cs_error_t came, size_t seen) {
  const std::vector<std::string> messages = MessagesWithOneMore(scene, seen);
  std::vector<std::string> owed;
  if (came == CS_OK) {
    owed.emplace_back(ScriptedScene::LargeName());
  }
  owed.emplace_back("next");
  if (messages != owed) {
    context.Fail(
        requirement,
        Report(fmt::format("{}, which answered {}, and another message "
                           "after it",
                           call, ErrorName(came)),
               "deliveries of " + Join(owed), Join(messages)));
  }
}

// One fragment is refused.
void FragmentIsRefused(CaseContext& context, const Position& position,
                       cs_error_t code) {
  ScriptedScene scene(context);
  scene.Prepare(Call::kLargeMulticast);
  scene.React({.request = RequestId::kPartialMulticast,
               .answer = ReplyKind::kError,
               .error = static_cast<int32_t>(code),
               .skip = position.skip});
  const size_t seen = scene.client().RecordCount();
  const cs_error_t came = scene.Make(Call::kLargeMulticast)();
  const std::string call = fmt::format(
      "cpg_mcast_joined of a message in {} fragments, of which the service "
      "answers number {} with {}",
      ScriptedScene::kFragments, position.skip + 1, ErrorName(code));
  // After a temporary error a library may send it again, all of it or a part.
  const bool may_retry = code == CS_ERR_TRY_AGAIN || code == CS_ERR_INTERRUPT;
  const bool asked_again = scene.Count(RequestId::kPartialMulticast) >
                           size_t{ScriptedScene::kFragments};
  if (!(came == CS_OK && may_retry && asked_again)) {
    ExpectOneOf(context, "PART-02", call, came, {code});
  }
  CheckDelivery(context, scene, "PART-02", call, came, seen);
}

// The service goes away at a fragment.
void ServiceEnds(CaseContext& context, const Position& position,
                 ReplyKind kind) {
  ScriptedScene scene(context);
  scene.Prepare(Call::kLargeMulticast);
  scene.React({.request = RequestId::kPartialMulticast,
               .answer = kind,
               .skip = position.skip});
  WatchedAnswer answer(scene.Make(Call::kLargeMulticast));
  const std::string call = fmt::format(
      "cpg_mcast_joined of a message in {} fragments, at number {} of which "
      "the service {}",
      ScriptedScene::kFragments, position.skip + 1,
      kind == ReplyKind::kCrash ? "dies" : "closes the connection");
  if (!answer.WaitReturned()) {
    context.Fail("PART-07", Report(call, "an error", answer.Came()));
    return;
  }
  if (scene.Count(RequestId::kPartialMulticast) <=
      static_cast<size_t>(position.skip)) {
    CaseContext::Untested("the service was not asked for so many fragments");
  }
  ExpectError(context, "PART-07", call, answer.answer());
}

// The transport says that it is busy after a fragment, until the call tries
// again and again, or for good.
void TransportIsBusy(CaseContext& context, const Position& position,
                     bool for_good) {
  ScriptedScene scene(context);
  scene.Prepare(Call::kLargeMulticast);
  if (position.skip == 0) {
    Need(scene.service().SetFlowControl(FlowControl::kAllOff));
  } else {
    scene.React({.request = RequestId::kPartialMulticast,
                 .skip = position.skip - 1,
                 .flow_control = FlowControl::kAllOff});
  }
  const size_t seen = scene.client().RecordCount();
  const size_t before = scene.service().RequestCount();
  WatchedAnswer answer(scene.Make(Call::kLargeMulticast));
  const std::string call = fmt::format(
      "cpg_mcast_joined of a message in {} fragments, of which number {} "
      "meets a busy transport",
      ScriptedScene::kFragments, position.skip + 1);
  // Once it has answered the barrier, the service has raised flow control and
  // replied to the fragment before: what the call does then is because of it.
  if (!scene.service().WaitRequests(before + position.skip, kWaitDeadline)) {
    CaseContext::Untested("the service was not asked for so many fragments");
  }
  Need(scene.service().Barrier());
  const CallState state = answer.Settle();
  context.Note(fmt::format("{}: {}", call, answer.Came()));
  if (for_good && state.kind != CallState::Kind::kReturned) {
    // It may go on asking, as it may give up.
    answer.thread().WaitReturned(kWaitDeadline);
  }
  const bool returned_busy = answer.returned();
  Need(scene.service().SetFlowControl(FlowControl::kOff));
  if (!answer.WaitReturned()) {
    context.Fail("PART-06", Report(call + " until it is idle again",
                                   "CS_OK or CS_ERR_TRY_AGAIN", answer.Came()));
    return;
  }
  if (returned_busy) {
    ExpectOneOf(context, "PART-06", call, answer.answer(), {CS_ERR_TRY_AGAIN});
  } else {
    ExpectOneOf(context, "PART-06", call + " until it is idle again",
                answer.answer(), {CS_OK, CS_ERR_TRY_AGAIN});
  }
  CheckDelivery(context, scene, "PART-06", call, answer.answer(), seen);
}

void RegisterPosition(const Position& position) {
  const std::string fragment = std::string(position.name) + "Fragment/";
  for (const cs_error_t code :
       {CS_ERR_INTERRUPT, CS_ERR_TRY_AGAIN, CS_ERR_NOT_EXIST, CS_ERR_LIBRARY,
        CS_ERR_NO_MEMORY}) {
    RegisterCase({.name = Scripted("PART-02") + fragment + CaseName(code),
                  .requirements = {"PART-02"},
                  .profile = "faults",
                  .needs_capability = true},
                 [position, code](CaseContext& context) {
                   FragmentIsRefused(context, position, code);
                 });
  }
  for (const ReplyKind kind : {ReplyKind::kCrash, ReplyKind::kClose}) {
    RegisterCase({.name = Scripted("PART-07") + fragment +
                          (kind == ReplyKind::kCrash ? "Dies" : "Closes"),
                  .requirements = {"PART-07"},
                  .profile = "faults",
                  .needs_capability = true},
                 [position, kind](CaseContext& context) {
                   ServiceEnds(context, position, kind);
                 });
  }
  for (const bool for_good : {false, true}) {
    RegisterCase({.name = Scripted("PART-06") + fragment +
                          (for_good ? "BusyForGood" : "BusyForATime"),
                  .requirements = {"PART-06"},
                  .profile = "faults",
                  .needs_capability = true},
                 [position, for_good](CaseContext& context) {
                   TransportIsBusy(context, position, for_good);
                 });
  }
}

}  // namespace

void RegisterFragmentCases() {
  for (const Position& position : kPositions) {
    RegisterPosition(position);
  }
}

}  // namespace cpgcert::conformance::scripted
