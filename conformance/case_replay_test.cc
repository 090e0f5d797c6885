// Small cases that end in every way that there is: each is run, and judged
// again from its trace, and from traces that someone has altered.

#include "conformance/case_replay.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <random>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "conformance/case.h"
#include "conformance/case_runner.h"
#include "harness/cpg_api.h"
#include "harness/forked_call.h"
#include "harness/thread_watch.h"
#include "harness/trace/trace.h"
#include "harness/verdict.h"

namespace cpgcert::conformance {
namespace {

using harness::Verdict;
using harness::trace::Observe;
using testing::ElementsAre;
using testing::Pair;

// --- The cases; their names begin with the first of these requirements ------

const std::vector<std::string> kRequirements = {"TOTEM-01", "TOTEM-02"};
constexpr std::chrono::milliseconds kLongEnough{60000};

// What the cases look at. It is another when they are judged again, and must
// not be looked at then.
std::string outside = "right";

std::string Ask() {
  return Observe("answer", [] { return outside; });
}

void Judge(CaseContext& context) {
  context.Step("asks");
  const std::string answer = Ask();
  if (answer != "right") {
    context.Fail("TOTEM-02", "owed: right\ncame: " + answer);
  }
  context.Note("has asked");
}

void JudgeTwice(CaseContext& context) {
  Judge(context);
  if (Observe("number", [] { return 7; }) != 7) {
    context.FailAlso("LEAK-01", "owed: 7");
  }
}

void FailBare(CaseContext& /*context*/) { EXPECT_EQ(Ask(), "wrong"); }

void Skip(CaseContext& /*context*/) { GTEST_SKIP() << Ask(); }

void BeUntested(CaseContext& /*context*/) { CaseContext::Untested(Ask()); }

void BeUnsupported(CaseContext& /*context*/) {
  CaseContext::Unsupported(Ask());
}

void Throw(CaseContext& /*context*/) { throw std::runtime_error(Ask()); }

void Watch(CaseContext& context) {
  std::string answer;
  harness::WatchedCall call([&answer] { answer = Ask(); });
  const bool came = call.WaitReturned(kLongEnough);
  if (!came ||
      call.Settle(kLongEnough).kind != harness::CallState::Kind::kReturned) {
    context.Fail("TOTEM-01", "owed: it returns");
  } else if (answer != "right") {
    context.Fail("TOTEM-02", "came: " + answer);
  }
}

void Fork(CaseContext& context) {
  const auto result =
      harness::RunInForkedChild([] { return outside; }, kLongEnough);
  if (result.text != "right") {
    context.Fail("TOTEM-02", "the child said: " + result.text + result.end);
  }
}

// As a library would in a call.
void DieInALook(CaseContext& /*context*/) {
  Ask();
  Observe("dies", [] { return raise(SIGKILL); });
}

void ExitInALook(CaseContext& /*context*/) {
  Observe("exits", []() -> int { std::exit(0); });
}

void DieInAThread(CaseContext& context) {
  harness::WatchedCall call([] {
    Ask();
    Observe("dies", [] { return raise(SIGKILL); });
  });
  context.Step("waits for what never comes");
  call.WaitReturned(kLongEnough);
}

void HangInALook(CaseContext& /*context*/) {
  Observe("hangs", [] { return pause(); });
}

// By what it does itself, such as with what a library gave it.
void AbortByItself(CaseContext& /*context*/) {
  Ask();
  std::abort();
}

void Call(CaseContext& context) {
  const harness::CpgApi& api = context.Api({"cpg_local_get"});
  unsigned int node = 0;
  constexpr cpg_handle_t kNoHandle = 7;
  if (api.local_get(kNoHandle, &node) != CS_OK) {
    context.Fail("TOTEM-01", "owed: CS_OK");
  }
}

void CallWhatIsMissing(CaseContext& context) {
  context.Api({"cpg_flow_control_state_get"});
}

void DieInACall(CaseContext& context) {
  const harness::CpgApi& api = context.Api({"cpg_join"});
  const cpg_name group = {3, "die"};
  api.join(0, &group);
}

struct ArtificialCase {
  const char* name;
  void (*body)(CaseContext& context);
};

constexpr auto kCases = std::to_array<ArtificialCase>(
    {{"TOTEM-01/Judge", Judge},
     {"TOTEM-01/JudgeTwice", JudgeTwice},
     {"TOTEM-01/FailBare", FailBare},
     {"TOTEM-01/Skip", Skip},
     {"TOTEM-01/Untested", BeUntested},
     {"TOTEM-01/Unsupported", BeUnsupported},
     {"TOTEM-01/Throw", Throw},
     {"TOTEM-01/Watch", Watch},
     {"TOTEM-01/Fork", Fork},
     {"TOTEM-01/DieInALook", DieInALook},
     {"TOTEM-01/ExitInALook", ExitInALook},
     {"TOTEM-01/DieInAThread", DieInAThread},
     {"TOTEM-01/HangInALook", HangInALook},
     {"TOTEM-01/AbortByItself", AbortByItself},
     {"TOTEM-01/Call", Call},
     {"TOTEM-01/CallWhatIsMissing", CallWhatIsMissing},
     {"TOTEM-01/DieInACall", DieInACall}});

// --- Running them, and judging them again -----------------------------------

CaseInfo Info(const std::string& name) {
  return {"TOTEM-01/" + name, kRequirements, "api"};
}

// A case that asks is answered with `answer`.
CaseRun RunNamed(const std::string& name, const std::string& answer = "right",
                 std::chrono::milliseconds deadline = kLongEnough) {
  RunCaseOptions options;
  options.library =
      std::filesystem::absolute("harness/trace/told_libcpg.so").string();
  options.scratch_root = testing::TempDir();
  options.deadline = deadline;
  outside = answer;
  return RunCase(Info(name), options);
}

JudgedAgain JudgeNamed(const std::string& name, std::string_view trace) {
  outside = "not looked at";
  return JudgeAgain(Info(name), trace, testing::TempDir());
}

std::vector<std::pair<std::string, std::string>> Failures(const CaseRun& run) {
  std::vector<std::pair<std::string, std::string>> failures;
  for (const CaseFailure& failure : run.outcome.failures) {
    failures.emplace_back(failure.requirement, failure.text);
  }
  return failures;
}

// Judges a run again, and expects the same of it.
void ExpectTheSame(const std::string& name, const CaseRun& run,
                   Verdict verdict) {
  EXPECT_EQ(run.outcome.verdict, verdict) << run.message;
  const JudgedAgain judged = JudgeNamed(name, run.trace);
  EXPECT_EQ(judged.problem, "") << run.trace;
  EXPECT_EQ(judged.run.outcome.name, run.outcome.name);
  EXPECT_EQ(judged.run.outcome.verdict, verdict);
  EXPECT_EQ(judged.run.outcome.requirements, run.outcome.requirements);
  EXPECT_EQ(judged.run.outcome.profile, run.outcome.profile);
  EXPECT_EQ(Failures(judged.run), Failures(run));
}

void ExpectTheSame(const std::string& name, Verdict verdict,
                   const std::string& answer = "right") {
  ExpectTheSame(name, RunNamed(name, answer), verdict);
}

TEST(JudgeAgainTest, APassIsAPass) {
  ExpectTheSame("Judge", Verdict::kPass);
  ExpectTheSame("JudgeTwice", Verdict::kPass);
  ExpectTheSame("Fork", Verdict::kPass);
  ExpectTheSame("Watch", Verdict::kPass);
}

TEST(JudgeAgainTest, AFailureIsTheSameFailure) {
  const CaseRun run = RunNamed("Judge", "wrong");
  EXPECT_THAT(Failures(run),
              ElementsAre(Pair("TOTEM-02", "owed: right\ncame: wrong")));
  ExpectTheSame("Judge", run, Verdict::kFail);
  ExpectTheSame("Fork", Verdict::kFail, "wrong");
  ExpectTheSame("Watch", Verdict::kFail, "wrong");
  ExpectTheSame("FailBare", Verdict::kFail);
}

TEST(JudgeAgainTest, NoTrialIsTheSameNoTrial) {
  ExpectTheSame("Skip", Verdict::kUntested);
  ExpectTheSame("Untested", Verdict::kUntested);
  ExpectTheSame("Unsupported", Verdict::kUnsupported);
  ExpectTheSame("CallWhatIsMissing", Verdict::kUnsupported);
}

TEST(JudgeAgainTest, ADeathIsTheSameDeath) {
  ExpectTheSame("Throw", Verdict::kCrash);
  ExpectTheSame("DieInALook", Verdict::kCrash);
  ExpectTheSame("ExitInALook", Verdict::kCrash);
  ExpectTheSame("DieInAThread", Verdict::kCrash);
  ExpectTheSame("AbortByItself", Verdict::kCrash);
}

TEST(JudgeAgainTest, AHangIsAHang) {
  ExpectTheSame(
      "HangInALook",
      RunNamed("HangInALook", "right", std::chrono::milliseconds(300)),
      Verdict::kHang);
}

TEST(JudgeAgainTest, CallsOfALibraryAreJudgedWithoutIt) {
  ExpectTheSame("Call", Verdict::kFail);
  ExpectTheSame("DieInACall", Verdict::kCrash);
}

// --- Traces that someone has altered ----------------------------------------

std::string Replaced(std::string text, const std::string& what,
                     const std::string& with) {
  const size_t at = text.find(what);
  EXPECT_NE(at, std::string::npos) << what << " in " << text;
  return at == std::string::npos ? text : text.replace(at, what.size(), with);
}

// The lines of a text, each with its newline.
std::vector<std::string> Lines(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const size_t size = std::min(text.find('\n'), text.size() - 1) + 1;
    lines.emplace_back(text.substr(0, size));
    text.remove_prefix(size);
  }
  return lines;
}

std::string Joined(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) {
    text += line;
  }
  return text;
}

