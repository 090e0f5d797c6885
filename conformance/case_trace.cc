#include "conformance/case_trace.h"

#include <optional>

namespace cpgcert::conformance {

namespace {

using harness::trace::Json;

std::string Line(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

void ReadHead(std::string_view line, CaseTrace* trace) {
  const Json json = Json::parse(line);
  trace->name = json.at("case").get<std::string>();
  trace->process = json.at("process").get<pid_t>();
  trace->service_process = json.at("service_process").get<pid_t>();
  const Json& kept = json.at("kept");
  trace->kept = {.descriptors = kept.at("descriptors").get<int>(),
                 .shared_mappings = kept.at("shared_mappings").get<int>(),
                 .threads = kept.at("threads").get<int>()};
}

// How a process ends; what its case is held for is not for its trace to say.
bool IsOfProcess(harness::Verdict verdict) {
  return verdict == harness::Verdict::kPass ||
         verdict == harness::Verdict::kCrash ||
         verdict == harness::Verdict::kHang ||
         verdict == harness::Verdict::kError;
}

// Returns "" or what is wrong with the line.
std::string ReadEnd(std::string_view line, CaseTrace* trace) {
  const Json json = Json::parse(line);
  const auto verdict = json.at("verdict").get<std::string>();
  const auto known = harness::FromString(verdict);
  if (!known.has_value() || !IsOfProcess(*known)) {
    return "no process ends with " + verdict;
  }
  trace->end = {.verdict = *known,
                .text = json.at("end").get<std::string>(),
                .incomplete = json.at("incomplete").get<bool>()};
  return "";
}

}  // namespace

std::string ToText(const CaseTrace& head, std::string_view events,
                   const CaseTraceEnd& end) {
  const Json first{{"case", head.name},
                   {"process", head.process},
                   {"service_process", head.service_process},
                   {"kept",
                    {{"descriptors", head.kept.descriptors},
                     {"shared_mappings", head.kept.shared_mappings},
                     {"threads", head.kept.threads}}}};
  const Json last{{"end", end.text},
                  {"verdict", ToString(end.verdict)},
                  {"incomplete", end.incomplete}};
  std::string text = Line(first);
  text += events;
  return text + Line(last);
}

std::string FromText(std::string_view text, CaseTrace* trace) {
  const size_t head_end = text.find('\n');
  if (head_end == std::string_view::npos || !text.ends_with('\n')) {
    return "it is cut";
  }
  const std::string_view head = text.substr(0, head_end);
  std::string_view rest = text.substr(head_end + 1);
  rest.remove_suffix(rest.empty() ? 0 : 1);
  const size_t last = rest.rfind('\n');
  const size_t end_begins = last == std::string_view::npos ? 0 : last + 1;
  try {
    ReadHead(head, trace);
    const std::string error = ReadEnd(rest.substr(end_begins), trace);
    if (!error.empty()) {
      return error;
    }
  } catch (const Json::exception& error) {
    return error.what();
  }
  return harness::trace::FromText(rest.substr(0, end_begins), &trace->events);
}

}  // namespace cpgcert::conformance
