// The service is killed before a call, and in the middle of it: ERR-02,
// FIN-03. An iteration: ITER-06, conformance/queries. A dispatch: DISPATCH-09,
// conformance/dispatch.

#include <fmt/core.h>

#include <memory>
#include <string>
#include <vector>

#include "conformance/service/death_words.h"
#include "conformance/service/service_suite.h"
#include "conformance/support/support.h"

namespace cpgcert::conformance::service {

namespace {

// An implementation may make and free buffers by itself.
bool MayNeedNoService(CallKind kind) {
  return kind == CallKind::kZcbAlloc || kind == CallKind::kZcbFree;
}

// A message that fits is queued, and so is not in the middle of anything.
bool Sleeps(CallKind kind) {
  return kind != CallKind::kMulticast && !MayNeedNoService(kind);
}

// A buffer of the application's cannot be given back to a dead service.
void SkipCensusOfBuffer(CaseContext& context, CallKind kind) {
  if (kind == CallKind::kZcbMulticast || kind == CallKind::kZcbFree) {
    context.SkipCensus("a zero copy buffer is left to a service that is dead");
  }
}

void KilledBefore(CaseContext& context, const NamedCall& call) {
  const auto stage = CallStage::Prepare(context, call, UniqueGroup("before"));
  SkipCensusOfBuffer(context, call.kind);
  Need(context.service().Kill());
  const std::string text = call.function + ", after the service had died";
  context.Step(text);
  WatchedAnswer answer(Persistent(stage->Call()));
  if (MayNeedNoService(call.kind) && answer.WaitReturned()) {
    context.Note(fmt::format("{}: {}", text, answer.Came()));
  } else {
    ExpectDeathAnswer(context, "ERR-02", text, answer);
  }
  if (answer.returned()) {
    ExpectFreed(context, "ERR-02", stage);
  }
}

void KilledDuring(CaseContext& context, const NamedCall& call) {
  const auto stage = CallStage::Prepare(context, call, UniqueGroup("during"));
  SkipCensusOfBuffer(context, call.kind);
  Need(context.service().Stop());
  const std::string text =
      call.function + ", which slept when the service died";
  context.Step(text);
  WatchedAnswer answer(Persistent(stage->Call()));
  NeedAsleep(answer, call);
  Need(context.service().Kill());
  ExpectDeathAnswer(context, "ERR-02", text, answer);
  if (IsInitialize(call.kind) && answer.returned()) {
    ExpectBadHandle(context, "ERR-02", context.Api({}), stage->made(),
                    "with what the initialize that failed left as a handle");
  }
  if (answer.returned()) {
    ExpectFreed(context, "ERR-02", stage);
  }
}

// Several connections in several states, all finalized; none is left.
void FreesHandle(CaseContext& context, bool during) {
  std::vector<std::shared_ptr<CallStage>> stages;
  for (const NamedCall& call : NamedCalls()) {
    // Not joined; joined; joined and with an iteration open.
    const bool iterates = call.kind == CallKind::kIterationNext &&
                          context.Api({}).Has(call.function);
    if (call.kind == CallKind::kFinalize || call.kind == CallKind::kLocalGet ||
        iterates) {
      stages.push_back(
          CallStage::Prepare(context, call, UniqueGroup(call.name)));
    }
  }
  Need(during ? context.service().Stop() : context.service().Kill());
  std::vector<std::unique_ptr<WatchedAnswer>> answers;
  for (const auto& stage : stages) {
    context.Step("cpg_finalize");
    answers.push_back(std::make_unique<WatchedAnswer>(
        [stage] { return stage->client()->Finalize(); }));
    if (during) {
      answers.back()->NeedAsleep("cpg_finalize");
    }
  }
  if (during) {
    Need(context.service().Kill());
  }
  for (size_t i = 0; i < stages.size(); ++i) {
    if (!answers[i]->WaitReturned()) {
      context.Fail("FIN-03", Report("cpg_finalize, the service is dead",
                                    "a return", answers[i]->Came()));
      continue;
    }
    const std::string when =
        "after cpg_finalize, which answered " + answers[i]->Came();
    const harness::Client& client = *stages[i]->client();
    ExpectBadHandle(context, "FIN-03", client.api(), client.handle(), when);
    ExpectOneOf(context, "FIN-03", "cpg_finalize, " + when,
                client.api().finalize(client.handle()), {CS_ERR_BAD_HANDLE});
  }
}

}  // namespace

void RegisterDeathCases() {
  for (const NamedCall& call : NamedCalls()) {
    if (IsDispatch(call.kind) || call.kind == CallKind::kFinalize) {
      continue;  // DISPATCH-09; FIN-03
    }
    std::vector<std::string> requirements = {"ERR-02"};
    if (call.kind == CallKind::kZcbAlloc) {
      requirements.emplace_back("LEAK-02");  // what it made goes with it
    }
    RegisterCase({.name = "ERR-02/KilledBefore/" + call.name,
                  .requirements = requirements,
                  .profile = "faults",
                  .needs_capability = MayBeAbsent(call.kind)},
                 [call](CaseContext& context) { KilledBefore(context, call); });
    // ITER-06 asks the second question of cpg_iteration_next.
    if (Sleeps(call.kind) && call.kind != CallKind::kIterationNext) {
      RegisterCase(
          {.name = "ERR-02/KilledDuring/" + call.name,
           .requirements = {"ERR-02"},
           .profile = "faults",
           .needs_capability = MayBeAbsent(call.kind)},
          [call](CaseContext& context) { KilledDuring(context, call); });
    }
  }
  for (const bool during : {false, true}) {
    RegisterCase(
        {.name = std::string("FIN-03/") +
                 (during ? "KilledDuring" : "KilledBefore"),
         .requirements = {"FIN-03"},
         .profile = "faults"},
        [during](CaseContext& context) { FreesHandle(context, during); });
  }
}

}  // namespace cpgcert::conformance::service