std::string ProblemOf(const std::string& name, std::string_view trace) {
  return JudgeNamed(name, trace).problem;
}

constexpr const char* kRight = R"("saw":"answer","with":"right")";
constexpr const char* kWrong = R"("saw":"answer","with":"wrong")";

TEST(AlteredTraceTest, AnotherAnswerIsAnotherVerdict) {
  const std::string pass = RunNamed("Judge").trace;
  const JudgedAgain failed =
      JudgeNamed("Judge", Replaced(pass, kRight, kWrong));
  EXPECT_EQ(failed.problem, "");
  EXPECT_EQ(failed.run.outcome.verdict, Verdict::kFail);
  EXPECT_THAT(Failures(failed.run),
              ElementsAre(Pair("TOTEM-02", "owed: right\ncame: wrong")));
  const std::string fail = RunNamed("Judge", "wrong").trace;
  const JudgedAgain passed =
      JudgeNamed("Judge", Replaced(fail, kWrong, kRight));
  EXPECT_EQ(passed.problem, "");
  EXPECT_EQ(passed.run.outcome.verdict, Verdict::kPass);
}

TEST(AlteredTraceTest, WhatTheNotesSayDoesNotMatter) {
  const std::string trace = RunNamed("Judge", "wrong").trace;
  std::vector<std::string> lines = Lines(trace);
  EXPECT_EQ(std::erase_if(lines,
                          [](const std::string& line) {
                            return line.find("\"note\"") != std::string::npos;
                          }),
            2);
  const JudgedAgain judged = JudgeNamed("Judge", Joined(lines));
  EXPECT_EQ(judged.problem, "");
  EXPECT_EQ(judged.run.outcome.verdict, Verdict::kFail);
}

