// For tests of the trace: a body of code that runs twice, in a child that
// records and in one that replays what the first recorded.

#ifndef CPGCERT_HARNESS_TRACE_RECORDED_RUN_H_
#define CPGCERT_HARNESS_TRACE_RECORDED_RUN_H_

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <string>

#include "harness/trace/replay.h"
#include "harness/trace/trace.h"
#include "harness/verdict.h"

namespace cpgcert::harness::trace {

// Says what it has seen.
using Body = std::function<std::string()>;

struct Recorded {
  Verdict verdict = Verdict::kError;  // see harness/isolated_run.h
  std::string said{};                 // by the body, if it came to its end
  std::string text{};                 // of the trace
  pid_t process = 0;
};

// Runs `body` in a child that records.
Recorded Record(const Body& body);

struct Replayed {
  // The body came to its end, and said this.
  bool came_to_its_end = false;
  std::string said{};
  size_t left_of_thread_0 = 0;
  // Otherwise the replay ended.
  ReplayEnd end{};
  size_t left = 0;
  // Otherwise the process did.
  std::string process_end{};
};

// Runs `body` in a child that replays what a process recorded that came to its
// end, or did not.
Replayed ReplayText(const std::string& text, bool came_to_its_end,
                    const Body& body, pid_t process = 0);
Replayed ReplayOf(const Recorded& recorded, const Body& body);

// What is seen, which is never looked at in a replay.
template <typename Value>
Value Seen(const Value& value) {
  if (Replaying()) {
    std::abort();
  }
  return value;
}

int64_t ObserveNumber(const char* name, int64_t value);
std::string ObserveText(const char* name, const std::string& value);

}  // namespace cpgcert::harness::trace

#endif  // CPGCERT_HARNESS_TRACE_RECORDED_RUN_H_
