// Signal handlers that run during a call: SIG-01. During a dispatch:
// DISPATCH-07, conformance/dispatch.

#include <fmt/core.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <ctime>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "conformance/concurrency/concurrency_suite.h"
#include "conformance/support/service_calls.h"
#include "conformance/support/support.h"
#include "conformance/support/watched_answer.h"
#include "harness/disturbances/signal_probe.h"
#include "harness/message.h"
#include "harness/trace/trace.h"

namespace cpgcert::conformance::concurrency {

namespace {

using harness::CpgApi;
using harness::ErrorName;
using harness::SignalProbe;

// Handlers that must have run inside the calls of a case.
constexpr int kMet = 10;
// At least so many rounds of a case, and at most.
constexpr int kRoundsMin = 3;
constexpr int kRoundsMax = 2000;
constexpr std::chrono::seconds kStormDeadline{10};

// One signal after the other to the thread that made it, while it lives; sent
// by the kernel, so also on a machine that is busy.
class SignalStorm {
 public:
  SignalStorm() {
    before_ = SignalProbe::Handled();
    if (harness::trace::Replaying()) {
      return;
    }
    sigevent event{};
    event.sigev_notify = SIGEV_THREAD_ID;
    event.sigev_signo = SIGUSR1;
    event._sigev_un._tid = gettid();
    if (timer_create(CLOCK_MONOTONIC, &event, &timer_) != 0) {
      CaseContext::Untested("cannot make a timer that sends signals");
    }
    // The first within the shortest call to the service; the others leave a
    // longer one time to come to its end.
    const itimerspec setting{.it_interval = {0, 100'000},
                             .it_value = {0, 15'000}};
    timer_settime(timer_, 0, &setting, nullptr);
  }
  ~SignalStorm() {
    if (!harness::trace::Replaying()) {
      timer_delete(timer_);
    }
  }
  SignalStorm(const SignalStorm&) = delete;
  SignalStorm& operator=(const SignalStorm&) = delete;

  // Handlers that have run since.
  int Handled() const { return SignalProbe::Handled() - before_; }

 private:
  timer_t timer_ = nullptr;
  int before_ = 0;
};

bool IsInterruption(cs_error_t code) {
  return code == CS_ERR_INTERRUPT || code == CS_ERR_TRY_AGAIN;
}

// The call again, now that nothing disturbs it.
cs_error_t Retry(const std::function<cs_error_t()>& call) {
  return harness::RetryWhileTryAgain(call, kWaitDeadline);
}

// Judges the answer of a call that signals met, and its effect. `oracle` knows
// what was before; null if the call has no handle that lives on.
void Judge(CaseContext& context, const NamedCall& call, cs_error_t code,
           const std::shared_ptr<CallStage>& stage, ErrorOracle* oracle) {
  const std::string text = call.function + ", with signals";
  if (IsInterruption(code)) {
    context.Note(fmt::format("{}: {}", text, ErrorName(code)));
    if (oracle != nullptr) {
      oracle->NothingHappened(text);
    }
    code = Retry(stage->Call());
    // It frees the handle whatever it answers (FIN-03), or did nothing.
    if (call.kind == CallKind::kFinalize && code == CS_ERR_BAD_HANDLE) {
      return;
    }
  }
  if (!ExpectOneOf(context, "SIG-01", text, code, {CS_OK})) {
    return;
  }
  const std::string wrong = stage->WrongEffect();
  if (!wrong.empty()) {
    context.Fail(
        "SIG-01",
        Report(text, "the effect that it has without them, once", wrong));
  }
  stage->Dispose();
}

std::unique_ptr<ErrorOracle> OracleFor(CaseContext& context, CallKind kind,
                                       const std::shared_ptr<CallStage>& stage,
                                       harness::Peer* observer) {
  if (stage->client() == nullptr || kind == CallKind::kFinalize) {
    return nullptr;
  }
  return std::make_unique<ErrorOracle>(context, *stage->client(),
                                       stage->group(), observer);
}

// Round after round; the signals come during the call only.
void Storm(CaseContext& context, const NamedCall& call, bool restarting) {
  const auto peer = StartPeer(context);
  const std::string group = UniqueGroup("storm");
  Need(peer->Join(group));
  const SignalProbe probe(restarting);
  harness::trace::Deadline end(kStormDeadline);
  int met = 0;
  for (int i = 0;
       (met < kMet || i < kRoundsMin) && i < kRoundsMax && !end.Passed(); ++i) {
    const auto stage = CallStage::Prepare(context, call, group);
    const auto oracle = OracleFor(context, call.kind, stage, peer.get());
    const std::function<cs_error_t()> made = stage->Call();
    cs_error_t code = CS_OK;
    {
      const SignalStorm storm;
      code = made();
      met += storm.Handled();
    }
    Judge(context, call, code, stage, oracle.get());
    if (!context.failures().empty()) {
      break;
    }
  }
  if (met < kMet && context.failures().empty()) {
    CaseContext::Untested(
        fmt::format("only {} signals were handled inside the call", met));
  }
}

// Many messages at a time, for one call is over before a signal comes. Each
// that was answered with an error is sent again; at the end each must have
// come once.
void StormOnMulticast(CaseContext& context, bool restarting) {
  constexpr int kMessagesPerRound = 100;
  const auto client = Connect(context);
  JoinAndSettle(*client, UniqueGroup("storm"));
  const size_t seen = client->RecordCount();
  const SignalProbe probe(restarting);
  harness::trace::Deadline end(kStormDeadline);
  std::vector<std::string> owed;
  int met = 0;
  cs_error_t code = CS_OK;
  while (met < kMet && code == CS_OK && !end.Passed()) {
    auto storm = std::make_unique<SignalStorm>();
    for (int i = 0; code == CS_OK && i < kMessagesPerRound; ++i) {
      owed.push_back(fmt::format("m{}", owed.size()));
      std::string message = harness::MakeMessage(owed.back());
      const iovec part{message.data(), message.size()};
      harness::trace::Deadline end_of_retries(kWaitDeadline);
      do {
        code = client->api().mcast_joined(client->handle(), CPG_TYPE_AGREED,
                                          &part, 1);
      } while (IsInterruption(code) && !end_of_retries.Passed());
    }
    met += storm->Handled();
    storm.reset();
    DispatchThroughBarrier(*client);
  }
  const std::string text = "cpg_mcast_joined, with signals";
  ExpectOk(context, "SIG-01", text, code);
  std::vector<std::string> came;
  const auto records = client->Records();
  for (size_t i = seen; i < records.size(); ++i) {
    if (records[i].message.starts_with('m')) {
      came.push_back(records[i].message);
    }
  }
  if (code == CS_OK && came != owed) {
    context.Fail(
        "SIG-01",
        Report(text, fmt::format("{} messages, once and in order", owed.size()),
               fmt::format("{}: {}", came.size(), Join(came))));
  }
  if (met < kMet && context.failures().empty()) {
    CaseContext::Untested(
        fmt::format("only {} signals were handled inside the call", met));
  }
}

// Signals to a call that sleeps because the service is stopped.
void WhileItWaits(CaseContext& context, const NamedCall& call,
                  bool restarting) {
  constexpr int kSignals = 20;
  const auto peer = StartPeer(context);
  const std::string group = UniqueGroup("waits");
  Need(peer->Join(group));
  const auto stage = CallStage::Prepare(context, call, group);
  const auto oracle = OracleFor(context, call.kind, stage, peer.get());
  SignalProbe probe(restarting);
  Need(context.service().Stop());
  WatchedAnswer answer(stage->Call());
  NeedAsleep(answer, call);
  int sent = 0;
  while (sent < kSignals && !answer.returned() &&
         probe.Send(answer.thread().thread_handle())) {
    ++sent;
  }
  const harness::CallState state = answer.Settle();
  const bool slept = state.kind == harness::CallState::Kind::kAsleep;
  const bool ended =
      answer.returned() && IsInterruption(answer.answer()) && sent > 0;
  const std::string text =
      fmt::format("{}, {} signals while it slept", call.function, sent);
  if (!slept && !ended) {
    context.Fail("SIG-01", Report(text,
                                  "sleep, as without them, or "
                                  "CS_ERR_INTERRUPT or CS_ERR_TRY_AGAIN",
                                  answer.Came()));
  }
  Need(context.service().Resume());
  if (!answer.WaitReturned()) {
    context.Fail("SIG-01", Report(text + ", then the service went on",
                                  "a return", answer.Came()));
    return;
  }
  if (sent == 0) {
    CaseContext::Untested("no signal was handled while the call slept");
  }
  Judge(context, call, answer.answer(), stage, oracle.get());
}

// A call that the library answers by itself, in no time.
struct LocalCall {
  std::string name;
  std::string function;
  // True if the answer is the one that was given before the storm.
  std::function<bool(const CpgApi& api, cpg_handle_t handle)> as_before;
};

std::vector<LocalCall> LocalCalls() {
  return {
      {"FdGet", "cpg_fd_get",
       [](const CpgApi& api, cpg_handle_t handle) {
         static int before = -1;
         int descriptor = -1;
         const bool ok = api.fd_get(handle, &descriptor) == CS_OK;
         before = before < 0 ? descriptor : before;
         return ok && descriptor == before;
       }},
      {"ContextGetAndSet", "cpg_context_set and cpg_context_get",
       [](const CpgApi& api, cpg_handle_t handle) {
         static int here = 0;
         void* came = nullptr;
         return api.context_set(handle, &here) == CS_OK &&
                api.context_get(handle, &came) == CS_OK && came == &here;
       }},
      {"MaxAtomicMsgsizeGet", "cpg_max_atomic_msgsize_get",
       [](const CpgApi& api, cpg_handle_t handle) {
         static uint32_t before = 0;
         uint32_t size = 0;
         const bool ok = api.max_atomic_msgsize_get(handle, &size) == CS_OK;
         before = before == 0 ? size : before;
         return ok && size == before;
       }},
      {"FlowControlStateGet", "cpg_flow_control_state_get",
       [](const CpgApi& api, cpg_handle_t handle) {
         cpg_flow_control_state_t state = CPG_FLOW_CONTROL_ENABLED;
         return api.flow_control_state_get(handle, &state) == CS_OK;
       }},
  };
}

// So short that many are made for each signal that is to meet one.
void StormOnLocalCall(CaseContext& context, const LocalCall& call,
                      bool restarting) {
  constexpr int kCallsPerRound = 1000;
  const CpgApi& api =
      context.Api({"cpg_fd_get", "cpg_context_get", "cpg_context_set",
                   "cpg_max_atomic_msgsize_get", "cpg_flow_control_state_get"});
  const auto client = Connect(context);
  JoinAndSettle(*client, UniqueGroup("local"));
  const cpg_handle_t handle = client->handle();
  NeedOk(call.function,
         call.as_before(api, handle) ? CS_OK : CS_ERR_FAILED_OPERATION);
  const SignalProbe probe(restarting);
  harness::trace::Deadline end(kStormDeadline);
  int met = 0;
  int wrong = 0;
  while (met < kMet && !end.Passed()) {
    const SignalStorm storm;
    for (int i = 0; i < kCallsPerRound; ++i) {
      wrong += call.as_before(api, handle) ? 0 : 1;
    }
    met += storm.Handled();
  }
  if (wrong > 0) {
    context.Fail("SIG-01", Report(call.function + ", with signals",
                                  "CS_OK and the result that it has without",
                                  fmt::format("{} other answers", wrong)));
  } else if (met < kMet) {
    CaseContext::Untested(
        fmt::format("only {} signals were handled beside the calls", met));
  }
}

}  // namespace

void RegisterSignalCases() {
  for (const bool restarting : {true, false}) {
    const std::string kind = restarting ? "Restarting" : "Interrupting";
    for (const NamedCall& call : NamedCalls()) {
      if (IsDispatch(call.kind)) {
        continue;
      }
      RegisterCase({.name = fmt::format("SIG-01/Storm/{}/{}", call.name, kind),
                    .requirements = {"SIG-01", "ERR-06"},
                    .profile = "api",
                    .needs_capability = MayBeAbsent(call.kind)},
                   [call, restarting](CaseContext& context) {
                     if (call.kind == CallKind::kMulticast) {
                       StormOnMulticast(context, restarting);
                     } else {
                       Storm(context, call, restarting);
                     }
                   });
      if (call.kind == CallKind::kMulticast) {
        continue;  // is queued, and does not wait
      }
      RegisterCase(
          {.name = fmt::format("SIG-01/WhileItWaits/{}/{}", call.name, kind),
           .requirements = {"SIG-01", "ERR-06", "ERR-03"},
           .profile = "faults",
           .needs_capability = MayBeAbsent(call.kind)},
          [call, restarting](CaseContext& context) {
            WhileItWaits(context, call, restarting);
          });
    }
    for (const LocalCall& call : LocalCalls()) {
      RegisterCase({.name = fmt::format("SIG-01/Storm/{}/{}", call.name, kind),
                    .requirements = {"SIG-01"},
                    .profile = "api"},
                   [call, restarting](CaseContext& context) {
                     StormOnLocalCall(context, call, restarting);
                   });
    }
  }
}

}  // namespace cpgcert::conformance::concurrency
