#include "cli/trace_command.h"

#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>

#include "cli/certificate_command.h"
#include "cli/options.h"
#include "cli/trace_folder.h"
#include "harness/cpg_api.h"
#include "harness/trace/trace_event.h"
#include "reports/certificate.h"
#include "reports/read_in.h"
#include "reports/text.h"

namespace cpgcert::cli {

namespace {

namespace fs = std::filesystem;
using harness::trace::Event;
using harness::trace::Json;

constexpr const char* kLegend =
    "A line for each event: the number of its thread, and > a call, < its "
    "return, ! a callback, ~ the end of one, ? something seen, + a thread "
    "that begins, # a step or failure of the case.";

char Sign(Event::Kind kind) {
  switch (kind) {
    case Event::Kind::kCall:
      return '>';
    case Event::Kind::kReturn:
      return '<';
    case Event::Kind::kCallback:
      return '!';
    case Event::Kind::kCallbackEnd:
      return '~';
    case Event::Kind::kSaw:
      return '?';
    case Event::Kind::kBegins:
      return '+';
    case Event::Kind::kNote:
      return '#';
  }
  return ' ';
}

std::string Text(const Json& value) {
  return value.is_string()
             ? value.get<std::string>()
             : value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

// "a 1, b 2"; the code of a call by its name.
std::string Values(const Json& value) {
  if (!value.is_object()) {
    return value.is_null() ? "" : Text(value);
  }
  std::string text;
  for (const auto& [key, member] : value.items()) {
    text += text.empty() ? "" : ", ";
    text += key == "code" && member.is_number_integer()
                ? harness::ErrorName(static_cast<cs_error_t>(member.get<int>()))
                : fmt::format("{} {}", key, Text(member));
  }
  return text;
}

std::string Line(const Event& event) {
  std::string values = Values(event.value);
  // A failure has many lines, the last of which has its end.
  if (values.ends_with('\n')) {
    values.pop_back();
  }
  for (size_t at = values.find('\n'); at != std::string::npos;
       at = values.find('\n', at + 1)) {
    values.insert(at + 1, "      ");
  }
  return fmt::format("{:>3} {} {}{}{}\n", event.thread, Sign(event.kind),
                     event.name, values.empty() ? "" : ": ", values);
}

// The first and the last, which are no events; any other as it stands.
std::string OtherLine(std::string_view line) {
  const Json json = Json::parse(line, nullptr, false);
  return (json.is_object() ? Values(json) : std::string(line)) + "\n";
}

}  // namespace

std::string Readable(std::string_view trace) {
  std::string text;
  while (!trace.empty()) {
    const size_t size = std::min(trace.find('\n'), trace.size());
    const std::string_view line = trace.substr(0, size);
    Event event;
    text += harness::trace::FromLine(line, &event).empty() ? Line(event)
                                                           : OtherLine(line);
    trace.remove_prefix(std::min(size + 1, trace.size()));
  }
  return reports::Visible(text, reports::Lines::kKeep);
}

int TraceCommand(const std::vector<std::string>& arguments) {
  std::string folder;
  std::string name;
  bool raw = false;
  CLI::App app("Prints what happened in a case.", "certify trace");
  app.add_option("DIR", folder, "the folder of a certificate")
      ->required()
      ->type_name("");
  app.add_option("CASE", name, "the name of a case")->required()->type_name("");
  app.add_flag("--raw", raw, "as it stands in the file, a JSON object a line");
  app.footer(std::string(kLegend) +
             "\n\nExit status: 0 it is printed, 2 it could not be.");
  if (const auto status = ParseArguments(&app, arguments)) {
    return *status;
  }
  reports::Certificate certificate;
  std::string error = reports::ReadIn(folder, &certificate);
  if (!error.empty()) {
    return CouldNot(error);
  }
  const std::string shown = reports::Visible(name, reports::Lines::kOne);
  const auto found =
      std::ranges::find(certificate.cases, name, &reports::Case::name);
  if (found == certificate.cases.end()) {
    return CouldNot("the certificate has no case " + shown);
  }
  if (found->trace.empty()) {
    return CouldNot("there is no trace of " + shown);
  }
  std::string trace;
  error = TraceFolder(FolderOf(folder)).Get(found->trace, &trace);
  if (error.empty()) {
    error = Put(raw ? trace : Readable(trace), "", "");
  }
  return error.empty()
             ? kCertified
             : CouldNot(shown + ": " +
                        reports::Visible(error, reports::Lines::kOne));
}

}  // namespace cpgcert::cli
