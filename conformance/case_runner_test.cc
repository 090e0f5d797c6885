// Small cases that end in every way that there is, run as certify runs them,
// but without a service or a library.

#include "conformance/case_runner.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "conformance/case.h"
#include "harness/verdict.h"

namespace cpgcert::conformance {
namespace {

using harness::Verdict;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;
using testing::StartsWith;

// --- The cases; their names begin with the first of these requirements ------

const std::vector<std::string> kRequirements = {"TOTEM-01", "TOTEM-02"};

void Pass(CaseContext& context) {
  context.Note("saw nothing");
  context.Measure("speed", 1.5);
}

void FailOne(CaseContext& context) {
  context.Step("asks");
  context.Fail("TOTEM-02", "call: ask\nowed: an answer\ncame: none");
  std::puts("still here");
  std::fflush(stdout);
}

void FailBare(CaseContext& /*context*/) { EXPECT_EQ(1 + 1, 3); }

void FailOneAndBare(CaseContext& context) {
  context.Fail("TOTEM-02", "named");
  EXPECT_TRUE(false) << "bare";
}

void Skip(CaseContext& /*context*/) { GTEST_SKIP() << "not today"; }

void BeUntested(CaseContext& /*context*/) {
  CaseContext::Untested("nothing to test");
}

void BeUnsupported(CaseContext& /*context*/) {
  CaseContext::Unsupported("no such call");
}

void Exit(CaseContext& context) {
  context.Step("goes home");
  std::exit(0);
}

void FakePass(CaseContext& /*context*/) {
  constexpr std::string_view kText = "[  PASSED  ] 1 test.\n";
  (void)!write(STDOUT_FILENO, kText.data(), kText.size());
  _exit(0);
}

void DieBySignal(CaseContext& context) {
  context.Step("cpg_initialize");
  context.Step("cpg_dispatch");
  (void)raise(SIGSEGV);
}

void Throw(CaseContext& /*context*/) { throw std::runtime_error("lost"); }

// No std::exception: nothing but the end of the process is left.
void ThrowNumber(CaseContext& /*context*/) { throw 7; }

void Hang(CaseContext& context) {
  context.Step("waits");
  while (true) {
    pause();
  }
}

void LoadNothing(CaseContext& context) { context.Api({"cpg_dispatch"}); }

void LeaveStray(CaseContext& /*context*/) {
  if (fork() == 0) {
    while (true) {
      pause();
    }
  }
}

void Pollute(CaseContext& /*context*/) {
  const int file = open("left", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  EXPECT_GE(file, 0);
}

struct ArtificialCase {
  const char* name;
  void (*body)(CaseContext& context);
};

constexpr auto kCases =
    std::to_array<ArtificialCase>({{"TOTEM-01/Pass", Pass},
                                   {"TOTEM-01/FailOne", FailOne},
                                   {"TOTEM-01/FailBare", FailBare},
                                   {"TOTEM-01/FailOneAndBare", FailOneAndBare},
                                   {"TOTEM-01/Skip", Skip},
                                   {"TOTEM-01/Untested", BeUntested},
                                   {"TOTEM-01/Unsupported", BeUnsupported},
                                   {"TOTEM-01/Exit", Exit},
                                   {"TOTEM-01/FakePass", FakePass},
                                   {"TOTEM-01/DieBySignal", DieBySignal},
                                   {"TOTEM-01/Throw", Throw},
                                   {"TOTEM-01/ThrowNumber", ThrowNumber},
                                   {"TOTEM-01/Hang", Hang},
                                   {"TOTEM-01/LoadNothing", LoadNothing},
                                   {"TOTEM-01/LeaveStray", LeaveStray},
                                   {"TOTEM-01/Pollute", Pollute}});

// --- Running them -----------------------------------------------------------

CaseInfo Info(const std::string& name) {
  return {"TOTEM-01/" + name, kRequirements, "api"};
}

// No case here needs as long, but a machine may be busy.
constexpr std::chrono::milliseconds kLongEnough{60000};

CaseRun RunNamed(const std::string& name,
                 std::chrono::milliseconds deadline = kLongEnough) {
  RunCaseOptions options;
  options.library = "/no/such/library.so";
  options.scratch_root = testing::TempDir();
  options.deadline = deadline;
  return RunCase(Info(name), options);
}

// The ids that the case fails.
std::vector<std::string> Failing(const CaseRun& run) {
  return FailingRequirements(run.outcome);
}

TEST(RunCaseTest, PassIsPlain) {
  const CaseRun run = RunNamed("Pass");
  EXPECT_EQ(run.outcome.verdict, Verdict::kPass);
  EXPECT_EQ(run.outcome.name, "TOTEM-01/Pass");
  EXPECT_EQ(run.outcome.requirements, kRequirements);
  EXPECT_EQ(run.outcome.profile, "api");
  EXPECT_THAT(run.outcome.failures, IsEmpty());
  EXPECT_EQ(run.message, "");
  EXPECT_THAT(run.notes, ElementsAre("saw nothing"));
  EXPECT_THAT(run.figures, ElementsAre(Pair("speed", 1.5)));
  EXPECT_GT(run.duration_ms, 0);
}

TEST(RunCaseTest, FailNamesItsRequirement) {
  const CaseRun run = RunNamed("FailOne");
  EXPECT_EQ(run.outcome.verdict, Verdict::kFail);
  EXPECT_THAT(Failing(run), ElementsAre("TOTEM-02"));
}

TEST(RunCaseTest, MessageOfFailGolden) {
  EXPECT_EQ(RunNamed("FailOne").message,
            "requires TOTEM-02: CPG_MODEL_V1_DELIVER_INITIAL_TOTEM_CONF gives "
            "one totem callback after the first configuration change.\n"
            "  call: ask\n"
            "  owed: an answer\n"
            "  came: none\n"
            "steps:\n"
            "  asks\n"
            "output:\n"
            "  still here\n");
}

TEST(RunCaseTest, BareAssertionFailsEverything) {
  const CaseRun run = RunNamed("FailBare");
  EXPECT_EQ(run.outcome.verdict, Verdict::kFail);
  EXPECT_THAT(Failing(run), ElementsAre("TOTEM-01", "TOTEM-02"));
  EXPECT_THAT(run.message, HasSubstr("conformance/case_runner_test.cc:"));
  EXPECT_THAT(run.message, HasSubstr("1 + 1"));
}

TEST(RunCaseTest, BareAssertionIsNotLostBesideNamedFailure) {
  const CaseRun run = RunNamed("FailOneAndBare");
  EXPECT_THAT(Failing(run), ElementsAre("TOTEM-01", "TOTEM-02"));
  ASSERT_EQ(run.outcome.failures.size(), 3);
  EXPECT_EQ(run.outcome.failures[0].text, "named");
  EXPECT_THAT(run.outcome.failures[1].text, HasSubstr("bare"));
}

TEST(RunCaseTest, NoTrialIsNoPass) {
  const CaseRun untested = RunNamed("Untested");
  EXPECT_EQ(untested.outcome.verdict, Verdict::kUntested);
  EXPECT_EQ(untested.message, "nothing to test\n");
  const CaseRun unsupported = RunNamed("Unsupported");
  EXPECT_EQ(unsupported.outcome.verdict, Verdict::kUnsupported);
  EXPECT_EQ(unsupported.message, "no such call\n");
  const CaseRun skipped = RunNamed("Skip");
  EXPECT_EQ(skipped.outcome.verdict, Verdict::kUntested);
  EXPECT_THAT(skipped.message, HasSubstr("not today"));
}

TEST(RunCaseTest, LibraryThatDoesNotLoadIsUntested) {
  const CaseRun run = RunNamed("LoadNothing");
  EXPECT_EQ(run.outcome.verdict, Verdict::kUntested);
  EXPECT_THAT(run.message, StartsWith("the library does not load: "));
  EXPECT_THAT(run.message, HasSubstr("/no/such/library.so"));
}

TEST(RunCaseTest, ExitInTheMiddleIsACrash) {
  const CaseRun run = RunNamed("Exit");
  EXPECT_EQ(run.outcome.verdict, Verdict::kCrash);
  EXPECT_THAT(run.message,
              StartsWith("the process of the case exited with status 0 before "
                         "the case had ended\n"));
}

TEST(RunCaseTest, PrintingWhatAPassPrintsIsACrash) {
  const CaseRun run = RunNamed("FakePass");
  EXPECT_EQ(run.outcome.verdict, Verdict::kCrash);
  EXPECT_THAT(run.message, HasSubstr("output:\n  [  PASSED  ] 1 test.\n"));
}

TEST(RunCaseTest, MessageOfCrashGolden) {
  const CaseRun run = RunNamed("DieBySignal");
  EXPECT_EQ(run.outcome.verdict, Verdict::kCrash);
  EXPECT_EQ(run.message,
            "the process of the case killed by signal 11 (SIGSEGV)\n"
            "requires:\n"
            "  TOTEM-01: The totem callback comes after the group's "
            "configuration change.\n"
            "  TOTEM-02: CPG_MODEL_V1_DELIVER_INITIAL_TOTEM_CONF gives one "
            "totem callback after the first configuration change.\n"
            "steps:\n"
            "  cpg_initialize\n"
            "  cpg_dispatch\n");
}

TEST(RunCaseTest, ExceptionsAreCrashes) {
  const CaseRun run = RunNamed("Throw");
  EXPECT_EQ(run.outcome.verdict, Verdict::kCrash);
  EXPECT_THAT(run.message, StartsWith("an exception left the case: lost\n"));
  EXPECT_EQ(RunNamed("ThrowNumber").outcome.verdict, Verdict::kCrash);
}

TEST(RunCaseTest, DeadlineIsAHang) {
  const CaseRun run = RunNamed("Hang", std::chrono::milliseconds(300));
  EXPECT_EQ(run.outcome.verdict, Verdict::kHang);
  EXPECT_THAT(run.message, HasSubstr("still running at the deadline\n"));
  EXPECT_THAT(run.message, HasSubstr("steps:\n  waits\n"));
  EXPECT_THAT(run.message, HasSubstr("threads:\n  thread "));
  EXPECT_GE(run.duration_ms, 300);
}

TEST(RunCaseTest, LeavesNothingBehind) {
  const CaseRun run = RunNamed("LeaveStray");
  EXPECT_EQ(run.outcome.verdict, Verdict::kPass);
  EXPECT_THAT(run.notes, ElementsAre("1 processes outlived the case"));
  EXPECT_EQ(RunNamed("Pollute").outcome.verdict, Verdict::kPass);
  for (const auto& entry :
       std::filesystem::directory_iterator(testing::TempDir())) {
    EXPECT_THAT(entry.path().filename().string(),
                testing::Not(StartsWith("case-")));
  }
}

TEST(RunCaseTest, UnknownCaseDoesNotPass) {
  EXPECT_EQ(RunNamed("NeverRegistered").outcome.verdict, Verdict::kCrash);
}

// What someone's environment says to GoogleTest changes no verdict.
TEST(RunCaseTest, SettingsOfGoogleTestDoNotMatter) {
  setenv("GTEST_TOTAL_SHARDS", "2", 1);
  setenv("GTEST_SHARD_INDEX", "1", 1);
  GTEST_FLAG_SET(throw_on_failure, true);
  GTEST_FLAG_SET(repeat, 2);
  const CaseRun pass = RunNamed("Pass");
  const CaseRun fail = RunNamed("FailOne");
  unsetenv("GTEST_TOTAL_SHARDS");
  unsetenv("GTEST_SHARD_INDEX");
  GTEST_FLAG_SET(throw_on_failure, false);
  GTEST_FLAG_SET(repeat, 1);
  EXPECT_EQ(pass.outcome.verdict, Verdict::kPass);
  EXPECT_EQ(fail.outcome.verdict, Verdict::kFail);
}

// --- Crossing a process boundary --------------------------------------------

TEST(EncodeTest, RoundTrip) {
  CaseRun run;
  run.outcome.name = "TOTEM-01/FailOne";
  run.outcome.requirements = kRequirements;
  run.outcome.profile = "api";
  run.outcome.verdict = Verdict::kFail;
  run.outcome.failures = {{"TOTEM-02", "owed: \"x\"\n\tcame: \xc3\xa9"},
                          {"TOTEM-01", ""}};
  run.message = "requires TOTEM-02\n";
  run.notes = {"one", "two"};
  run.figures = {{"speed", 0.25}};
  run.duration_ms = 12.5;
  const CaseRun back = Decode(Info("FailOne"), Encode(run));
  EXPECT_EQ(back.outcome.name, run.outcome.name);
  EXPECT_EQ(back.outcome.requirements, run.outcome.requirements);
  EXPECT_EQ(back.outcome.profile, run.outcome.profile);
  EXPECT_EQ(back.outcome.verdict, Verdict::kFail);
  ASSERT_EQ(back.outcome.failures.size(), 2);
  EXPECT_EQ(back.outcome.failures[0].requirement, "TOTEM-02");
  EXPECT_EQ(back.outcome.failures[0].text, run.outcome.failures[0].text);
  EXPECT_EQ(back.message, run.message);
  EXPECT_EQ(back.notes, run.notes);
  EXPECT_EQ(back.figures, run.figures);
  EXPECT_EQ(back.duration_ms, run.duration_ms);
}

// A library may print bytes that are no UTF-8.
TEST(EncodeTest, AnyBytesTravel) {
  CaseRun run;
  run.outcome.verdict = Verdict::kCrash;
  run.message = std::string("\xff\x00 end", 6);
  const CaseRun back = Decode(Info("Exit"), Encode(run));
  EXPECT_EQ(back.outcome.verdict, Verdict::kCrash);
  EXPECT_THAT(back.message, HasSubstr(" end"));
}

TEST(DecodeTest, RubbishIsAnError) {
  const std::string good = Encode(CaseRun{});
  for (const std::string& text :
       {std::string(), std::string("rubbish"), std::string("{}"),
        std::string("[]"), std::string("{\"verdict\":\"pass\"}"),
        std::string("{\"verdict\":7}"), good.substr(0, good.size() - 1),
        good + good}) {
    const CaseRun run = Decode(Info("Pass"), text);
    EXPECT_EQ(run.outcome.verdict, Verdict::kError) << text;
    EXPECT_EQ(run.outcome.name, "TOTEM-01/Pass");
    EXPECT_THAT(run.message, StartsWith("unreadable result of a case: "));
  }
}

TEST(DecodeTest, UnknownVerdictIsAnError) {
  std::string text = Encode(CaseRun{});
  const std::string untested = "\"untested\"";
  ASSERT_THAT(text, HasSubstr(untested));
  text.replace(text.find(untested), untested.size(), "\"perfect\"");
  EXPECT_EQ(Decode(Info("Pass"), text).outcome.verdict, Verdict::kError);
}

TEST(LostRunTest, SpeaksAgainstAllRequirements) {
  const CaseRun run = LostRun(Info("Pass"), Verdict::kCrash, "gone\n");
  EXPECT_EQ(run.message, "gone\n");
  EXPECT_EQ(VerdictFor(run.outcome, "TOTEM-01"), Verdict::kCrash);
  EXPECT_EQ(VerdictFor(run.outcome, "TOTEM-02"), Verdict::kCrash);
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
