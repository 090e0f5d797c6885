// What is gone with a connection, and whatever cpg_finalize answers: FIN-02,
// FIN-03, FIN-08.

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "conformance/connections/handle_calls.h"
#include "conformance/connections/topics.h"
#include "conformance/support/support.h"
#include "harness/message.h"
#include "harness/thread_watch.h"
#include "harness/trace/trace.h"

namespace cpgcert::conformance::connections {

namespace {

using harness::CallState;
using harness::Client;
using harness::CpgApi;
using harness::ErrorName;
using harness::WatchedCall;

std::string Names(const std::vector<cs_error_t>& codes) {
  std::vector<std::string> names;
  names.reserve(codes.size());
  for (const cs_error_t code : codes) {
    names.push_back(ErrorName(code));
  }
  return Join(names);
}

// Exactly one CS_OK, and CS_ERR_BAD_HANDLE for everybody else.
void JudgeFinalizers(CaseContext& context, const std::string& call,
                     const std::vector<cs_error_t>& codes) {
  const auto count = [&codes](cs_error_t code) {
    return static_cast<size_t>(std::count(codes.begin(), codes.end(), code));
  };
  if (count(CS_OK) != 1 || count(CS_ERR_BAD_HANDLE) != codes.size() - 1) {
    context.Fail(
        "FIN-02",
        Report(call, "CS_OK once, CS_ERR_BAD_HANDLE otherwise", Names(codes)));
  }
}

constexpr int kFinalizers = 4;

// Threads that finalize at the same time. REQUIRES: the handle is finalized
// already, so that they race only with each other.
std::vector<cs_error_t> FinalizeInThreads(const CpgApi& api,
                                          cpg_handle_t handle) {
  std::array<cs_error_t, kFinalizers> codes{};
  std::vector<std::thread> threads;
  for (cs_error_t& code : codes) {
    threads.push_back(harness::trace::StartThread(
        [&api, handle, &code] { code = api.finalize(handle); }));
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  return {codes.begin(), codes.end()};
}

// The connection is still in use, by the dispatch around the callback, when the
// other threads come.
void FinalizersBesideACallback(CaseContext& context) {
  const auto client = Connect(context);
  JoinAndSettle(*client, UniqueGroup("finalizers"));
  NeedOk("cpg_mcast_joined", client->Multicast(harness::MakeMessage("m1")));
  std::vector<cs_error_t> codes;
  client->on_callback = [&](const harness::CallbackRecord&) {
    if (codes.empty()) {
      codes.push_back(client->Finalize());
      for (const cs_error_t code :
           FinalizeInThreads(client->api(), client->handle())) {
        codes.push_back(code);
      }
    }
  };
  (void)DispatchUntil(*client, client->RecordCount(),
                      [](const auto&) { return true; });
  if (codes.empty()) {
    CaseContext::Untested("no callback ran in which to finalize");
  }
  JudgeFinalizers(context,
                  "cpg_finalize in a callback, then in four other threads "
                  "while the callback runs",
                  codes);
}

// The first one has closed the connection before the others call.
void FinalizersAfterTheFirst(CaseContext& context) {
  const auto client = Connect(context);
  const auto bystander = Connect(context);
  std::vector<cs_error_t> codes = {client->Finalize()};
  for (const cs_error_t code :
       FinalizeInThreads(client->api(), client->handle())) {
    codes.push_back(code);
  }
  JudgeFinalizers(context, "cpg_finalize, then in four threads at once", codes);
  ExpectOk(context, "FIN-02", "cpg_local_get on another connection after that",
           bystander->RoundTrip());
}

// The first one waits for the answer of a service that is stopped.
void FinalizersBesideAWaitingOne(CaseContext& context) {
  struct Finalizer {
    explicit Finalizer(Client* client)
        : call([this, client] { code = client->Finalize(); }) {}
    cs_error_t code = CS_OK;
    WatchedCall call;
  };
  // Never deleted: an abandoned call may still use it.
  auto* client = Connect(context).release();
  Need(context.service().Stop());
  std::array<std::unique_ptr<Finalizer>, kFinalizers> finalizers;
  for (int i = 0; i < kFinalizers; ++i) {
    finalizers.at(i) = std::make_unique<Finalizer>(client);
    // One after the other: the first sleeps before the next one comes.
    const CallState state = finalizers.at(i)->call.Settle(kWaitDeadline);
    if (i == 0 && state.kind != CallState::Kind::kAsleep) {
      context.Note("cpg_finalize does not wait for the service");
    }
  }
  const std::string resumed = context.service().Resume();
  std::vector<cs_error_t> codes;
  for (auto& finalizer : finalizers) {
    if (!finalizer->call.WaitReturned(kWaitDeadline)) {
      context.Fail(
          "ERR-03",
          Report("cpg_finalize, called while the service was stopped",
                 "a return once the service goes on",
                 harness::Describe(finalizer->call.Settle(kWaitDeadline))));
      finalizer.release()->call.Abandon();
      continue;
    }
    codes.push_back(finalizer->code);
  }
  Need(resumed);
  if (context.failures().empty()) {
    JudgeFinalizers(context,
                    "cpg_finalize in four threads while the service is stopped",
                    codes);
  }
}

// How the connection stands when the service dies.
enum class At { kConnected, kJoined, kEventsWaiting, kInCallback };

struct AtRow {
  const char* name;
  At at;
};
constexpr auto kAts = std::to_array<AtRow>({
    {"Connected", At::kConnected},
    {"Joined", At::kJoined},
    {"EventsWaiting", At::kEventsWaiting},
    {"InCallback", At::kInCallback},
});

// REQUIRES: a message waits.
cs_error_t FinalizeInCallback(CaseContext& context, Client& client) {
  std::optional<cs_error_t> result;
  std::string not_killed = "no callback ran in which to finalize";
  client.on_callback = [&](const harness::CallbackRecord&) {
    if (!result.has_value()) {
      not_killed = context.service().Kill();
      context.Step("cpg_finalize in a callback, the service is dead");
      result = client.Finalize();
    }
  };
  (void)DispatchUntil(client, client.RecordCount(),
                      [](const auto&) { return true; });
  Need(not_killed);
  return *result;
}

void HandleIsGoneWithTheService(CaseContext& context, At at) {
  const std::string group = UniqueGroup("orphan");
  const auto client = Connect(context);
  if (at != At::kConnected) {
    JoinAndSettle(*client, group);
  }
  if (at == At::kEventsWaiting || at == At::kInCallback) {
    NeedOk("cpg_mcast_joined", client->Multicast(harness::MakeMessage("m1")));
    if (!client->WaitReadable(kWaitDeadline)) {
      CaseContext::Untested("a message to itself did not come back");
    }
  }
  cs_error_t came = CS_OK;
  if (at == At::kInCallback) {
    came = FinalizeInCallback(context, *client);
  } else {
    Need(context.service().Kill());
    context.Step("cpg_finalize, the service is dead");
    came = client->Finalize();
  }
  context.Note("cpg_finalize without a service: " + ErrorName(came));
  for (const HandleCall& call : HandleCalls()) {
    if (!client->api().Has(call.function)) {
      continue;
    }
    ExpectBadHandle(context, {"FIN-03"}, call, client->api(), client->handle(),
                    group, "a handle that was finalized without a service");
  }
}

// An iteration that was begun and not finished.
struct Iteration {
  Iteration(CaseContext& context, const Client& client) {
    const CpgApi& api =
        context.Api({"cpg_iteration_initialize", "cpg_iteration_next",
                     "cpg_iteration_finalize"});
    NeedOk("cpg_iteration_initialize",
           api.iteration_initialize(client.handle(), CPG_ITERATION_ALL, nullptr,
                                    &handle));
  }
  cpg_iteration_handle_t handle = 0;
};

void IterationsEnd(CaseContext& context, bool by_next) {
  constexpr int kIterations = 3;
  const auto client = Connect(context);
  const auto bystander = Connect(context);
  const CpgApi& api = client->api();
  JoinAndSettle(*bystander, UniqueGroup("iterated"));
  std::vector<Iteration> iterations;
  for (int i = 0; i < kIterations; ++i) {
    iterations.emplace_back(context, *client);
  }
  const Iteration other(context, *bystander);
  cpg_iteration_description_t description{};
  NeedOk("cpg_iteration_next",
         api.iteration_next(iterations.front().handle, &description));
  NeedOk("cpg_finalize", client->Finalize());
  for (const Iteration& iteration : iterations) {
    context.Step("uses an iteration of a finalized connection");
    ExpectOneOf(
        context, "FIN-08",
        fmt::format("{} after cpg_finalize of its connection",
                    by_next ? "cpg_iteration_next" : "cpg_iteration_finalize"),
        by_next ? api.iteration_next(iteration.handle, &description)
                : api.iteration_finalize(iteration.handle),
        {CS_ERR_BAD_HANDLE});
  }
  ExpectOk(context, "FIN-08",
           "cpg_iteration_next of another connection after that",
           api.iteration_next(other.handle, &description));
  NeedOk("cpg_iteration_finalize", api.iteration_finalize(other.handle));
}

}  // namespace

void RegisterFinalize() {
  RegisterCase({.name = "FIN-02/BesideACallback",
                .requirements = {"FIN-02"},
                .profile = "api"},
               FinalizersBesideACallback);
  RegisterCase({.name = "FIN-02/AfterTheFirst",
                .requirements = {"FIN-02"},
                .profile = "api"},
               FinalizersAfterTheFirst);
  RegisterCase({.name = "FIN-02/BesideAWaitingOne",
                .requirements = {"FIN-02", "ERR-03"},
                .profile = "faults"},
               FinalizersBesideAWaitingOne);
  for (const AtRow& row : kAts) {
    RegisterCase({.name = fmt::format("FIN-03/ServiceKilled/{}", row.name),
                  .requirements = {"FIN-03"},
                  .profile = "faults"},
                 [at = row.at](CaseContext& context) {
                   HandleIsGoneWithTheService(context, at);
                 });
  }
  for (const bool by_next : {true, false}) {
    RegisterCase(
        {.name = fmt::format("FIN-08/{}", by_next ? "Next" : "Finalize"),
         .requirements = {"FIN-08"},
         .profile = "api",
         .needs_capability = true},
        [by_next](CaseContext& context) { IterationsEnd(context, by_next); });
  }
}

}  // namespace cpgcert::conformance::connections
