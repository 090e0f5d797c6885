// Runs one cell of the matrix: makes the call, watches it, and holds what was
// seen against what is owed.

#ifndef CPGCERT_CONFORMANCE_DISPATCH_CELL_RUN_H_
#define CPGCERT_CONFORMANCE_DISPATCH_CELL_RUN_H_

#include <atomic>
#include <chrono>
#include <functional>
#include <initializer_list>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "conformance/case.h"
#include "conformance/dispatch/cells.h"
#include "conformance/dispatch/owed.h"
#include "conformance/dispatch/scene.h"
#include "harness/disturbances/signal_probe.h"
#include "harness/thread_watch.h"
#include "harness/trace/trace.h"

namespace cpgcert::conformance::dispatch {

// What one thread tells another, in a replay too.
class SharedFlag {
 public:
  explicit SharedFlag(std::string_view name) : seen_(name) {}
  void Set() { is_set_ = true; }
  bool IsSet() {
    return seen_.See([this] { return is_set_.load(); });
  }

 private:
  std::atomic<bool> is_set_{false};
  harness::trace::Changing seen_;
};

class CellRun {
 public:
  CellRun(CaseContext& context, const Cell& cell)
      : context_(context), cell_(cell), scene_(context, cell) {}

  void Run();

 private:
  // One stretch of the call, from its start or a wake-up until it rests.
  struct Phase {
    std::vector<Event> events;  // that wait, or arrive
    size_t before = 0;          // records when it began
    harness::CallState state;
    size_t ran = 0;      // callbacks that ran in it
    bool woken = false;  // it began with a call that slept
  };

  // Making the call.
  void StartCall(std::function<void()> call);
  void StartSingleCall();
  // Calls again and again until `done()`, or an answer that ends the loop.
  void StartRepeatedCalls(std::function<bool()> done);
  void CallInsideCallback();
  void FinalizeInCallback();
  void StayInCallback();
  void StartCallToFinalize();
  cs_error_t FinalizeSubject();

  // Watching it.
  Phase Begin(std::vector<Event> events) const;
  void Rest(Phase* phase, const std::vector<Outcome>& allowed);
  bool BarrierAllowed() const;
  std::vector<Outcome> AllowedFor(const Phase& phase) const;
  Situation SituationIn(const Phase& phase) const;
  bool IsAllowed(const Phase& phase, const std::vector<Outcome>& allowed);
  size_t RecordsNow();
  bool Returned() const {
    return phase_state_ == harness::CallState::Kind::kReturned;
  }

  // The parts of a cell.
  void RunPlain();
  void RunSignals();
  void RunOtherThreadMulticasts();
  void RunOtherThreadJoins();
  void RunOtherThreadFinalizes();
  void RunServiceKilledBefore();
  void RunServiceKilledDuring();
  void RunForkedChild();
  Phase RestAndJudge(std::vector<Event> events);
  // Causes events for a call that sleeps, and judges what it does with them.
  void Wake();
  // What is left, whether the handle still works, and the whole sequence.
  void Finish();
  void FinishSubject();
  void FinishBystander();
  void StormUntilQuiet(harness::SignalProbe* probe, size_t wanted);

  // Judging.
  void JudgePhase(const Phase& phase, const std::vector<Outcome>& allowed);
  // Of StartRepeatedCalls for a type that never blocks: that the loop ended,
  // and with which answers.
  void JudgeRepeatedCalls();
  void JudgeRepeatedCodes(std::initializer_list<cs_error_t> allowed);
  void CompareSequence(const std::vector<std::string>& expected,
                       const std::vector<std::string>& seen);
  void JudgeFrame(const std::vector<std::string>& seen);
  // Fails those of `ids` that the cell decides, or its first requirement.
  void Fail(const std::vector<std::string>& ids, const std::string& text);
  std::vector<std::string> SpecificIds() const;
  std::string CallText() const;
  std::string CameText(const Phase& phase);

  CaseContext& context_;
  const Cell cell_;
  Scene scene_;
  harness::WatchedCall* call_ = nullptr;
  std::atomic<int> code_{0};  // of the call, 0 before it returned
  std::atomic<int> calls_made_{0};
  std::set<int> codes_;  // of repeated calls; read after the return
  std::atomic<size_t> records_at_return_{0};
  std::atomic<int> finalize_code_{0};
  std::atomic<int> round_trip_code_{CS_OK};  // made inside a callback
  SharedFlag storm_over_{"storm_over"};
  SharedFlag signals_met_call_{"signals_met_call"};
  SharedFlag in_callback_{"in_callback"};
  std::atomic<bool> callback_may_end_{false};
  bool settled_once_ = false;
  size_t start_ = 0;             // records before the call
  size_t bystander_start_ = 0;   // those of the bystander
  std::vector<Event> expected_;  // everything that the subject is owed
  harness::CallState::Kind phase_state_ = harness::CallState::Kind::kUndecided;
};

// Registers the cells of the matrix as cases.
void RegisterDispatchMatrix();

}  // namespace cpgcert::conformance::dispatch

#endif  // CPGCERT_CONFORMANCE_DISPATCH_CELL_RUN_H_
