// What trace.cc and replay.cc need of each other: the events in their order.

#ifndef CPGCERT_HARNESS_TRACE_REPLAY_STATE_H_
#define CPGCERT_HARNESS_TRACE_REPLAY_STATE_H_

#include <string_view>

#include "harness/trace/trace_event.h"

namespace cpgcert::harness::trace {

// The calling thread is the one that began with that ticket. One that did not
// get so far when the trace was recorded waits for the end of the process.
void BindThread(const std::string& ticket);

// True if the next event of the calling thread is that one.
bool NextIs(Event::Kind kind, std::string_view name);

// What comes with that event if it is the next one of the calling thread; null
// if it is not.
Json Peek(Event::Kind kind, std::string_view name);

// Waits until Take() of that event would not wait for other threads.
void Await(Event::Kind kind, std::string_view name);

pid_t RecordedProcess();

// Of trace.cc: from now on CurrentMode() is kReplay.
void StartReplayMode();

}  // namespace cpgcert::harness::trace

#endif  // CPGCERT_HARNESS_TRACE_REPLAY_STATE_H_
