// What a thread of this process is doing: an observed fact, not a guess from a
// timer.
//
// A thread that blocks shows in /proc as asleep in a system call with its
// arguments; a thread that polls wakes again and again from short sleeps; a
// thread that spins uses processor time. Sources: proc(5), sections
// /proc/[pid]/syscall and /proc/[pid]/status; pthread_getcpuclockid(3).

#ifndef CPGCERT_HARNESS_THREAD_WATCH_H_
#define CPGCERT_HARNESS_THREAD_WATCH_H_

#include <time.h>

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

#include "harness/trace/trace.h"

namespace cpgcert::harness {

// Time-out of a wait that has no end, and of one whose end is not known.
inline constexpr int64_t kInfiniteNs = -1;

// A system call in which a thread sleeps.
struct Sleep {
  std::string call;  // "poll", "futex", ... or "system call 999"
  int64_t timeout_ns = kInfiniteNs;  // how long the wait may last
};

// One look at a thread.
struct ThreadSample {
  bool exists = false;       // false: the thread has ended
  bool asleep = false;       // in a system call and not runnable
  Sleep sleep;               // set if asleep
  uint64_t switches = 0;     // voluntary context switches since its start
  int64_t processor_ns = 0;  // processor time since its start
};

// How a watched call stands once it has settled.
struct CallState {
  enum class Kind {
    kReturned,   // the call came back
    kAsleep,     // sleeps in one wait that no short timer ends
    kPolling,    // wakes from short sleeps, again and again
    kSpinning,   // uses the processor and does not come back
    kEnded,      // its thread has ended, but the call did not return
    kUndecided,  // none of these before the deadline
  };
  Kind kind = Kind::kUndecided;
  ThreadSample sample;   // the look that settled it
  int64_t proof_ns = 0;  // from the beginning of the call to the proof
};

// "asleep in poll, no time-out", "polling: sleeps of 50 ms in nanosleep", ...
std::string Describe(const CallState& state);

// A call that runs in a thread of its own and is watched from outside.
//
// The object must outlive the call; a call that never returns ends with the
// process (Abandon). Not for use by two watching threads at once.
class WatchedCall {
 public:
  // A sleep with a shorter time-out than this is a poll period if the thread
  // takes it again and again; a longer one is a liveness check.
  static constexpr int64_t kLongSleepNs = 1'000'000'000;
  // Short sleeps within one call that make it a polling one.
  static constexpr int kShortSleepsMax = 4;
  // Processor time used while it is watched that makes a call a spinning one.
  static constexpr int64_t kSpinProcessorNs = 100'000'000;

  explicit WatchedCall(std::function<void()> call);
  // REQUIRES: the call has returned, or Abandon() was called.
  ~WatchedCall();
  WatchedCall(const WatchedCall&) = delete;
  WatchedCall& operator=(const WatchedCall&) = delete;

  // Watches until the call has returned, sleeps, polls or spins, at most for
  // `deadline`.
  CallState Settle(std::chrono::milliseconds deadline);

  // Waits until the call has returned; false if `deadline` passed first.
  bool WaitReturned(std::chrono::milliseconds deadline);

  // True if the thread has not run at all since `state`, which was kAsleep:
  // the same sleep, no context switch, no processor time.
  bool SleptSince(const CallState& state);

  bool returned();
  ThreadSample Sample();
  pthread_t thread_handle() { return thread_.native_handle(); }

  // How many watched calls of this process have begun and not returned.
  static int CallsUnderWay();

  // Gives the thread up: it may go on until the process ends.
  void Abandon();

 private:
  void Run(const std::function<void()>& call);
  bool HasReturned();
  bool AwaitReturn();
  CallState Look(std::chrono::milliseconds deadline);
  // Waits for the return, at most `pause_ns`.
  bool PauseOrReturned(int64_t pause_ns);
  void WaitStarted();
  CallState Settled(CallState::Kind kind, const ThreadSample& sample) const;

  const trace::Ticket ticket_;
  trace::Changing returned_seen_{"returned"};
  std::mutex mutex_;
  std::condition_variable changed_;
  bool started_ = false;
  bool returned_ = false;
  int directory_ = -1;  // /proc/[pid]/task/[tid] of the thread
  clockid_t clock_ = 0;
  std::chrono::steady_clock::time_point begin_;
  std::thread thread_;
};

// Waits until the threads that the library under test has started are at rest:
// asleep in a wait that no short timer ends. What they had in hand is done
// then. They are all but the main thread, the calling one and those of watched
// calls. True at once if there are none; false if `deadline` passed first,
// which a thread that goes on polling brings about.
bool WaitLibraryAtRest(std::chrono::milliseconds deadline);

}  // namespace cpgcert::harness

#endif  // CPGCERT_HARNESS_THREAD_WATCH_H_