TEST(AlteredTraceTest, AnEventLessIsAProblem) {
  const std::vector<std::string> lines = Lines(RunNamed("JudgeTwice").trace);
  int events = 0;
  for (size_t i = 1; i + 1 < lines.size(); ++i) {
    if (lines[i].find("\"note\"") == std::string::npos) {
      ++events;
      std::vector<std::string> fewer = lines;
      fewer.erase(fewer.begin() + static_cast<ptrdiff_t>(i));
      EXPECT_NE(ProblemOf("JudgeTwice", Joined(fewer)), "") << lines[i];
    }
  }
  EXPECT_GE(events, 2);
}

TEST(AlteredTraceTest, AnEventMoreIsAProblem) {
  std::vector<std::string> lines = Lines(RunNamed("JudgeTwice").trace);
  const auto end = lines.end() - 1;
  lines.insert(end, "{\"thread\":0,\"saw\":\"more\",\"with\":1}\n");
  EXPECT_EQ(ProblemOf("JudgeTwice", Joined(lines)),
            "1 events remain when the case has come to its end");
}

TEST(AlteredTraceTest, EventsInAnotherOrderAreAProblem) {
  const std::string trace = RunNamed("JudgeTwice").trace;
  std::string swapped = Replaced(trace, "\"saw\":\"answer\"", "\"saw\":\"x\"");
  swapped = Replaced(swapped, "\"saw\":\"number\"", "\"saw\":\"answer\"");
  EXPECT_EQ(ProblemOf("JudgeTwice", swapped),
            "event 1 is saw x of thread 0; the case has saw answer");
}

