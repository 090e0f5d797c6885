#include "fuzz/events/findings/reproducer.h"

#include <fmt/core.h>

#include <algorithm>
#include <vector>

#include "fuzz/events/callback_trace.h"
#include "fuzz/events/findings/reproducer_template.h"
#include "fuzz/events/owed_events.h"

namespace cpgcert::fuzz {

namespace {

// Zeros at the end need not be written down.
std::string BytesOf(const std::string& bytes) {
  constexpr size_t kPerLine = 12;
  size_t size = bytes.size();
  while (size > 1 && bytes[size - 1] == '\0') --size;
  std::string text;
  for (size_t i = 0; i < size; ++i) {
    text += fmt::format("{}0x{:02x},", i % kPerLine == 0 ? "\n    " : " ",
                        static_cast<uint8_t>(bytes[i]));
  }
  return text;
}

std::string EventsOf(const Sequence& sequence) {
  std::string arrays;
  std::string list;
  size_t together = 0;
  for (size_t i = 0; i < sequence.size(); ++i) {
    const std::string& bytes = sequence[i].bytes;
    together += bytes.size();
    arrays += fmt::format("const unsigned char kEvent{}[{}] = {{{}\n}};\n", i,
                          std::max<size_t>(bytes.size(), 1), BytesOf(bytes));
    list += fmt::format("    {{kEvent{}, {}}},\n", i, bytes.size());
  }
  return fmt::format(
      "struct Event {{\n  const unsigned char* bytes;\n  size_t size;\n}};\n"
      "{}const Event kEvents[] = {{\n{}}};\n"
      "// Of all of them.\nconstexpr size_t kBytes = {};",
      arrays, list, together);
}

std::string Quoted(const std::string& text) {
  std::string quoted = "    \"";
  for (const char byte : text) {
    switch (byte) {
      case '\n':
        quoted += "\\n\"\n    \"";
        break;
      case '"':
      case '\\':
        quoted += '\\';
        [[fallthrough]];
      default:
        quoted += byte;
    }
  }
  return quoted + "\"";
}

std::string Commented(const std::string& text) {
  constexpr size_t kWidth = 300;
  std::string commented;
  size_t begin = 0;
  while (begin < text.size()) {
    const size_t end = std::min(text.find('\n', begin), text.size());
    std::string line = text.substr(begin, std::min(end - begin, kWidth));
    // A comment that ends so would go on in the next line.
    if (line.ends_with('\\')) line += '.';
    commented += fmt::format("// {}\n", line);
    begin = end + 1;
  }
  if (!commented.empty()) commented.pop_back();
  return commented;
}

void Fill(const std::string& name, const std::string& value,
          std::string* text) {
  const size_t at = text->find(name);
  text->replace(at, name.size(), value);
}

}  // namespace

std::string AnnotatedInput(const RootCause& cause) {
  return DescribeEventInput(RecordsOf(cause.input)) +
         fmt::format("guilty: event {}, {}: {}\n", cause.event,
                     cause.FieldText(), cause.RelationText());
}

std::string ReproducerSource(const RootCause& cause) {
  std::string owed_trace;
  std::string instead;
  int errors_min = 0;
  int errors_max = 0;
  for (const OwedEvent& event : OwedFor(RecordsOf(cause.input))) {
    owed_trace += event.callback;
    if (!event.callback_optional) instead += event.callback;
    errors_min = std::max(errors_min, event.error_owed ? 1 : 0);
    errors_max += event.error_owed || event.error_allowed ? 1 : 0;
  }
  std::string text = kReproducerTemplate;
  Fill("@TITLE@",
       Commented(fmt::format("{}\nleads to: {}\n\n{}", cause.Key(),
                             NameOf(cause.outcome.damage),
                             AnnotatedInput(cause))),
       &text);
  Fill("@EVENTS@", EventsOf(cause.input), &text);
  Fill("@OWED@", Quoted(DescribeTrace(owed_trace)), &text);
  Fill("@INSTEAD@", Quoted(DescribeTrace(instead)), &text);
  Fill("@ERRORS_MIN@", fmt::format("{}", errors_min), &text);
  Fill("@ERRORS_MAX@", fmt::format("{}", errors_max), &text);
  Fill("@LEAKS@", cause.outcome.damage == Damage::kLeak ? "true" : "false",
       &text);
  return text;
}

}  // namespace cpgcert::fuzz
