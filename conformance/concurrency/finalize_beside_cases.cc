// cpg_finalize beside another call on the same handle: THR-03.
//
// The other call is there for certain: asleep because nothing comes, or
// because the service is stopped. One that only begins would be a race.

#include <fmt/core.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "conformance/concurrency/concurrency_suite.h"
#include "conformance/support/service_calls.h"
#include "conformance/support/support.h"
#include "conformance/support/watched_answer.h"

namespace cpgcert::conformance::concurrency {

namespace {

using harness::CallState;

enum class Ending { kNone, kServiceGoesOn, kServiceDies };

// Fails THR-03 unless the call has returned, or sleeps.
void ExpectAtRest(CaseContext& context, const std::string& text,
                  WatchedAnswer& answer) {
  const CallState state = answer.Settle();
  const bool at_rest = state.kind == CallState::Kind::kReturned ||
                       state.kind == CallState::Kind::kAsleep ||
                       state.kind == CallState::Kind::kPolling;
  context.Note(fmt::format("{}: {}", text, answer.Came()));
  if (!at_rest) {
    context.Fail("THR-03", Report(text, "a return, or sleep", answer.Came()));
  }
}

void FinalizesBeside(CaseContext& context, const NamedCall& call,
                     Ending ending) {
  const auto stage = CallStage::Prepare(context, call, UniqueGroup("beside"));
  if (IsZeroCopy(call.kind)) {
    context.SkipCensus("its buffer is left to a connection that has ended");
  }
  if (ending != Ending::kNone) {
    Need(context.service().Stop());
  }
  WatchedAnswer answer(stage->Call());
  NeedAsleep(answer, call);
  context.Step("cpg_finalize in another thread, beside " + call.function);
  WatchedAnswer finalize([stage] { return stage->client()->Finalize(); });
  finalize.Settle();
  if (ending == Ending::kServiceGoesOn) {
    Need(context.service().Resume());
  } else if (ending == Ending::kServiceDies) {
    Need(context.service().Kill());
  }
  // Two calls on one handle may take each other's reply, and then one sleeps:
  // no page promises that they do not. Death ends a wait for a reply.
  const std::string text = "cpg_finalize beside " + call.function;
  const bool returns = finalize.WaitReturned();
  if (!returns && ending != Ending::kServiceGoesOn) {
    const bool dies = ending == Ending::kServiceDies;
    context.Fail(dies ? "ERR-02" : "THR-03",
                 Report(text, "a return", finalize.Came()));
  }
  ExpectAtRest(context, text, finalize);
  ExpectAtRest(context, call.function + ", which slept beside cpg_finalize",
               answer);
  if (!returns) {
    return;
  }
  unsigned int node = 0;
  const harness::Client& client = *stage->client();
  ExpectOneOf(context, "THR-03",
              "cpg_local_get after cpg_finalize beside " + call.function,
              client.api().local_get(client.handle(), &node),
              {CS_ERR_BAD_HANDLE});
}

// An iteration's call beside cpg_finalize of its connection: which of the two
// frees what the other uses is a race once both have been answered.
bool IsIterationCall(CallKind kind) {
  return kind == CallKind::kIterationNext ||
         kind == CallKind::kIterationFinalize;
}

void Register(const NamedCall& call, const std::string& name, Ending ending) {
  const bool dies = ending == Ending::kServiceDies;
  std::vector<std::string> requirements = {"THR-03"};
  if (dies) {
    requirements.emplace_back("ERR-02");
  }
  RegisterCase({.name = fmt::format("THR-03/{}/{}", call.name, name),
                .requirements = std::move(requirements),
                .profile = dies ? "faults" : "api",
                .needs_capability = MayBeAbsent(call.kind)},
               [call, ending](CaseContext& context) {
                 FinalizesBeside(context, call, ending);
               });
}

}  // namespace

void RegisterFinalizeBesideCases() {
  for (const NamedCall& call : NamedCalls()) {
    if (IsDispatch(call.kind)) {
      Register(call, "NothingComes", Ending::kNone);
      continue;
    }
    // No handle yet; returns at once; two finalizes are FIN-02's.
    if (IsInitialize(call.kind) || call.kind == CallKind::kMulticast ||
        call.kind == CallKind::kFinalize) {
      continue;
    }
    if (!IsIterationCall(call.kind)) {
      Register(call, "ServiceGoesOn", Ending::kServiceGoesOn);
    }
    if (call.kind != CallKind::kIterationFinalize) {
      Register(call, "ServiceDies", Ending::kServiceDies);
    }
  }
}

}  // namespace cpgcert::conformance::concurrency