TEST(AlteredTraceTest, ADeathThatIsSaidToBeAPassIsAProblem) {
  for (const char* name : {"DieInALook", "ExitInALook", "DieInACall"}) {
    const std::string trace = RunNamed(name).trace;
    EXPECT_EQ(ProblemOf(name, Replaced(trace, R"("verdict":"crash")",
                                       R"("verdict":"pass")")),
              "the trace ends before its case does")
        << name;
  }
  const std::string trace = RunNamed("AbortByItself").trace;
  EXPECT_EQ(ProblemOf("AbortByItself", Replaced(trace, R"("verdict":"crash")",
                                                R"("verdict":"pass")")),
            "the case cannot be told what it says: crash killed by signal 6 "
            "(SIGABRT)");
}

TEST(AlteredTraceTest, APassThatIsSaidToBeADeathIsNoPass) {
  const std::string trace = RunNamed("Judge").trace;
  const JudgedAgain judged = JudgeNamed(
      "Judge", Replaced(trace, R"("verdict":"pass")", R"("verdict":"crash")"));
  EXPECT_NE(judged.run.outcome.verdict, Verdict::kPass);
}

// How a process ends is no verdict of a case.
TEST(AlteredTraceTest, AnEndThatNoProcessHasIsAProblem) {
  const std::string trace = RunNamed("Judge", "wrong").trace;
  for (const char* end :
       {"unsupported", "untested", "inconclusive", "fail", "perfect", ""}) {
    const std::string altered =
        Replaced(trace, R"("verdict":"pass")",
                 std::string(R"("verdict":")") + end + "\"");
    EXPECT_NE(ProblemOf("Judge", altered), "") << end;
  }
}

TEST(AlteredTraceTest, ATraceOfAnotherCaseIsAProblem) {
  const std::string trace = RunNamed("Judge").trace;
  EXPECT_EQ(ProblemOf("JudgeTwice", trace),
            "it is the trace of TOTEM-01/Judge");
  EXPECT_EQ(ProblemOf("JudgeTwice",
                      Replaced(trace, "TOTEM-01/Judge", "TOTEM-01/JudgeTwice")),
            "the trace ends before its case does");
}

TEST(AlteredTraceTest, ATraceThatLacksEventsIsAProblem) {
  const std::string trace = RunNamed("Judge").trace;
  EXPECT_EQ(ProblemOf("Judge", Replaced(trace, R"("incomplete":false)",
                                        R"("incomplete":true)")),
            "events are missing in it");
}

