#include "harness/trace/trace_event.h"

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

namespace cpgcert::harness::trace {

namespace {

constexpr auto kKinds = std::to_array<std::string_view>(
    {"call", "return", "callback", "callback_end", "saw", "begins", "note"});
constexpr const char* kThread = "thread";
constexpr const char* kWith = "with";

bool IsThread(const Json& number) {
  return number.is_number_integer() &&
         number <= std::numeric_limits<int>::max() && number >= 0;
}

}  // namespace

std::string_view ToString(Event::Kind kind) {
  return kKinds.at(static_cast<size_t>(kind));
}

std::string ToLine(const Event& event) {
  Json line;
  line[kThread] = event.thread;
  line[std::string(ToString(event.kind))] = event.name;
  if (!event.value.is_null()) {
    line[kWith] = event.value;
  }
  return line.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string FromLine(std::string_view line, Event* event) {
  Json json = Json::parse(line, nullptr, false);
  if (!json.is_object()) {
    return "it is no JSON object";
  }
  const auto thread = json.find(kThread);
  if (thread == json.end() || !IsThread(*thread)) {
    return "it names no thread";
  }
  event->thread = thread->get<int>();
  for (size_t i = 0; i < kKinds.size(); ++i) {
    const auto name = json.find(std::string(kKinds[i]));
    if (name != json.end() && name->is_string()) {
      event->kind = static_cast<Event::Kind>(i);
      event->name = name->get<std::string>();
      // Moved: a copy of brackets without end would overflow the stack.
      event->value = json.contains(kWith) ? std::move(json[kWith]) : Json();
      return "";
    }
  }
  return "it is of no known kind";
}

std::string FromText(std::string_view text, std::vector<Event>* events) {
  int number = 0;
  while (!text.empty()) {
    ++number;
    const size_t size = std::min(text.find('\n'), text.size());
    Event event;
    const std::string error = FromLine(text.substr(0, size), &event);
    if (!error.empty()) {
      return "line " + std::to_string(number) + ": " + error;
    }
    events->push_back(std::move(event));
    text.remove_prefix(std::min(size + 1, text.size()));
  }
  return "";
}

}  // namespace cpgcert::harness::trace
