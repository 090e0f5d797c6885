// A process in which a case is told what a trace says, instead of looking.
//
// The threads of the case are real and run on their own; each takes its events
// in the order in which they were recorded, and no event is taken before the
// ones above it in the trace: what one thread learned after another had done
// something, it learns after that again.

#ifndef CPGCERT_HARNESS_TRACE_REPLAY_H_
#define CPGCERT_HARNESS_TRACE_REPLAY_H_

#include <functional>
#include <string>
#include <vector>

#include "harness/trace/trace_event.h"

namespace cpgcert::harness::trace {

// Why a replay ended before its case did.
struct ReplayEnd {
  // The case wanted an event of thread 0, or of any where the process that was
  // recorded did not end by itself, and there is no further one.
  bool over = false;
  // Otherwise where the case and the trace differ, one line.
  std::string difference{};
};

struct ReplayOptions {
  std::vector<Event> events{};
  // The process that was recorded: ProcessId().
  pid_t process = 0;
  // It ended by itself, after its case.
  bool came_to_its_end = true;
  // Called once, in any thread, with all others stopped in this file or on
  // their way to it; must end the process.
  std::function<void(const ReplayEnd& end)> end_process{};
};

// From now on this process replays. REQUIRES: one thread, which is thread 0.
void StartReplay(ReplayOptions options);

// How many events have not been taken: of all threads, or of one.
size_t EventsLeft();
size_t EventsLeftOfThread(int thread);

}  // namespace cpgcert::harness::trace

#endif  // CPGCERT_HARNESS_TRACE_REPLAY_H_
