#include "conformance/dispatch/cell_run.h"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

#include "conformance/requirements/requirements.h"
#include "harness/trace/trace.h"

namespace cpgcert::conformance::dispatch {

namespace {

using harness::CallState;
using std::chrono::milliseconds;

// Bounds the wait for a call that owes a return or a callback. It never makes
// a verdict alone: meanwhile the service has answered round trips, and the
// thread was seen asleep in the same wait.
constexpr milliseconds kRestDeadline{4000};
constexpr milliseconds kPause{1};
constexpr milliseconds kStormDeadline{20000};

std::vector<std::string> VisibleTexts(const std::vector<Event>& events) {
  std::vector<std::string> texts;
  for (const Event& event : events) {
    if (event.has_callback) {
      texts.push_back(event.text);
    }
  }
  return texts;
}

}  // namespace

void CellRun::Run() {
  scene_.SetUp();
  start_ = scene_.subject().RecordCount();
  if (scene_.bystander() != nullptr) {
    bystander_start_ = scene_.bystander()->RecordCount();
  }
  switch (cell_.handle) {
    case Handle::kServiceKilledBefore:
      return RunServiceKilledBefore();
    case Handle::kServiceKilledDuring:
      return RunServiceKilledDuring();
    case Handle::kForkedChild:
      return RunForkedChild();
    default:
      break;
  }
  switch (cell_.disturbance) {
    case Disturbance::kSignalsRestarting:
    case Disturbance::kSignalsInterrupting:
      return RunSignals();
    case Disturbance::kOtherThreadJoins:
      return RunOtherThreadJoins();
    case Disturbance::kOtherThreadMulticasts:
      return RunOtherThreadMulticasts();
    case Disturbance::kOtherThreadFinalizes:
      return RunOtherThreadFinalizes();
    case Disturbance::kNone:
      return RunPlain();
  }
}

void CellRun::RunPlain() {
  std::vector<Event> events = scene_.waiting();
  if (cell_.handle == Handle::kInsideCallback) {
    CallInsideCallback();
    expected_.push_back(events.front());
    events.erase(events.begin());
    ++start_;  // the outer callback
  } else if (cell_.handle == Handle::kFinalizedInCallback) {
    FinalizeInCallback();
  }
  StartSingleCall();
  RestAndJudge(std::move(events));
  if (cell_.handle == Handle::kServiceStopped) {
    const std::string error = context_.service().Resume();
    if (!error.empty()) {
      CaseContext::Untested(error);
    }
  }
  Wake();
  Finish();
}

CellRun::Phase CellRun::RestAndJudge(std::vector<Event> events) {
  expected_.insert(expected_.end(), events.begin(), events.end());
  Phase phase = Begin(std::move(events));
  const std::vector<Outcome> allowed = AllowedFor(phase);
  Rest(&phase, allowed);
  JudgePhase(phase, allowed);
  return phase;
}

void CellRun::Wake() {
  if (phase_state_ != CallState::Kind::kAsleep) {
    return;
  }
  context_.Step("causes an event for the call that sleeps");
  const size_t before = RecordsNow();
  const std::vector<Event> events = scene_.CauseEvents();
  if (events.empty()) {
    return;
  }
  expected_.insert(expected_.end(), events.begin(), events.end());
  Phase phase = Begin(events);
  phase.before = before;
  phase.woken = true;
  const std::vector<Outcome> allowed = AllowedFor(phase);
  Rest(&phase, allowed);
  JudgePhase(phase, allowed);
}

void CellRun::StartCall(std::function<void()> call) {
  context_.Step(CallText());
  call_ = new harness::WatchedCall(std::move(call));
}

void CellRun::StartSingleCall() {
  const bool inside = cell_.handle == Handle::kInsideCallback;
  const int type = inside ? CS_DISPATCH_ONE : static_cast<int>(cell_.type);
  StartCall([this, type, inside] {
    const cs_error_t code =
        scene_.subject().DispatchHandle(scene_.handle(), type);
    if (!inside) {
      records_at_return_ = scene_.subject().RecordCount();
      code_ = code;
    }
  });
}

void CellRun::StartRepeatedCalls(std::function<bool()> done) {
  StartCall([this, done = std::move(done)] {
    cs_error_t code = CS_OK;
    do {
      code = scene_.subject().DispatchHandle(scene_.handle(),
                                             static_cast<int>(cell_.type));
      codes_.insert(code);
      ++calls_made_;
    } while (!done() && (code == CS_OK || code == CS_ERR_TRY_AGAIN ||
                         code == CS_ERR_INTERRUPT));
    records_at_return_ = scene_.subject().RecordCount();
    code_ = code;
  });
}

void CellRun::CallInsideCallback() {
  scene_.subject().on_callback =
      [this, called = false](const harness::CallbackRecord&) mutable {
        if (std::exchange(called, true)) {
          return;
        }
        round_trip_code_ = scene_.subject().Settle();
        const cs_error_t code = scene_.subject().DispatchHandle(
            scene_.handle(), static_cast<int>(cell_.type));
        records_at_return_ = scene_.subject().RecordCount();
        code_ = code;
      };
}

cs_error_t CellRun::FinalizeSubject() {
  // After CS_ERR_TRY_AGAIN the handle is there, or gone all the same.
  cs_error_t code = scene_.subject().Finalize();
  harness::trace::Deadline end(kRestDeadline);
  while (code == CS_ERR_TRY_AGAIN && !end.Passed()) {
    code = scene_.subject().Finalize();
    if (code == CS_ERR_BAD_HANDLE) {
      code = CS_OK;
    }
  }
  return code;
}

void CellRun::FinalizeInCallback() {
  scene_.subject().on_callback =
      [this, called = false](const harness::CallbackRecord&) mutable {
        if (!std::exchange(called, true)) {
          finalize_code_ = FinalizeSubject();
        }
      };
}

CellRun::Phase CellRun::Begin(std::vector<Event> events) const {
  Phase phase;
  phase.events = std::move(events);
  phase.before = start_;
  return phase;
}

size_t CellRun::RecordsNow() {
  return call_->returned() ? records_at_return_.load()
                           : scene_.subject().RecordCount();
}

Situation CellRun::SituationIn(const Phase& phase) const {
  if (IsBad(cell_.handle)) {
    return Situation::kBadHandle;
  }
  const Situation situation = SituationOf(phase.events);
  if (cell_.handle == Handle::kFinalizedInCallback &&
      situation != Situation::kNothingWaits) {
    return Situation::kFinalizedByCallback;
  }
  return situation;
}

std::vector<Outcome> CellRun::AllowedFor(const Phase& phase) const {
  std::vector<Outcome> allowed =
      OwedFor(cell_.type, SituationIn(phase)).allowed;
  if (SituationIn(phase) == Situation::kFinalizedByCallback &&
      SituationOf(phase.events) == Situation::kFragmentsThenMessage &&
      !MayBlock(cell_.type)) {
    // The message may not be there as a whole yet.
    const auto as_usual =
        OwedFor(cell_.type, Situation::kFragmentsThenMessage).allowed;
    allowed.insert(allowed.end(), as_usual.begin(), as_usual.end());
  }
  if (IsSignals(cell_.disturbance)) {
    // A call that goes on after a callback is interrupted in a later wait.
    const bool goes_on = MayBlock(cell_.type) && cell_.type != Type::kOne;
    allowed.push_back(
        {false, {CS_ERR_INTERRUPT}, goes_on ? Ran::kAnyNumber : Ran::kNone});
  }
  return allowed;
}

bool CellRun::IsAllowed(const Phase& phase,
                        const std::vector<Outcome>& allowed) {
  const size_t all = VisibleTexts(phase.events).size();
  const bool returned = phase.state.kind == CallState::Kind::kReturned;
  const bool asleep = phase.state.kind == CallState::Kind::kAsleep;
  return std::ranges::any_of(allowed, [&](const Outcome& outcome) {
    if (!Matches(outcome.ran, phase.ran, all)) {
      return false;
    }
    if (outcome.blocks) {
      return asleep;
    }
    return returned && std::ranges::find(outcome.codes, code_.load()) !=
                           outcome.codes.end();
  });
}

bool CellRun::BarrierAllowed() const {
  return !IsService(cell_.handle) && !IsBad(cell_.handle);
}

void CellRun::Rest(Phase* phase, const std::vector<Outcome>& allowed) {
  harness::trace::Deadline end(kRestDeadline);
  while (true) {
    phase->state = call_->Settle(kRestDeadline);
    if (!std::exchange(settled_once_, true) &&
        phase->state.kind == CallState::Kind::kAsleep) {
      constexpr double kNsPerUs = 1000;
      context_.Measure("sleep_proof_us",
                       static_cast<double>(phase->state.proof_ns) / kNsPerUs);
    }
    phase->ran = RecordsNow() - phase->before;
    phase_state_ = phase->state.kind;
    if (phase->state.kind == CallState::Kind::kReturned ||
        phase->state.kind == CallState::Kind::kSpinning ||
        phase->state.kind == CallState::Kind::kEnded ||
        phase->state.kind == CallState::Kind::kUndecided) {
      break;
    }
    if (phase->state.kind == CallState::Kind::kAsleep) {
      // A whole round trip to the service, and it slept through it.
      const bool barrier =
          !BarrierAllowed() || scene_.subject().RoundTrip() == CS_OK;
      if (barrier && call_->SleptSince(phase->state) &&
          IsAllowed(*phase, allowed)) {
        break;
      }
    }
    if (end.Passed()) {
      break;
    }
    call_->WaitReturned(kPause);
  }
}

void CellRun::StormUntilQuiet(harness::SignalProbe* probe, size_t wanted) {
  probe->StartStorm(call_->thread_handle());
  harness::trace::Deadline end(kStormDeadline);
  const bool stays = MayBlock(cell_.type) && cell_.type != Type::kOne;
  while (!call_->WaitReturned(kPause) && !end.Passed()) {
    // A callback is recorded before it waits for its signals.
    if (stays && signals_met_call_.IsSet() &&
        scene_.subject().RecordCount() >= start_ + wanted) {
      break;
    }
  }
  storm_over_.Set();
  probe->StopStorm();
}

void CellRun::Finish() {
  if (round_trip_code_ != CS_OK) {
    Fail({"DISPATCH-14"},
         "call: cpg_local_get inside a callback\nowed: CS_OK\ncame: " +
             harness::ErrorName(
                 static_cast<cs_error_t>(round_trip_code_.load())));
  }
  if (cell_.handle == Handle::kFinalized &&
      scene_.subject().Finalize() == CS_OK) {
    Fail({"FIN-01"},
         "call: cpg_finalize, a second time\nowed: an error\ncame: CS_OK");
  }
  if (!IsBad(cell_.handle) || cell_.handle == Handle::kZero ||
      cell_.handle == Handle::kNeverIssued) {
    if (cell_.handle == Handle::kZero || cell_.handle == Handle::kNeverIssued) {
      expected_ = scene_.waiting();
    }
    FinishSubject();
  }
  FinishBystander();
}

void CellRun::FinishSubject() {
  harness::Client& subject = scene_.subject();
  if (cell_.handle == Handle::kFinalizedInCallback) {
    if (finalize_code_ == 0) {
      return;  // no callback ran; judged already
    }
    if (finalize_code_ != CS_OK) {
      Fail({"FIN-05"}, fmt::format("cpg_finalize inside the callback owed "
                                   "CS_OK and answered {}",
                                   harness::ErrorName(static_cast<cs_error_t>(
                                       finalize_code_.load()))));
    }
    const cs_error_t after = subject.Dispatch(CS_DISPATCH_ONE_NONBLOCKING);
    if (after != CS_ERR_BAD_HANDLE) {
      Fail({"FIN-05"},
           "afterwards the handle owed CS_ERR_BAD_HANDLE and "
           "answered " +
               harness::ErrorName(after));
    }
    return JudgeFrame(scene_.RenderAll(subject));
  }
  if (Returned()) {
    const std::vector<Event> last = scene_.CauseLastEvent();
    expected_.insert(expected_.end(), last.begin(), last.end());
    const size_t wanted = VisibleTexts(expected_).size() + start_ -
                          (cell_.handle == Handle::kInsideCallback ? 1 : 0);
    harness::trace::Deadline end(kRestDeadline);
    while (subject.RecordCount() < wanted && !end.Passed()) {
      if (subject.WaitReadable(milliseconds(100))) {
        subject.Dispatch(CS_DISPATCH_ONE_NONBLOCKING);
      }
    }
    if (subject.RoundTrip() != CS_OK) {
      return Fail({}, "afterwards the handle owed an answer to cpg_local_get");
    }
    scene_.Drain(subject);
  }
  std::vector<std::string> seen = scene_.RenderAll(subject);
  const size_t own = start_ - (cell_.handle == Handle::kInsideCallback ? 1 : 0);
  seen.erase(seen.begin(),
             seen.begin() + static_cast<ptrdiff_t>(std::min(own, seen.size())));
  JudgeFrame(seen);
  CompareSequence(VisibleTexts(expected_), seen);
}

void CellRun::FinishBystander() {
  harness::Client* bystander = scene_.bystander();
  if (bystander == nullptr) {
    return;
  }
  if (bystander->RecordCount() != bystander_start_) {
    Fail({"DISPATCH-15"},
         "the call owed no callback of another connection; it ran one of its "
         "callbacks");
  }
  const std::vector<std::string> expected =
      VisibleTexts(scene_.bystander_waiting());
  harness::trace::Deadline end(kRestDeadline);
  while (bystander->RecordCount() < bystander_start_ + expected.size() &&
         !end.Passed()) {
    if (bystander->WaitReadable(milliseconds(100))) {
      bystander->Dispatch(CS_DISPATCH_ONE_NONBLOCKING);
    }
  }
  std::vector<std::string> seen = scene_.RenderAll(*bystander);
  seen.erase(seen.begin(),
             seen.begin() + static_cast<ptrdiff_t>(bystander_start_));
  JudgeFrame(seen);
  CompareSequence(expected, seen);
}

void RegisterDispatchMatrix() {
  for (const Cell& cell : Cells()) {
    CaseInfo info;
    info.name = Name(cell);
    info.requirements = RequirementsOf(cell);
    const Requirement* first = FindRequirement(info.requirements.front());
    info.profile =
        first == nullptr || IsService(cell.handle) ? "faults" : first->profile;
    RegisterCase(std::move(info), [cell](CaseContext& context) {
      // Never destroyed: see Scene.
      auto* run = new CellRun(context, cell);
      run->Run();
    });
  }
}

}  // namespace cpgcert::conformance::dispatch
