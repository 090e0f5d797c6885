#include "harness/trace/replay.h"

#include <fmt/core.h>
#include <unistd.h>

#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <deque>
#include <map>
#include <mutex>
#include <utility>

#include "harness/trace/replay_state.h"

namespace cpgcert::harness::trace {

namespace {

// Bounds the wait for the next event of any thread: if it does not come, the
// case is not the one that was recorded.
constexpr std::chrono::seconds kEventDeadline{20};

struct Replay {
  ReplayOptions options{};
  std::mutex mutex{};
  std::condition_variable changed{};
  size_t next = 0;  // the first event that has not been taken
  // By thread, the events that it has not taken.
  std::map<int, std::deque<size_t>> own{};
  // The threads that have not begun, by their tickets.
  std::map<std::string, int> tickets{};
  bool ended = false;
};

// Never destroyed: threads may still wait in it when the process ends.
Replay* replay = nullptr;
thread_local int own_thread = -1;

[[noreturn]] void WaitForTheEnd() {
  while (true) {
    pause();
  }
}

[[noreturn]] void End(const ReplayEnd& end) {
  bool ended = false;
  {
    const std::scoped_lock lock(replay->mutex);
    ended = std::exchange(replay->ended, true);
  }
  if (ended) {
    WaitForTheEnd();  // without the mutex, which the other one may need
  }
  replay->options.end_process(end);
  std::abort();
}

std::string Describe(size_t index) {
  const Event& event = replay->options.events.at(index);
  return fmt::format("event {} is {} {} of thread {}", index + 1,
                     ToString(event.kind), event.name, event.thread);
}

// Waits until all events before `index` have been taken.
void AwaitEventsBefore(size_t index, std::unique_lock<std::mutex>* lock) {
  while (replay->next != index) {
    const size_t before = replay->next;
    if (!replay->changed.wait_for(*lock, kEventDeadline, [before] {
          return replay->next != before;
        })) {
      const std::string difference = Describe(before) + ", and never comes";
      lock->unlock();
      Diverge(difference);
    }
  }
}

// A thread that wants an event and has no more of them. Where the process came
// to its end, thread 0 is owed all that it asks for, and others may have gone
// on after it; where it did not, what ended it came after all events.
[[noreturn]] void NoMore() {
  if (replay->options.came_to_its_end) {
    if (own_thread == 0) {
      End({.over = true});
    }
    WaitForTheEnd();
  }
  {
    std::unique_lock lock(replay->mutex);
    AwaitEventsBefore(replay->options.events.size(), &lock);
  }
  End({.over = true});
}

// REQUIRES: the mutex.
const Event* NextOwn() {
  const auto own = replay->own.find(own_thread);
  return own == replay->own.end() || own->second.empty()
             ? nullptr
             : &replay->options.events.at(own->second.front());
}

// Waits until the next event of the calling thread, which must be of that kind
// and name, is the next of all.
size_t AwaitOwn(Event::Kind kind, std::string_view name,
                std::unique_lock<std::mutex>* lock) {
  const auto own = replay->own.find(own_thread);
  if (own == replay->own.end() || own->second.empty()) {
    lock->unlock();
    NoMore();
  }
  const size_t index = own->second.front();
  const Event& event = replay->options.events.at(index);
  if (event.kind != kind || event.name != name) {
    const std::string difference = fmt::format(
        "{}; the case has {} {}", Describe(index), ToString(kind), name);
    lock->unlock();
    Diverge(difference);
  }
  AwaitEventsBefore(index, lock);
  return index;
}

}  // namespace

void StartReplay(ReplayOptions options) {
  replay = new Replay{.options = std::move(options)};
  std::erase_if(replay->options.events, [](const Event& event) {
    return event.kind == Event::Kind::kNote;
  });
  const std::vector<Event>& events = replay->options.events;
  for (size_t i = 0; i < events.size(); ++i) {
    replay->own[events[i].thread].push_back(i);
    if (events[i].kind == Event::Kind::kBegins) {
      replay->tickets.emplace(events[i].name, events[i].thread);
    }
  }
  own_thread = 0;
  StartReplayMode();
}

size_t EventsLeft() {
  const std::scoped_lock lock(replay->mutex);
  return replay->options.events.size() - replay->next;
}

size_t EventsLeftOfThread(int thread) {
  const std::scoped_lock lock(replay->mutex);
  const auto own = replay->own.find(thread);
  return own == replay->own.end() ? 0 : own->second.size();
}

pid_t RecordedProcess() { return replay->options.process; }

void BindThread(const std::string& ticket) {
  {
    const std::scoped_lock lock(replay->mutex);
    const auto found = replay->tickets.find(ticket);
    own_thread = found == replay->tickets.end() ? -1 : found->second;
  }
  Take(Event::Kind::kBegins, ticket);
}

Json Peek(Event::Kind kind, std::string_view name) {
  const std::scoped_lock lock(replay->mutex);
  const Event* const event = NextOwn();
  return event != nullptr && event->kind == kind && event->name == name
             ? event->value
             : Json();
}

bool NextIs(Event::Kind kind, std::string_view name) {
  const std::scoped_lock lock(replay->mutex);
  const Event* const event = NextOwn();
  return event != nullptr && event->kind == kind && event->name == name;
}

void Await(Event::Kind kind, std::string_view name) {
  std::unique_lock lock(replay->mutex);
  AwaitOwn(kind, name, &lock);
}

Json Take(Event::Kind kind, std::string_view name) {
  std::unique_lock lock(replay->mutex);
  Event& event = replay->options.events.at(AwaitOwn(kind, name, &lock));
  replay->own.at(own_thread).pop_front();
  ++replay->next;
  Json value = std::move(event.value);
  lock.unlock();
  replay->changed.notify_all();
  return value;
}

void Diverge(const std::string& what) { End({.difference = what}); }

}  // namespace cpgcert::harness::trace
