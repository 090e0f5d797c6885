// How a replay ends before its body does.

#include <sched.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <string>
#include <thread>

#include "gtest/gtest.h"
#include "harness/trace/recorded_run.h"
#include "harness/trace/replay.h"
#include "harness/trace/trace.h"
#include "harness/verdict.h"

namespace cpgcert::harness::trace {
namespace {

using std::chrono::hours;

// --- The end of a trace -----------------------------------------------------

TEST(ReplayEndTest, ATraceThatEndsBeforeItsCaseIsOver) {
  const Recorded recorded = Record([] {
    ObserveNumber("a", 1);
    return "";
  });
  const Replayed replayed = ReplayOf(recorded, [] {
    ObserveNumber("a", 0);
    ObserveNumber("b", 0);
    return "";
  });
  EXPECT_FALSE(replayed.came_to_its_end);
  EXPECT_TRUE(replayed.end.over);
  EXPECT_EQ(replayed.end.difference, "");
}

TEST(ReplayEndTest, EventsThatTheCaseDoesNotAskForAreLeft) {
  const Recorded recorded = Record([] {
    ObserveNumber("a", 1);
    ObserveNumber("b", 2);
    return "";
  });
  const Replayed replayed = ReplayOf(recorded, [] {
    ObserveNumber("a", 0);
    return "";
  });
  EXPECT_TRUE(replayed.came_to_its_end);
  EXPECT_EQ(replayed.left_of_thread_0, 1);
}

TEST(ReplayEndTest, ADeathIsReachedAgain) {
  const Body body = [] {
    ObserveNumber("a", 1);
    Observe("b", [] { return raise(SIGKILL); });
    return "";
  };
  const Recorded recorded = Record(body);
  EXPECT_EQ(recorded.verdict, Verdict::kCrash);
  const Replayed replayed = ReplayOf(recorded, body);
  EXPECT_TRUE(replayed.end.over);
  EXPECT_EQ(replayed.left, 0);
}

// What others still learned before the process died is no event too many.
TEST(ReplayEndTest, ADeathComesAfterAllThatOtherThreadsLearned) {
  std::string text =
      "{\"thread\":0,\"saw\":\"a\",\"with\":1}\n"
      "{\"thread\":1,\"begins\":\"0.0\"}\n";
  for (int i = 0; i < 1000; ++i) {
    text += "{\"thread\":1,\"saw\":\"b\",\"with\":1}\n";
  }
  const Replayed replayed = ReplayText(text, false, [] {
    std::thread other = StartThread([] {
      for (int i = 0; i < 1000; ++i) {
        ObserveNumber("b", 0);
      }
    });
    ObserveNumber("a", 0);
    ObserveNumber("died of this", 0);
    return "";
  });
  EXPECT_TRUE(replayed.end.over) << replayed.end.difference;
  EXPECT_EQ(replayed.left, 0);
}

// The thread of which the process died comes to that before the others have
// taken their last events, and they wait for it without end.
TEST(ReplayEndTest, ADeathOfAnotherThreadIsReachedAgain) {
  const Replayed replayed = ReplayText(
      "{\"thread\":1,\"begins\":\"0.0\"}\n"
      "{\"thread\":1,\"saw\":\"b\",\"with\":1}\n"
      "{\"thread\":0,\"saw\":\"a\",\"with\":1}\n",
      false, [] {
        std::atomic<bool> about_to_die{false};
        std::thread other = StartThread([&about_to_die] {
          ObserveNumber("b", 0);
          about_to_die = true;
          ObserveNumber("died of this", 0);
        });
        while (!about_to_die) {
          sched_yield();
        }
        usleep(20'000);  // sleep: more often than not, it has asked by then
        ObserveNumber("a", 0);
        Changing returned("returned");
        Deadline deadline(hours(1));
        while (!returned.See([] { return true; }) && !deadline.Passed()) {
          sched_yield();
        }
        return "";
      });
  EXPECT_EQ(replayed.process_end, "");
  EXPECT_TRUE(replayed.end.over) << replayed.end.difference;
  EXPECT_EQ(replayed.left, 0);
}

// --- Differences ------------------------------------------------------------

TEST(ReplayEndTest, AnotherEventIsADifferenceThatNamesBoth) {
  const Recorded recorded = Record([] {
    ObserveNumber("a", 1);
    ObserveNumber("b", 2);
    return "";
  });
  const Replayed replayed = ReplayOf(recorded, [] {
    ObserveNumber("a", 0);
    ObserveNumber("c", 0);
    return "";
  });
  EXPECT_FALSE(replayed.came_to_its_end);
  EXPECT_FALSE(replayed.end.over);
  EXPECT_EQ(replayed.end.difference,
            "event 2 is saw b of thread 0; the case has saw c");
  EXPECT_EQ(replayed.left, 1);
}

TEST(ReplayEndTest, AnotherKindOfValueIsADifference) {
  const Recorded recorded = Record([] { return ObserveText("a", "text"); });
  EXPECT_EQ(
      ReplayOf(recorded, [] { return std::to_string(ObserveNumber("a", 0)); })
          .end.difference,
      "a: not a number");
  const Recorded number =
      Record([] { return std::to_string(ObserveNumber("a", 7)); });
  EXPECT_EQ(
      ReplayOf(number, [] { return ObserveText("a", ""); }).end.difference,
      "a: not a text");
}

TEST(ReplayEndTest, DifferencesOfSeveralThreadsAtOnceEndTheProcessOnce) {
  std::string text;
  for (int thread = 1; thread <= 8; ++thread) {
    text += "{\"thread\":" + std::to_string(thread) + ",\"begins\":\"0." +
            std::to_string(thread - 1) + "\"}\n";
  }
  for (int thread = 0; thread <= 8; ++thread) {
    text += "{\"thread\":" + std::to_string(thread) + ",\"saw\":\"a\"}\n";
  }
  const Body body = [] {
    std::atomic<int> begun{0};
    const auto differ = [&begun] {
      ++begun;
      while (begun < 9) {
        sched_yield();
      }
      ObserveNumber("b", 0);
    };
    for (int i = 0; i < 8; ++i) {
      StartThread(differ).detach();
    }
    differ();
    return "";
  };
  for (int round = 0; round < 50; ++round) {
    const Replayed replayed = ReplayText(text, true, body);
    ASSERT_EQ(replayed.process_end, "");
    ASSERT_TRUE(replayed.end.difference.ends_with("; the case has saw b"))
        << replayed.end.difference;
  }
}

TEST(ReplayEndTest, AnEmptyTraceIsOverAtOnce) {
  const Body body = [] { return std::to_string(ObserveNumber("a", 0)); };
  EXPECT_TRUE(ReplayText("", true, body).end.over);
  EXPECT_TRUE(ReplayText("", false, body).end.over);
  EXPECT_EQ(ReplayText("", true, [] { return "done"; }).said, "done");
}

}  // namespace
}  // namespace cpgcert::harness::trace
