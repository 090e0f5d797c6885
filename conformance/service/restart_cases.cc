// The service dies and comes back: ERR-07.

#include <fmt/core.h>

#include <algorithm>
#include <memory>
#include <string>

#include "conformance/service/death_words.h"
#include "conformance/service/service_suite.h"
#include "conformance/support/support.h"
#include "harness/message.h"
#include "harness/spare_service.h"
#include "harness/trace/trace.h"

namespace cpgcert::conformance::service {

namespace {

using harness::CallbackRecord;
using harness::Client;
using harness::ErrorName;
using harness::SpareService;

std::unique_ptr<SpareService> PrepareSpare(const CaseContext& context) {
  std::string error;
  auto spare = SpareService::Prepare(context.service_choice(), &error);
  Need(error);
  return spare;
}

// Fails ERR-07 unless a new connection does all that one can do.
void ExpectNewWorks(CaseContext& context, const std::string& group) {
  Client client(context.Api({}), {});
  const auto ok = [&context](const char* call, cs_error_t code) {
    return ExpectOk(context, "ERR-07",
                    fmt::format("{} on a new connection, after the service was "
                                "started again",
                                call),
                    code);
  };
  if (!ok("cpg_initialize", client.Initialize()) ||
      !ok("cpg_join", client.Join(group))) {
    return;
  }
  const auto joins = [](const CallbackRecord& record) {
    return record.joined.size() == 1 && record.members.size() == 1 &&
           record.joined[0].pid ==
               static_cast<uint32_t>(harness::trace::ProcessId());
  };
  const auto message = [](const CallbackRecord& record) {
    return record.message == "new";
  };
  if (!DispatchUntil(client, 0, joins) ||
      !ok("cpg_mcast_joined", client.Multicast(harness::MakeMessage("new"))) ||
      !DispatchUntil(client, 0, message)) {
    context.Fail("ERR-07",
                 Report("cpg_dispatch on a new connection, after the service "
                        "was started again",
                        "the own join, as the only member, and the own message",
                        Join(Texts(client))));
    return;
  }
  ok("cpg_leave", client.Leave(group));
  ok("cpg_finalize", client.Finalize());
}

// The old connection, in the middle of what it was: the call on it answers an
// error, before and after the new one is used.
void OldGoesOnFailing(CaseContext& context, const NamedCall& call) {
  const auto spare = PrepareSpare(context);
  const std::string group = UniqueGroup("again");
  const auto stage = CallStage::Prepare(context, call, group);
  if (IsZeroCopy(call.kind)) {
    context.SkipCensus("a zero copy buffer is left to a service that is dead");
  }
  Need(context.service().Kill());
  Need(spare->Start());
  for (const char* when : {"before", "after"}) {
    const std::string text = fmt::format(
        "{} on the old connection, the service was started again, {} the use "
        "of a new connection",
        call.function, when);
    context.Step(text);
    WatchedAnswer answer(Persistent(stage->Call()));
    if (!ExpectDeathAnswer(context, "ERR-07", text, answer)) {
      break;
    }
    ExpectNewWorks(context, group);
  }
}

// Finalizing the old connection does no harm to the new one.
void OldIsFinalized(CaseContext& context) {
  const auto spare = PrepareSpare(context);
  const std::string group = UniqueGroup("again");
  const auto old = Connect(context);
  JoinAndSettle(*old, group);
  Need(context.service().Kill());
  Need(spare->Start());
  const auto fresh = Connect(context);
  JoinAndSettle(*fresh, group);
  context.Note("cpg_finalize of the old connection: " +
               ErrorName(old->Finalize()));
  ExpectBadHandle(context, "ERR-07", old->api(), old->handle(),
                  "after cpg_finalize of the old connection");
  const size_t seen = fresh->RecordCount();
  DispatchThroughBarrier(*fresh);
  const auto left = [](const CallbackRecord& record) {
    return !record.left.empty();
  };
  const auto records = fresh->Records();
  if (std::any_of(records.begin() + static_cast<ptrdiff_t>(seen), records.end(),
                  left)) {
    context.Fail("ERR-07",
                 Report("cpg_finalize of the old connection",
                        "no change in the group of the new connection",
                        Join(Texts(*fresh, seen))));
  }
}

void RestartedAgainAndAgain(CaseContext& context) {
  constexpr int kRestarts = 3;
  const auto spare = PrepareSpare(context);
  const std::string group = UniqueGroup("often");
  auto client = Connect(context);
  JoinAndSettle(*client, group);
  Need(context.service().Kill());
  for (int i = 0; i < kRestarts; ++i) {
    Need(spare->Start());
    ExpectNewWorks(context, group);
    const auto next = Connect(context);
    JoinAndSettle(*next, group);
    Need(spare->control().Kill());
    ExpectError(context, "ERR-07", "cpg_local_get, the service died again",
                next->RoundTrip());
    next->Finalize();
  }
}

}  // namespace

void RegisterRestartCases() {
  for (const NamedCall& call : NamedCalls()) {
    const bool has_old_connection = !IsInitialize(call.kind);
    // These may need no service, or end the connection.
    const bool is_telling = call.kind != CallKind::kZcbAlloc &&
                            call.kind != CallKind::kZcbFree &&
                            call.kind != CallKind::kFinalize;
    if (has_old_connection && is_telling) {
      RegisterCase(
          {.name = "ERR-07/OldConnection/" + call.name,
           .requirements = {"ERR-07"},
           .profile = "faults",
           .needs_capability = MayBeAbsent(call.kind)},
          [call](CaseContext& context) { OldGoesOnFailing(context, call); });
    }
  }
  RegisterCase({.name = "ERR-07/OldConnection/Finalize",
                .requirements = {"ERR-07"},
                .profile = "faults"},
               OldIsFinalized);
  RegisterCase({.name = "ERR-07/RestartedAgainAndAgain",
                .requirements = {"ERR-07"},
                .profile = "faults"},
               RestartedAgainAndAgain);
}

}  // namespace cpgcert::conformance::service
