#include "harness/trace/trace.h"

#include <pthread.h>
#include <unistd.h>

#include <atomic>
#include <utility>

#include "harness/trace/replay.h"
#include "harness/trace/replay_state.h"
#include "harness/trace/trace_event.h"

namespace cpgcert::harness::trace {

namespace {

std::atomic<Mode> mode{Mode::kOff};
TraceLog* log = nullptr;
std::atomic<int> threads{0};

// Of the calling thread; -1: it has none yet.
thread_local int own_number = -1;
// The threads and objects that it made, by which they are told apart.
thread_local std::string own_ticket = "0";
thread_local int tickets = 0;
thread_local int objects = 0;
constinit thread_local int own_work = 0;

int OwnNumber() {
  if (own_number < 0) {
    own_number = threads.fetch_add(1);
  }
  return own_number;
}

void StopInChild() { mode = Mode::kOff; }

std::atomic<uintptr_t> spare_begin{0};
std::atomic<uintptr_t> spare_end{0};

// Of the events of Changing.
constexpr const char* kValue = "value";
constexpr const char* kLooks = "looks_before";

}  // namespace

Mode CurrentMode() { return mode.load(std::memory_order_relaxed); }

void StartRecording(TraceLog* to) {
  log = to;
  own_number = threads.fetch_add(1);
  pthread_atfork(nullptr, nullptr, StopInChild);
  mode = Mode::kRecord;
}

SpareRoom::SpareRoom(void* begin, size_t bytes) {
  spare_begin = reinterpret_cast<uintptr_t>(begin);
  spare_end = spare_begin + bytes;
}

SpareRoom::~SpareRoom() { spare_end = spare_begin.load(); }

size_t SpareRoom::After(const void* place) {
  const auto at = reinterpret_cast<uintptr_t>(place);
  return at >= spare_begin && at < spare_end ? spare_end - at : 0;
}

OwnWork::OwnWork() { ++own_work; }
OwnWork::~OwnWork() { --own_work; }
bool DoesOwnWork() noexcept { return own_work > 0; }

void Put(Event::Kind kind, std::string_view name, const Json& value) {
  if (Recording()) {
    const OwnWork work;
    log->Append(ToLine({.thread = OwnNumber(),
                        .kind = kind,
                        .name = std::string(name),
                        .value = value}));
  }
}

void Note(std::string_view name, std::string_view text) {
  if (Recording()) {
    Put(Event::Kind::kNote, name, std::string(text));
  }
}

void PutNumber(std::string_view name, int64_t value) {
  if (Recording()) {
    Put(Event::Kind::kSaw, name, value);
  }
}

void PutText(std::string_view name, std::string_view value) {
  if (Recording()) {
    Put(Event::Kind::kSaw, name, std::string(value));
  }
}

int64_t TakeNumber(std::string_view name) {
  const Json value = Take(Event::Kind::kSaw, name);
  if (!value.is_number_integer()) {
    Diverge(std::string(name) + ": not a number");
  }
  return value.get<int64_t>();
}

std::string TakeText(std::string_view name) {
  const Json value = Take(Event::Kind::kSaw, name);
  if (!value.is_string()) {
    Diverge(std::string(name) + ": not a text");
  }
  return value.get<std::string>();
}

Changing::Changing(std::string_view name)
    : Changing(name, own_ticket + "." + std::to_string(objects++)) {}

Changing::Changing(std::string_view name, std::string_view id)
    : name_(std::string(name) + "#" + std::string(id)) {}

Changing* Changing::NewOnly(std::string_view name) {
  return new Changing(name, "");
}

void Changing::Saw(int64_t value) {
  Seen before;
  {
    const std::scoped_lock lock(mutex_);
    Seen& seen = seen_[own_ticket];
    if (seen.value == value) {
      ++seen.looks;
      return;
    }
    before = std::exchange(seen, {.value = value});
  }
  if (Recording()) {
    Put(Event::Kind::kSaw, name_, {{kValue, value}, {kLooks, before.looks}});
  }
}

int64_t Changing::Replayed() {
  const Json next = Peek(Event::Kind::kSaw, name_);
  {
    const std::scoped_lock lock(mutex_);
    Seen& seen = seen_[own_ticket];
    if (!next.is_object() || next.value(kLooks, int64_t{0}) != seen.looks) {
      ++seen.looks;
      return seen.value;
    }
  }
  // Others may look meanwhile.
  const int64_t value =
      Take(Event::Kind::kSaw, name_).value(kValue, int64_t{0});
  const std::scoped_lock lock(mutex_);
  seen_[own_ticket] = {.value = value};
  return value;
}

void OrderedMutex::lock() {
  constexpr const char* kTurn = "turn";
  if (Replaying()) {
    // Whoever had it before has no event left to take until it gives it back;
    // and the next one waits until we have it.
    Await(Event::Kind::kSaw, kTurn);
    mutex_.lock();
    TakeNumber(kTurn);
    return;
  }
  mutex_.lock();
  PutNumber(kTurn, 0);
}

Ticket::Ticket() : name_(own_ticket + "." + std::to_string(tickets++)) {}

void Ticket::Begin() const {
  own_ticket = name_;
  if (Replaying()) {
    BindThread(name_);
  } else {
    Put(Event::Kind::kBegins, name_, nullptr);
  }
}

pid_t ProcessId() { return Replaying() ? RecordedProcess() : getpid(); }

void StartReplayMode() { mode = Mode::kReplay; }

}  // namespace cpgcert::harness::trace
