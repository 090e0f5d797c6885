// Cells that need more than one call, or another end: disturbances, a service
// that dies, a fork.

#include <fmt/core.h>

#include <algorithm>
#include <memory>
#include <thread>

#include "conformance/dispatch/cell_run.h"
#include "harness/forked_call.h"
#include "harness/message.h"
#include "harness/trace/trace.h"

namespace cpgcert::conformance::dispatch {

namespace {

using harness::CallState;
using harness::ErrorName;
using harness::SignalProbe;
using std::chrono::milliseconds;

constexpr milliseconds kDeadline{15000};
// Signals that must have been handled while the call was there.
constexpr int kSignals = 20;
constexpr int kSignalsInCallback = 3;
constexpr int kMulticasts = 100;

size_t CountVisible(const std::vector<Event>& events) {
  return std::ranges::count_if(events, &Event::has_callback);
}

}  // namespace

void CellRun::RunSignals() {
  auto* probe =
      new SignalProbe(cell_.disturbance == Disturbance::kSignalsRestarting);
  const std::vector<Event>& waiting = scene_.waiting();
  if (waiting.empty() && MayBlock(cell_.type)) {
    StartSingleCall();
    RestAndJudge({});
    for (int i = 0; i < kSignals && phase_state_ == CallState::Kind::kAsleep;
         ++i) {
      if (call_->returned() || !probe->Send(call_->thread_handle())) {
        break;
      }
    }
    if (SignalProbe::Handled() < kSignals && !call_->returned()) {
      CaseContext::Untested("too few signals were handled while it slept");
    }
    RestAndJudge({});
    Wake();
    return Finish();
  }
  if (waiting.empty()) {
    const auto end = std::make_shared<harness::trace::Deadline>(kDeadline);
    StartRepeatedCalls(
        [end] { return SignalProbe::Handled() >= kSignals || end->Passed(); });
    StormUntilQuiet(probe, 0);
    JudgeRepeatedCodes({cell_.type == Type::kAll ? CS_OK : CS_ERR_TRY_AGAIN,
                        CS_ERR_INTERRUPT});
    phase_state_ = call_->Settle(kDeadline).kind;
    if (SignalProbe::Handled() < kSignals) {
      CaseContext::Untested("too few signals met a call");
    }
    return Finish();
  }
  // Each callback stays until signals were handled inside the call.
  scene_.subject().on_callback = [this](const harness::CallbackRecord&) {
    const int goal = SignalProbe::Handled() + kSignalsInCallback;
    while (!storm_over_.IsSet() && SignalProbe::Handled() < goal) {
      std::this_thread::yield();
    }
    if (SignalProbe::Handled() >= goal) {
      signals_met_call_.Set();
    }
  };
  StartCall([this] {
    while (SignalProbe::Handled() == 0 && !storm_over_.IsSet()) {
      std::this_thread::yield();
    }
    const cs_error_t code =
        scene_.subject().Dispatch(static_cast<int>(cell_.type));
    records_at_return_ = scene_.subject().RecordCount();
    code_ = code;
  });
  StormUntilQuiet(probe, CountVisible(waiting));
  RestAndJudge(waiting);
  if (!signals_met_call_.IsSet() && scene_.subject().RecordCount() > start_) {
    CaseContext::Untested("no signal was handled inside the call");
  }
  Wake();
  Finish();
}

void CellRun::JudgeRepeatedCalls() {
  phase_state_ = call_->WaitReturned(kDeadline + kDeadline)
                     ? CallState::Kind::kReturned
                     : call_->Settle(kDeadline).kind;
  if (!Returned()) {
    Fail(SpecificIds(), CallText() + " owed a return, again and again; it is " +
                            harness::Describe(call_->Settle(kDeadline)));
  } else if (cell_.type == Type::kAll) {
    JudgeRepeatedCodes({CS_OK});
  } else {
    JudgeRepeatedCodes({CS_OK, CS_ERR_TRY_AGAIN});
  }
}

void CellRun::RunOtherThreadMulticasts() {
  std::vector<Event> events = scene_.waiting();
  const bool sleeps_first = events.empty() && MayBlock(cell_.type);
  const size_t wanted = start_ + CountVisible(events) + kMulticasts;
  if (MayBlock(cell_.type)) {
    StartSingleCall();
  } else {
    const auto end = std::make_shared<harness::trace::Deadline>(kDeadline);
    StartRepeatedCalls([this, wanted, end] {
      return scene_.subject().RecordCount() >= wanted || end->Passed();
    });
  }
  if (sleeps_first) {
    RestAndJudge({});
  }
  std::vector<Event> sent;
  for (int i = 0; i < kMulticasts; ++i) {
    const std::string name = fmt::format("x{}", i);
    const cs_error_t result =
        scene_.subject().Multicast(harness::MakeMessage(name));
    if (result != CS_OK) {
      CaseContext::Untested("cpg_mcast_joined of the other thread answered " +
                            ErrorName(result));
    }
    sent.push_back(scene_.Message(name));
  }
  if (MayBlock(cell_.type)) {
    if (!sleeps_first || phase_state_ == CallState::Kind::kAsleep) {
      events.insert(events.end(), sent.begin(), sent.end());
      RestAndJudge(std::move(events));
    } else {
      expected_.insert(expected_.end(), sent.begin(), sent.end());
    }
  } else {
    events.insert(events.end(), sent.begin(), sent.end());
    expected_ = std::move(events);
    JudgeRepeatedCalls();
  }
  Finish();
}

void CellRun::RunOtherThreadJoins() {
  if (MayBlock(cell_.type)) {
    return RunPlain();
  }
  const auto end = std::make_shared<harness::trace::Deadline>(kDeadline);
  // The own join and one message, see Scene::CauseEvents.
  StartRepeatedCalls([this, end] {
    return scene_.subject().RecordCount() >= start_ + 2 || end->Passed();
  });
  expected_ = scene_.CauseEvents();
  JudgeRepeatedCalls();
  Finish();
}

void CellRun::StayInCallback() {
  scene_.subject().on_callback = [this](const harness::CallbackRecord&) {
    in_callback_.Set();
    callback_may_end_.wait(false);
  };
}

// A call that is there for certain: asleep, or in a callback. One that begins
// while another thread finalizes would use a handle that may be gone.
void CellRun::StartCallToFinalize() {
  if (scene_.waiting().empty()) {
    StartSingleCall();
    RestAndJudge({});
    return;
  }
  StayInCallback();
  StartSingleCall();
  harness::trace::Deadline end(kDeadline);
  while (!in_callback_.IsSet() && !call_->returned() && !end.Passed()) {
    call_->WaitReturned(milliseconds(1));
  }
  const bool refused = IsInvalid(cell_.type) && call_->returned();
  if (!in_callback_.IsSet() && !refused) {
    CaseContext::Untested("the call ran no callback in which to finalize");
  }
}

void CellRun::RunOtherThreadFinalizes() {
  StartCallToFinalize();
  context_.Step("cpg_finalize in another thread");
  auto* finalizer =
      new harness::WatchedCall([this] { finalize_code_ = FinalizeSubject(); });
  // It may wait for the callback, or not.
  finalizer->Settle(kDeadline);
  callback_may_end_ = true;
  callback_may_end_.notify_all();
  if (!finalizer->WaitReturned(kDeadline)) {
    return Fail({"FIN-07"},
                "cpg_finalize beside " + CallText() + " owed a return; it is " +
                    harness::Describe(finalizer->Settle(kDeadline)));
  }
  if (in_callback_.IsSet() && !MayBlock(cell_.type)) {
    call_->WaitReturned(kDeadline);
  }
  const CallState state = call_->Settle(kDeadline);
  const std::string came =
      state.kind == CallState::Kind::kReturned
          ? "returned " + ErrorName(static_cast<cs_error_t>(code_.load()))
          : harness::Describe(state);
  context_.Note(
      fmt::format("cpg_finalize answered {}; {} in the other thread: {}",
                  ErrorName(static_cast<cs_error_t>(finalize_code_.load())),
                  CallText(), came));
  const bool at_rest =
      state.kind == CallState::Kind::kReturned ||
      (MayBlock(cell_.type) && state.kind == CallState::Kind::kAsleep);
  if (!at_rest) {
    Fail({"FIN-07"}, fmt::format("after cpg_finalize in another thread {} owed "
                                 "to have returned or to sleep; it is {}",
                                 CallText(), came));
  }
  const cs_error_t after =
      scene_.subject().Dispatch(CS_DISPATCH_ONE_NONBLOCKING);
  if (after != CS_ERR_BAD_HANDLE) {
    Fail({"FIN-07"},
         "after cpg_finalize the handle owed CS_ERR_BAD_HANDLE and "
         "answered " +
             ErrorName(after));
  }
}

void CellRun::RunServiceKilledBefore() {
  const auto end = std::make_shared<harness::trace::Deadline>(kDeadline / 3);
  StartRepeatedCalls([end] { return end->Passed(); });
  if (!call_->WaitReturned(kDeadline)) {
    return Fail(
        {"DISPATCH-09"},
        fmt::format("call: {}, the service is dead\nowed: "
                    "CS_ERR_LIBRARY\ncame: {}",
                    CallText(), harness::Describe(call_->Settle(kDeadline))));
  }
  const bool refused = IsInvalid(cell_.type) && code_ == CS_ERR_INVALID_PARAM;
  if (code_ != CS_ERR_LIBRARY && !refused) {
    Fail({"DISPATCH-09"},
         fmt::format("call: {}, {} times after the death of the service\n"
                     "owed: CS_ERR_LIBRARY once no event is left\ncame: {}",
                     CallText(), calls_made_.load(),
                     ErrorName(static_cast<cs_error_t>(code_.load()))));
  }
  // What was delivered before must be a beginning of what waited.
  std::vector<std::string> expected;
  for (const Event& event : scene_.waiting()) {
    if (event.has_callback) {
      expected.push_back(event.text);
    }
  }
  std::vector<std::string> seen = scene_.RenderAll(scene_.subject());
  seen.erase(seen.begin(), seen.begin() + static_cast<ptrdiff_t>(start_));
  expected.resize(std::min(expected.size(), seen.size()));
  CompareSequence(expected, seen);
}

void CellRun::RunServiceKilledDuring() {
  StartSingleCall();
  const Phase phase = RestAndJudge({});
  if (phase.state.kind != CallState::Kind::kAsleep) {
    if (IsInvalid(cell_.type) && code_ == CS_ERR_INVALID_PARAM) {
      return;  // refused at once, which is allowed
    }
    CaseContext::Untested(
        "the call did not sleep when the service was to be "
        "killed");
  }
  context_.Step("kills the service");
  const std::string error = context_.service().Kill();
  if (!error.empty()) {
    CaseContext::Untested(error);
  }
  const bool returned = call_->WaitReturned(kDeadline);
  if (!returned || code_ != CS_ERR_LIBRARY) {
    Fail({"DISPATCH-09"},
         fmt::format("call: {}, asleep when the service died\nowed: "
                     "CS_ERR_LIBRARY\ncame: {}",
                     CallText(),
                     returned ? ErrorName(static_cast<cs_error_t>(code_.load()))
                              : harness::Describe(call_->Settle(kDeadline))));
  }
}

void CellRun::RunForkedChild() {
  const harness::ForkedCallResult result = harness::RunInForkedChild(
      [this] {
        StartSingleCall();
        const CallState state = call_->Settle(kDeadline);
        const bool rests = state.kind == CallState::Kind::kReturned ||
                           state.kind == CallState::Kind::kAsleep;
        return fmt::format(
            "{}{}, {} callbacks", rests ? "" : "! ",
            state.kind == CallState::Kind::kReturned
                ? "returned " + ErrorName(static_cast<cs_error_t>(code_.load()))
                : harness::Describe(state),
            RecordsNow() - start_);
      },
      kDeadline + kDeadline);
  const std::string came = result.returned ? result.text : result.end;
  context_.Note(fmt::format("in a forked child, {}: {}", CallText(), came));
  if (!result.returned || came.starts_with("!")) {
    Fail({"DISPATCH-17"},
         fmt::format("call: {} in a forked child\nowed: a return, or sleep\n"
                     "came: {}",
                     CallText(), came));
  }
}

}  // namespace cpgcert::conformance::dispatch
