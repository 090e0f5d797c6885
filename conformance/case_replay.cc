#include "conformance/case_replay.h"

#include <fmt/core.h>
#include <unistd.h>

#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "conformance/case_test.h"
#include "conformance/case_trace.h"
#include "harness/isolated_run.h"
#include "harness/trace/replay.h"

namespace cpgcert::conformance {

namespace {

using harness::Verdict;
using Json = nlohmann::json;

// Bounds the wait for a case that does not come to its end: nothing is waited
// for that is not in its trace.
constexpr std::chrono::seconds kDeadline{60};

// How a replay ended, from its process to ours.
struct Ended {
  bool over = false;         // the trace was, the case was not
  std::string difference{};  // between the case and the trace
  std::string report{};      // otherwise, see ReadReport
  size_t events_left = 0;
};

std::string Encode(const Ended& ended) {
  return Json{{"over", ended.over},
              {"difference", ended.difference},
              {"report", ended.report},
              {"events_left", ended.events_left}}
      .dump(-1, ' ', false, Json::error_handler_t::replace);
}

// Nothing if the report is cut, for there was no room for all of it.
std::optional<Ended> Decode(const std::string& text) {
  const Json json = Json::parse(text, nullptr, false);
  if (!json.is_object()) {
    return std::nullopt;
  }
  return Ended{.over = json.at("over").get<bool>(),
               .difference = json.at("difference").get<std::string>(),
               .report = json.at("report").get<std::string>(),
               .events_left = json.at("events_left").get<size_t>()};
}

// In the child.
void Replay(const CaseInfo& info, const CaseTrace& trace,
            harness::ReportWriter& writer, uint64_t nonce) {
  harness::trace::StartReplay(
      {.events = trace.events,
       .process = trace.process,
       .came_to_its_end = trace.end.verdict == Verdict::kPass,
       .end_process = [&writer, nonce](const harness::trace::ReplayEnd& end) {
         writer.Finish(Encode({.over = end.over,
                               .difference = end.difference,
                               .events_left = harness::trace::EventsLeft()}),
                       nonce);
         _exit(0);
       }});
  CaseContext context("", harness::ServiceControl(trace.service_process),
                      writer);
  const std::string report = RunTest(info, &context, trace.kept);
  writer.Finish(Encode({.report = report,
                        .events_left = harness::trace::EventsLeftOfThread(0)}),
                nonce);
}

// What is wrong with how the replay ended, given how the process had; or "".
std::string ProblemWith(const Ended& ended, const CaseTrace& trace) {
  if (!ended.difference.empty()) {
    return ended.difference;
  }
  if (ended.over && trace.end.verdict == Verdict::kPass) {
    return "the trace ends before its case does";
  }
  if (ended.events_left > 0) {
    return fmt::format("{} events remain when the case has come to its end",
                       ended.events_left);
  }
  return "";
}

}  // namespace

JudgedAgain JudgeAgain(const CaseInfo& info, std::string_view text,
                       const std::string& scratch_root) {
  CaseTrace trace;
  JudgedAgain judged{.run = EmptyRun(info)};
  judged.problem = FromText(text, &trace);
  if (judged.problem.empty() && trace.name != info.name) {
    judged.problem = "it is the trace of " + trace.name;
  }
  if (judged.problem.empty() && trace.end.incomplete) {
    judged.problem = "events are missing in it";
  }
  if (!judged.problem.empty()) {
    return judged;
  }
  harness::IsolatedOptions isolation;
  isolation.deadline = kDeadline;
  isolation.scratch_root = scratch_root;
  const harness::IsolatedResult result = harness::RunIsolated(
      isolation, [&](harness::ReportWriter& writer, uint64_t nonce) {
        Replay(info, trace, writer, nonce);
      });
  if (result.verdict == trace.end.verdict && result.verdict != Verdict::kPass &&
      result.end == trace.end.text) {
    judged.run.outcome.verdict = result.verdict;  // it ended itself, as then
    return judged;
  }
  if (result.verdict != Verdict::kPass) {
    judged.problem = fmt::format("the case cannot be told what it says: {} {}",
                                 ToString(result.verdict), result.end);
    return judged;
  }
  const std::optional<Ended> ended = Decode(result.report);
  judged.problem = ended.has_value() ? ProblemWith(*ended, trace)
                                     : "its case reports too much";
  judged.run.outcome.verdict = trace.end.verdict;
  if (judged.problem.empty() && trace.end.verdict == Verdict::kPass) {
    std::string ignored;
    ReadReport(ended->report, &judged.run, &ignored);
  }
  return judged;
}

}  // namespace cpgcert::conformance
