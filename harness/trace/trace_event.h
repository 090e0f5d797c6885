// The lines of a trace, for what writes and reads more than a number or a text.

#ifndef CPGCERT_HARNESS_TRACE_TRACE_EVENT_H_
#define CPGCERT_HARNESS_TRACE_TRACE_EVENT_H_

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "harness/trace/trace.h"

namespace cpgcert::harness::trace {

using Json = nlohmann::ordered_json;

// One line of a trace:
//   {"thread":0,"call":"cpg_join","with":{"handle":"0x...","group":"g1"}}
// The second key is the kind. Threads are counted in the order in which they
// first appear; 0 is the one that runs the case.
struct Event {
  enum class Kind : uint8_t {
    kCall,         // of libcpg; with its arguments
    kReturn,       // of the last call of this thread; with its results
    kCallback,     // that the library makes, with what it gives
    kCallbackEnd,  // the callback has come back
    kSaw,          // a look at something else, and what was seen
    kBegins,       // the thread, with its ticket
    kNote,         // for the reader alone
  };
  int thread = 0;
  Kind kind = Kind::kNote;
  std::string name{};
  Json value{};  // null if there is none
};

// "call", "return", "callback", "callback_end", "saw", "begins", "note".
std::string_view ToString(Event::Kind kind);

// One line, without a newline. What is not UTF-8 is replaced.
std::string ToLine(const Event& event);
// Returns "" or what is wrong with the line.
std::string FromLine(std::string_view line, Event* event);
// All lines of a text, up to the first that is wrong; "" or what is wrong.
std::string FromText(std::string_view text, std::vector<Event>* events);

// Appends an event of the calling thread, if this process records.
void Put(Event::Kind kind, std::string_view name, const Json& value);

// In a replay, the next event of the calling thread, which must be of that kind
// and name, once all events before it have been taken; otherwise the process
// ends, see replay.h.
Json Take(Event::Kind kind, std::string_view name);
// In a replay: ends the process, for the case does what the trace does not.
[[noreturn]] void Diverge(const std::string& what);

// Observe() of what `ToJson` and `FromJson` make of it.
template <typename Look, typename ToJson, typename FromJson>
auto ObserveAs(std::string_view name, const Look& look, const ToJson& to_json,
               const FromJson& from_json) {
  if (Replaying()) {
    try {
      return from_json(Take(Event::Kind::kSaw, name));
    } catch (const Json::exception& error) {
      Diverge(std::string(name) + ": " + error.what());
    }
  }
  auto value = look();
  if (Recording()) {
    Put(Event::Kind::kSaw, name, to_json(value));
  }
  return value;
}

}  // namespace cpgcert::harness::trace

#endif  // CPGCERT_HARNESS_TRACE_TRACE_EVENT_H_
