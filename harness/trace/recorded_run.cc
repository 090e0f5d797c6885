#include "harness/trace/recorded_run.h"

#include <unistd.h>

#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "harness/isolated_run.h"
#include "harness/trace/trace_event.h"

namespace cpgcert::harness::trace {

namespace {

IsolatedOptions Options() {
  IsolatedOptions options;
  options.scratch_root = testing::TempDir();
  return options;
}

Json ToJson(const Replayed& replayed) {
  return {{"came_to_its_end", replayed.came_to_its_end},
          {"said", replayed.said},
          {"left_of_thread_0", replayed.left_of_thread_0},
          {"over", replayed.end.over},
          {"difference", replayed.end.difference},
          {"left", replayed.left}};
}

Replayed FromJson(const std::string& text) {
  const Json json = Json::parse(text);
  return {.came_to_its_end = json.at("came_to_its_end").get<bool>(),
          .said = json.at("said").get<std::string>(),
          .left_of_thread_0 = json.at("left_of_thread_0").get<size_t>(),
          .end = {.over = json.at("over").get<bool>(),
                  .difference = json.at("difference").get<std::string>()},
          .left = json.at("left").get<size_t>()};
}

}  // namespace

Recorded Record(const Body& body) {
  TraceLog log;
  const IsolatedResult result =
      RunIsolated(Options(), [&](ReportWriter& writer, uint64_t nonce) {
        StartRecording(&log);
        writer.Finish(body(), nonce);
      });
  EXPECT_EQ(result.output, "");
  return {.verdict = result.verdict,
          .said = result.report,
          .text = log.Text(),
          .process = result.process};
}

Replayed ReplayText(const std::string& text, bool came_to_its_end,
                    const Body& body, pid_t process) {
  std::vector<Event> events;
  const std::string error = FromText(text, &events);
  EXPECT_EQ(error, "") << text;
  const IsolatedResult result =
      RunIsolated(Options(), [&](ReportWriter& writer, uint64_t nonce) {
        const auto finish = [&](const Replayed& replayed) {
          writer.Finish(ToJson(replayed).dump(), nonce);
        };
        StartReplay({.events = std::move(events),
                     .process = process,
                     .came_to_its_end = came_to_its_end,
                     .end_process = [&finish](const ReplayEnd& end) {
                       finish({.end = end, .left = EventsLeft()});
                       _exit(0);
                     }});
        const std::string said = body();
        finish({.came_to_its_end = true,
                .said = said,
                .left_of_thread_0 = EventsLeftOfThread(0),
                .left = EventsLeft()});
      });
  EXPECT_EQ(result.output, "");
  if (result.verdict != Verdict::kPass) {
    return {.process_end = result.end};
  }
  return FromJson(result.report);
}

Replayed ReplayOf(const Recorded& recorded, const Body& body) {
  return ReplayText(recorded.text, recorded.verdict == Verdict::kPass, body,
                    recorded.process);
}

int64_t ObserveNumber(const char* name, int64_t value) {
  return Observe(name, [value] { return Seen(value); });
}

std::string ObserveText(const char* name, const std::string& value) {
  return Observe(name, [&value] { return Seen(value); });
}

}  // namespace cpgcert::harness::trace
