// What an iteration refuses, and its end with that of its connection or of
// the service: ITER-01, ITER-05, ITER-06.

#include <fmt/core.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "conformance/queries/queries_suite.h"
#include "conformance/queries/query_calls.h"
#include "conformance/support/support.h"
#include "conformance/support/watched_answer.h"
#include "harness/client.h"
#include "harness/trace/trace.h"

namespace cpgcert::conformance::queries {

namespace {

using harness::Client;
using harness::CpgApi;

const std::vector<std::string_view> kSymbols = {
    "cpg_iteration_initialize", "cpg_iteration_next", "cpg_iteration_finalize"};

struct Arguments {
  IterationType type;
  bool group = false;   // not null
  bool result = false;  // not null
};

bool IsLegal(const Arguments& arguments) {
  const int type = arguments.type.value;
  const bool known = type == CPG_ITERATION_NAME_ONLY ||
                     type == CPG_ITERATION_ONE_GROUP ||
                     type == CPG_ITERATION_ALL;
  return known && arguments.result &&
         arguments.group == (type == CPG_ITERATION_ONE_GROUP);
}

std::string Name(const Arguments& arguments) {
  return fmt::format("{}/{}/{}", arguments.type.name,
                     arguments.group ? "WithGroup" : "NullGroup",
                     arguments.result ? "WithResult" : "NullResult");
}

// A type outside the enumeration is the point of some cases.
__attribute__((no_sanitize("enum"))) cs_error_t CallInitialize(
    const CpgApi& api, cpg_handle_t connection, const Arguments& arguments,
    const cpg_name& group, cpg_iteration_handle_t* result) {
  return api.iteration_initialize(
      connection, static_cast<cpg_iteration_type_t>(arguments.type.value),
      arguments.group ? &group : nullptr, arguments.result ? result : nullptr);
}

void Initializes(CaseContext& context, const Arguments& arguments) {
  const auto peer = StartPeer(context);
  const CpgApi& api = context.Api(kSymbols);
  const std::string group = UniqueGroup("arguments");
  const auto client = Connect(context);
  JoinAndSettle(*client, group);
  Need(peer->Join(group));
  ErrorOracle oracle(context, *client, group, peer.get());
  const std::string call = "cpg_iteration_initialize, " + Name(arguments);
  context.Step(call);
  cpg_iteration_handle_t iterator = 0;
  const cs_error_t code =
      CallInitialize(api, client->handle(), arguments,
                     harness::MakeGroupName(group), &iterator);
  if (IsLegal(arguments)) {
    if (ExpectOk(context, "ITER-01", call, code)) {
      NeedOk("cpg_iteration_finalize", api.iteration_finalize(iterator));
    }
    return;
  }
  ExpectOneOf(context, "ITER-01", call, code, {CS_ERR_INVALID_PARAM});
  if (code != CS_OK) {
    oracle.NothingHappened(call);
  } else if (arguments.result) {
    api.iteration_finalize(iterator);
  }
}

enum class Iterator {
  kZero,
  kNeverIssued,
  kFinalized,
  kSlotUsedAgain,
  kConnectionFinalized,
  kConnection,
};

struct NamedIterator {
  std::string name;
  Iterator value = Iterator::kZero;
};

const std::vector<NamedIterator>& BadIterators() {
  static const std::vector<NamedIterator> iterators = {
      {"Zero", Iterator::kZero},
      {"NeverIssued", Iterator::kNeverIssued},
      {"Finalized", Iterator::kFinalized},
      {"FinalizedAndSlotUsedAgain", Iterator::kSlotUsedAgain},
      {"OfFinalizedConnection", Iterator::kConnectionFinalized},
      {"HandleOfConnection", Iterator::kConnection}};
  return iterators;
}

// A value that does not name an iteration. `client` loses its connection for
// kConnectionFinalized.
cpg_iteration_handle_t MakeBad(CaseContext& context, Client& client,
                               Iterator kind, Iteration* live) {
  constexpr cpg_iteration_handle_t kOtherBits = 0x5A5A5A5A00000000;
  Iteration ended = Iteration::Begin(context, client, CPG_ITERATION_ALL, "");
  switch (kind) {
    case Iterator::kZero:
      NeedOk("cpg_iteration_finalize", ended.Finalize());
      return 0;
    case Iterator::kNeverIssued:
      NeedOk("cpg_iteration_finalize", ended.Finalize());
      return ended.handle() ^ kOtherBits;
    case Iterator::kFinalized:
      NeedOk("cpg_iteration_finalize", ended.Finalize());
      return ended.handle();
    case Iterator::kSlotUsedAgain:
      NeedOk("cpg_iteration_finalize", ended.Finalize());
      *live = Iteration::Begin(context, client, CPG_ITERATION_ALL, "");
      return ended.handle();
    case Iterator::kConnectionFinalized:
      NeedOk("cpg_finalize", client.Finalize());
      return ended.handle();
    case Iterator::kConnection:
      NeedOk("cpg_iteration_finalize", ended.Finalize());
      return client.handle();
  }
  return 0;
}

void RefusesIterator(CaseContext& context, const NamedIterator& bad,
                     bool finalize) {
  const auto client = Connect(context);
  const auto other = Connect(context);
  const std::string group = UniqueGroup("iterator");
  JoinAndSettle(*client, group);
  Iteration live(context, client->handle());
  Iteration iteration(context, client->handle());
  iteration.set_handle(MakeBad(context, *client, bad.value, &live));
  const std::string call =
      fmt::format("cpg_iteration_{} of an iterator of the kind {}",
                  finalize ? "finalize" : "next", bad.name);
  context.Step(call);
  ExpectOneOf(context, "ITER-05", call,
              finalize ? iteration.Finalize() : iteration.Next(nullptr),
              {CS_ERR_BAD_HANDLE});
  // Neither the iteration that has the slot now nor the connection suffered.
  Client& alive =
      bad.value == Iterator::kConnectionFinalized ? *other : *client;
  if (live.handle() != 0) {
    ExpectItems(
        context, "ERR-06",
        "cpg_iteration_next of the iterator that came after it",
        live.ReadRest(), {group},
        {ItemText(LocalNode(*client), harness::trace::ProcessId(), group)});
    ExpectOk(context, "ERR-06",
             "cpg_iteration_finalize of the iterator that came after it",
             live.Finalize());
  }
  ExpectOk(context, "ERR-06", "cpg_local_get after " + call, alive.RoundTrip());
}

// A refused next consumes nothing.
void RefusesNullDescription(CaseContext& context) {
  const CpgApi& api = context.Api(kSymbols);
  const auto client = Connect(context);
  const std::string group = UniqueGroup("description");
  JoinAndSettle(*client, group);
  Iteration iteration =
      Iteration::Begin(context, *client, CPG_ITERATION_ONE_GROUP, group);
  const std::string call = "cpg_iteration_next with a null description";
  context.Step(call);
  ExpectOneOf(context, "ITER-05", call,
              api.iteration_next(iteration.handle(), nullptr),
              {CS_ERR_INVALID_PARAM});
  ExpectItems(
      context, "ERR-06", "cpg_iteration_next after one that was refused",
      iteration.ReadRest(), {group},
      {ItemText(LocalNode(*client), harness::trace::ProcessId(), group)});
  NeedOk("cpg_iteration_finalize", iteration.Finalize());
}

// Connections that end with iterations open, at their beginning, in the middle
// and at the end.
void IterationsAbandoned(CaseContext& context) {
  constexpr int kRounds = 10;
  context.Api(kSymbols);
  for (int i = 0; i < kRounds; ++i) {
    const auto client = Connect(context);
    const std::string group = UniqueGroup("abandoned");
    JoinAndSettle(*client, group);
    std::vector<Iteration> open;
    for (const IterationType& type : IterationTypes()) {
      for (int items = 0; items <= 2; ++items) {
        open.push_back(Iteration::Begin(context, *client, type.value, group));
        for (int j = 0; j < items; ++j) {
          open.back().Next(nullptr);
        }
      }
    }
    if (!ExpectOk(context, "ITER-05", "cpg_finalize with iterations open",
                  client->Finalize())) {
      return;
    }
    for (Iteration& iteration : open) {
      ExpectOneOf(context, "ITER-05",
                  "cpg_iteration_next after cpg_finalize of its connection",
                  iteration.Next(nullptr), {CS_ERR_BAD_HANDLE});
    }
  }
  const auto client = Connect(context);
  ExpectOk(context, "ITER-05",
           "cpg_local_get on a new connection, after many abandoned iterations",
           client->RoundTrip());
}

// The calls between which the service is killed.
enum class Dying { kFirstNext, kSecondNext, kFinalize };

struct DyingCall {
  std::string name;
  Dying call = Dying::kFirstNext;
};

// What the call needs to go on alone.
struct IterationInUse {
  const CpgApi* api = nullptr;
  cpg_iteration_handle_t handle = 0;
  cpg_iteration_description_t description{};
};

std::function<cs_error_t()> CallOf(const std::shared_ptr<IterationInUse>& used,
                                   Dying call) {
  return [used, call] {
    return call == Dying::kFinalize
               ? used->api->iteration_finalize(used->handle)
               : used->api->iteration_next(used->handle, &used->description);
  };
}

void ServiceDies(CaseContext& context, const DyingCall& dying, bool during) {
  const CpgApi& api = context.Api(kSymbols);
  const auto client = Connect(context);
  const std::string group = UniqueGroup("dying");
  JoinAndSettle(*client, group);
  Iteration iteration =
      Iteration::Begin(context, *client, CPG_ITERATION_ALL, group);
  if (dying.call != Dying::kFirstNext) {
    NeedOk("cpg_iteration_next", iteration.Next(nullptr));
  }
  auto used = std::make_shared<IterationInUse>();
  used->api = &api;
  used->handle = iteration.handle();
  const std::string name = dying.call == Dying::kFinalize
                               ? "cpg_iteration_finalize"
                               : "cpg_iteration_next";
  Need(during ? context.service().Stop() : context.service().Kill());
  context.Step(name);
  WatchedAnswer answer(CallOf(used, dying.call));
  if (during) {
    answer.NeedAsleep(name);
    Need(context.service().Kill());
  }
  const bool returned = answer.WaitReturned();
  if (!returned || answer.answer() == CS_OK) {
    context.Fail("ITER-06",
                 Report(name + (during ? ", asleep when the service died"
                                       : ", after the service had died"),
                        "a return with an error", answer.Came()));
  } else {
    context.Note(fmt::format("{}: {}", name, answer.Came()));
  }
}

void RegisterBadIterators() {
  for (const NamedIterator& bad : BadIterators()) {
    for (const bool finalize : {false, true}) {
      RegisterCase(
          {.name = fmt::format("ITER-05/{}/{}", finalize ? "Finalize" : "Next",
                               bad.name),
           .requirements = {"ITER-05", "ERR-06", "ITER-03"},
           .profile = "api",
           .needs_capability = true},
          [bad, finalize](CaseContext& context) {
            RefusesIterator(context, bad, finalize);
          });
    }
  }
}

}  // namespace

void RegisterIterationErrorCases() {
  std::vector<IterationType> types = IterationTypes();
  types.insert(types.end(), UnknownIterationTypes().begin(),
               UnknownIterationTypes().end());
  for (const IterationType& type : types) {
    for (const bool group : {false, true}) {
      for (const bool result : {false, true}) {
        const Arguments arguments{type, group, result};
        RegisterCase({.name = "ITER-01/" + Name(arguments),
                      .requirements = {"ITER-01", "ERR-06"},
                      .profile = "api",
                      .needs_capability = true},
                     [arguments](CaseContext& context) {
                       Initializes(context, arguments);
                     });
      }
    }
  }
  RegisterBadIterators();
  RegisterCase({.name = "ITER-05/Next/NullDescription",
                .requirements = {"ITER-05", "ERR-06", "ITER-03"},
                .profile = "api",
                .needs_capability = true},
               RefusesNullDescription);
  RegisterCase({.name = "ITER-05/Abandoned",
                .requirements = {"ITER-05"},
                .profile = "api",
                .needs_capability = true},
               IterationsAbandoned);
  for (const DyingCall& dying : {DyingCall{"FirstNext", Dying::kFirstNext},
                                 DyingCall{"SecondNext", Dying::kSecondNext},
                                 DyingCall{"Finalize", Dying::kFinalize}}) {
    for (const bool during : {false, true}) {
      RegisterCase({.name = fmt::format(
                        "ITER-06/{}/{}",
                        during ? "KilledDuring" : "KilledBefore", dying.name),
                    .requirements = {"ITER-06"},
                    .profile = "faults",
                    .needs_capability = true},
                   [dying, during](CaseContext& context) {
                     ServiceDies(context, dying, during);
                   });
    }
  }
}

}  // namespace cpgcert::conformance::queries