TEST(AlteredTraceTest, ATraceThatIsCutAnywhereIsAProblem) {
  const std::string trace = RunNamed("Judge").trace;
  for (size_t size = 0; size < trace.size(); ++size) {
    ASSERT_NE(ProblemOf("Judge", trace.substr(0, size)), "") << size;
    if (size + 1 < trace.size()) {
      ASSERT_NE(ProblemOf("Judge", trace.substr(0, size) + "\n"), "") << size;
    }
  }
  EXPECT_EQ(ProblemOf("Judge", ""), "it is cut");
}

TEST(AlteredTraceTest, ALineThatIsGarbageIsAProblem) {
  constexpr size_t kDeep = 300'000;
  const std::vector<std::string> lines = Lines(RunNamed("Judge").trace);
  ASSERT_GE(lines.size(), 4);
  for (size_t i = 0; i < lines.size(); ++i) {
    for (const std::string& garbage :
         {std::string("rubbish\n"), std::string("\n"), std::string("{}\n"),
          std::string("[]\n"), std::string("null\n"),
          std::string("\xff\xfe\0\n", 4), lines[i].substr(1),
          std::string(kDeep, '[') + "\n",
          std::string(kDeep, '[') + std::string(kDeep, ']') + "\n"}) {
      std::vector<std::string> altered = lines;
      altered[i] = garbage;
      EXPECT_NE(ProblemOf("Judge", Joined(altered)), "")
          << i << ": " << garbage.substr(0, 100);
    }
  }
}

TEST(AlteredTraceTest, ValuesOfAnotherKindInTheFirstOrLastLineAreAProblem) {
  const std::string trace = RunNamed("Judge").trace;
  for (const auto& [what, with] :
       std::vector<std::pair<std::string, std::string>>{
           {"\"case\":\"TOTEM-01/Judge\"", "\"case\":7"},
           {"\"case\"", "\"Case\""},
           {"\"process\":", "\"process\":{},\"x\":"},
           {"\"service_process\":", "\"service_process\":\"0\",\"x\":"},
           {"\"kept\":{", "\"kept\":[],\"x\":{"},
           {"\"threads\":", "\"threads\":null,\"x\":"},
           {"\"end\":\"", "\"end\":null,\"x\":\""},
           {"\"incomplete\":false", "\"incomplete\":0"}}) {
    EXPECT_NE(ProblemOf("Judge", Replaced(trace, what, with)), "") << what;
  }
}

// The report of such a case has no room.
TEST(AlteredTraceTest, AnAnswerWithoutEndIsAProblem) {
  const std::string trace = RunNamed("Judge").trace;
  const std::string answer(size_t{3} << 20, 'x');
  EXPECT_EQ(
      ProblemOf("Judge", Replaced(trace, "\"right\"", "\"" + answer + "\"")),
      "its case reports too much");
}

// Not in the number of a thread, for the others wait for one that never begins.
TEST(AlteredTraceTest, NoByteThatIsAlteredCrashesTheJudge) {
  constexpr size_t kAfterTheThread = 12;
  const std::vector<std::string> lines =
      Lines(RunNamed("JudgeTwice", "wrong").trace);
  std::mt19937 random(20240229);
  for (int round = 0; round < 200; ++round) {
    std::vector<std::string> altered = lines;
    std::string& line = altered[random() % altered.size()];
    ASSERT_GT(line.size(), kAfterTheThread);
    char& byte =
        line[kAfterTheThread + random() % (line.size() - kAfterTheThread)];
    byte = static_cast<char>(random());
    const JudgedAgain judged = JudgeNamed("JudgeTwice", Joined(altered));
    EXPECT_TRUE(!judged.problem.empty() ||
                judged.run.outcome.verdict != Verdict::kPass)
        << Joined(altered);
  }
}

}  // namespace
}  // namespace cpgcert::conformance

int main(int argc, char** argv) {
  testing::InitGoogleMock(&argc, argv);
  for (const auto& artificial : cpgcert::conformance::kCases) {
    cpgcert::conformance::RegisterCase(
        {artificial.name, cpgcert::conformance::kRequirements, "api"},
        artificial.body);
  }
  return RUN_ALL_TESTS();
}
