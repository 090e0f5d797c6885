// Everything that a case learns from outside itself, written down as it comes,
// so that the case can be judged again later without anything being run.
//
// The verdict of a case depends on nothing but what its implementation does:
// what the calls return, which callbacks they make, what threads are seen to
// do, what other processes and the service say. In a process that records, each
// of these becomes an event of the trace; in one that replays (replay.h) the
// same case runs without implementation, service or other process, and is told
// what the trace says. Without either, which is how a process begins,
// everything here looks and passes on.

#ifndef CPGCERT_HARNESS_TRACE_TRACE_H_
#define CPGCERT_HARNESS_TRACE_TRACE_H_

#include <sys/types.h>

#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

#include "harness/trace/trace_log.h"

namespace cpgcert::harness::trace {

enum class Mode : uint8_t { kOff, kRecord, kReplay };
Mode CurrentMode();
inline bool Recording() { return CurrentMode() == Mode::kRecord; }
inline bool Replaying() { return CurrentMode() == Mode::kReplay; }

// From now on this process records; one that it forks does not. `log` must
// outlive it. REQUIRES: one thread, which becomes thread 0.
void StartRecording(TraceLog* log);

// While one lives, the calling thread works for the trace: what it requests of
// the machine meanwhile is not the library's doing.
class OwnWork {
 public:
  OwnWork();
  ~OwnWork();
  OwnWork(const OwnWork&) = delete;
  OwnWork& operator=(const OwnWork&) = delete;
};
// May be asked at any time, inside malloc(3) too.
bool DoesOwnWork() noexcept;

// Memory in which a library may write more entries than it is told that there
// is room for. A trace is not to be trusted: in a replay nothing is written
// behind what the caller has room for, but there. One at a time in a process.
class SpareRoom {
 public:
  SpareRoom(void* begin, size_t bytes);
  ~SpareRoom();
  SpareRoom(const SpareRoom&) = delete;
  SpareRoom& operator=(const SpareRoom&) = delete;
  // How many bytes of it follow `place`; 0 if that does not lie in one.
  static size_t After(const void* place);
};

// For the reader of the trace alone: steps, failures.
void Note(std::string_view name, std::string_view text);

// What was seen of something else: to the trace, and from it.
void PutNumber(std::string_view name, int64_t value);
void PutText(std::string_view name, std::string_view value);
int64_t TakeNumber(std::string_view name);
std::string TakeText(std::string_view name);

// What `look()` says, a number, bool or text; in a replay, what it said.
template <typename Look>
auto Observe(std::string_view name, const Look& look) {
  using Value = decltype(look());
  if constexpr (std::integral<Value>) {
    if (Replaying()) {
      return static_cast<Value>(TakeNumber(name));
    }
    const Value value = look();
    PutNumber(name, static_cast<int64_t>(value));
    return value;
  } else {
    if (Replaying()) {
      return TakeText(name);
    }
    std::string value = look();
    PutText(name, value);
    return value;
  }
}

// A number, or bool, that is looked at again and again, as in a loop that
// waits: it becomes an event only when it has changed since this thread looked
// last, with the number of looks that saw no change. 0 is what a thread has
// seen that never looked.
class Changing {
 public:
  explicit Changing(std::string_view name);
  // The only one of its name in a process, whoever makes it.
  static Changing* NewOnly(std::string_view name);
  Changing(const Changing&) = delete;
  Changing& operator=(const Changing&) = delete;

  template <typename Look>
  auto See(const Look& look) {
    using Value = decltype(look());
    if (CurrentMode() == Mode::kOff) {
      return look();
    }
    if (Replaying()) {
      return static_cast<Value>(Replayed());
    }
    const Value value = look();
    Saw(static_cast<int64_t>(value));
    return value;
  }

 private:
  Changing(std::string_view name, std::string_view id);
  // What one thread has seen.
  struct Seen {
    int64_t value = 0;
    int64_t looks = 0;  // since it has been so
  };
  void Saw(int64_t value);
  int64_t Replayed();

  // Objects of one name are told apart by the thread that made them, and by
  // how many that had made before.
  const std::string name_;
  std::mutex mutex_{};
  std::map<std::string, Seen> seen_{};  // by the thread's ticket
};

// A mutex that the threads of a replay get in the order in which they got it.
class OrderedMutex {
 public:
  void lock();
  void unlock() { mutex_.unlock(); }

 private:
  std::mutex mutex_{};
};

// A thread that a case starts, so that a replay knows it again.
class Ticket {
 public:
  // In the thread that starts another, before that.
  Ticket();
  // In the other one, before anything else.
  void Begin() const;

 private:
  std::string name_;
};

template <typename Function>
std::thread StartThread(Function function) {
  return std::thread(
      [ticket = Ticket(), function = std::move(function)]() mutable {
        ticket.Begin();
        function();
      });
}

// Bounds a wait. In a replay it passes where it passed.
class Deadline {
 public:
  template <typename Duration>
  explicit Deadline(Duration duration)
      : end_(std::chrono::steady_clock::now() + duration) {}
  Deadline(const Deadline&) = delete;
  Deadline& operator=(const Deadline&) = delete;

  bool Passed() {
    return passed_.See(
        [this] { return std::chrono::steady_clock::now() > end_; });
  }

 private:
  const std::chrono::steady_clock::time_point end_;
  Changing passed_{"deadline"};
};

// The id of the process that runs the case; in a replay, of the one that did.
pid_t ProcessId();

}  // namespace cpgcert::harness::trace

#endif  // CPGCERT_HARNESS_TRACE_TRACE_H_
