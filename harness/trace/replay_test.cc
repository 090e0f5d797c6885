#include "harness/trace/replay.h"

#include <sched.h>
#include <sys/resource.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>
#include <thread>
#include <vector>

#include "gtest/gtest.h"
#include "harness/trace/recorded_run.h"
#include "harness/trace/trace.h"
#include "harness/trace/trace_event.h"

namespace cpgcert::harness::trace {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;

// Records a body and replays it, and expects it to say the same.
void ExpectSaysTheSame(const Body& body) {
  const Recorded recorded = Record(body);
  ASSERT_EQ(recorded.verdict, Verdict::kPass);
  const Replayed replayed = ReplayOf(recorded, body);
  EXPECT_EQ(replayed.process_end, "");
  EXPECT_EQ(replayed.end.difference, "");
  EXPECT_FALSE(replayed.end.over);
  EXPECT_EQ(replayed.said, recorded.said) << recorded.text;
  EXPECT_EQ(replayed.left, 0);
}

// --- What comes back --------------------------------------------------------

TEST(ReplayTest, NothingIsRecordedOrReplayedFromTheBeginning) {
  EXPECT_EQ(CurrentMode(), Mode::kOff);
  EXPECT_EQ(Observe("number", [] { return 7; }), 7);
  EXPECT_EQ(ProcessId(), getpid());
  Changing changing("changing");
  EXPECT_TRUE(changing.See([] { return true; }));
}

TEST(ReplayTest, NumbersAndTextsComeBackWithoutALook) {
  ExpectSaysTheSame([] {
    std::string said;
    for (const int64_t number : {INT64_MIN, int64_t{-1}, INT64_MAX}) {
      said += std::to_string(ObserveNumber("number", number)) + " ";
    }
    said += std::to_string(Observe("bool", [] { return Seen(true); })) + " ";
    said += std::to_string(Observe("large", [] { return Seen(UINT64_MAX); }));
    return said + ObserveText("text", "line\n\"quoted\" \xc3\xa9");
  });
}

TEST(ReplayTest, ALookThatSaysAnotherThingIsOverruled) {
  const auto body = [](int64_t number) {
    return [number] {
      return std::to_string(Observe("number", [number] { return number; }));
    };
  };
  EXPECT_EQ(ReplayOf(Record(body(1)), body(2)).said, "1");
}

TEST(ReplayTest, ARecordingIsReadableAndSaysTheThread) {
  const Recorded recorded = Record([] {
    Note("step", "begins");
    ObserveNumber("number", 7);
    StartThread([] { ObserveText("text", "t"); }).join();
    return "";
  });
  EXPECT_EQ(recorded.text,
            "{\"thread\":0,\"note\":\"step\",\"with\":\"begins\"}\n"
            "{\"thread\":0,\"saw\":\"number\",\"with\":7}\n"
            "{\"thread\":1,\"begins\":\"0.0\"}\n"
            "{\"thread\":1,\"saw\":\"text\",\"with\":\"t\"}\n");
}

TEST(ReplayTest, NotesAreForTheReaderAlone) {
  const Recorded recorded = Record([] {
    Note("step", "one");
    ObserveNumber("number", 7);
    Note("step", "two");
    return "";
  });
  const Replayed replayed = ReplayOf(recorded, [] {
    return std::to_string(Observe("number", [] { return 0; }));
  });
  EXPECT_EQ(replayed.said, "7");
  EXPECT_EQ(replayed.left, 0);
}

TEST(ReplayTest, AForkedChildRecordsNothing) {
  const Recorded recorded = Record([] {
    const pid_t child = fork();
    if (child == 0) {
      ObserveNumber("in the child", 1);
      _exit(Recording() ? 1 : 0);
    }
    ObserveNumber("in the parent", 2);
    return std::to_string(child);
  });
  EXPECT_EQ(recorded.text.find("child"), std::string::npos) << recorded.text;
  EXPECT_NE(recorded.text.find("parent"), std::string::npos);
}

TEST(ReplayTest, TheProcessIdIsThatOfTheRecording) {
  const Body body = [] { return std::to_string(ProcessId()); };
  const Recorded recorded = Record(body);
  EXPECT_EQ(recorded.said, std::to_string(recorded.process));
  EXPECT_EQ(ReplayOf(recorded, body).said, recorded.said);
}

// --- Looking again and again ------------------------------------------------

TEST(ReplayTest, ALoopLooksExactlyAsOften) {
  ExpectSaysTheSame([] {
    std::atomic<int64_t> stage{0};
    Changing changing("stage");
    std::thread other = StartThread([&stage] {
      for (int64_t i = 1; i <= 20; ++i) {
        ObserveNumber("other", i);
        stage = i;
      }
    });
    std::string said;
    int64_t looks = 0;
    for (int64_t last = 0; last < 20;) {
      ++looks;
      const int64_t now = changing.See([&stage] { return stage.load(); });
      if (now != last) {
        said += std::to_string(now) + " after " + std::to_string(looks) + ", ";
        last = now;
      }
      sched_yield();
    }
    other.join();
    return said;
  });
}

TEST(ReplayTest, EveryThreadSeesAChangeForItself) {
  ExpectSaysTheSame([] {
    std::atomic<bool> ready{false};
    Changing changing("ready");
    std::vector<int64_t> looks(3);
    std::vector<std::thread> threads;
    for (int64_t& own : looks) {
      threads.push_back(StartThread([&] {
        do {
          ++own;
          sched_yield();
        } while (!changing.See([&ready] { return ready.load(); }));
      }));
    }
    ObserveNumber("readiness", 1);
    ready = true;
    std::string said;
    for (size_t i = 0; i < threads.size(); ++i) {
      threads[i].join();
      said += std::to_string(looks[i]) + " ";
    }
    return said;
  });
}

TEST(ReplayTest, AChangeBackIsAChange) {
  ExpectSaysTheSame([] {
    Changing changing("number");
    Changing other("number");
    std::string said;
    for (const int64_t number : {0, 0, 3, 3, 3, 0, -1, -1, 3}) {
      said += std::to_string(changing.See([number] { return Seen(number); }));
      said += std::to_string(other.See([number] { return Seen(-number); }));
    }
    return said;
  });
}

TEST(ReplayTest, TheOnlyOneOfItsNameIsTheSameInAReplay) {
  ExpectSaysTheSame([] {
    Changing* const only = Changing::NewOnly("only");
    std::string said;
    for (const int64_t number : {0, 1, 1, 2}) {
      said += std::to_string(only->See([number] { return Seen(number); }));
    }
    return said;
  });
}

// The deadlines of the replay are the opposite of those of the recording.
TEST(ReplayTest, ADeadlinePassesWhereItPassed) {
  const auto body = [](auto first, auto second) {
    return [first, second] {
      Deadline one(first);
      Deadline other(second);
      std::string said;
      int looks = 0;
      while (!one.Passed() && ++looks < 100'000) {
      }
      said += std::to_string(looks) + " ";
      for (int i = 0; i < 10; ++i) {
        said += other.Passed() ? "passed " : "not yet ";
      }
      return said;
    };
  };
  const Recorded recorded = Record(body(milliseconds(-1), hours(1)));
  EXPECT_EQ(recorded.said.substr(0, 10), "0 not yet ");
  const Replayed replayed =
      ReplayOf(recorded, body(hours(1), milliseconds(-1)));
  EXPECT_EQ(replayed.said, recorded.said);
  EXPECT_EQ(replayed.left, 0);
}

TEST(ReplayTest, ADeadlineThatIsWaitedForPassesAtTheSameLook) {
  const auto body = [](auto duration) {
    return [duration] {
      Deadline deadline(duration);
      int64_t looks = 0;
      while (!deadline.Passed()) {
        ++looks;
      }
      return std::to_string(looks);
    };
  };
  const Recorded recorded = Record(body(milliseconds(5)));
  EXPECT_EQ(ReplayOf(recorded, body(hours(1))).said, recorded.said);
}

// --- Threads ----------------------------------------------------------------

TEST(ReplayTest, ThreadsGetAMutexInTheSameOrder) {
  ExpectSaysTheSame([] {
    OrderedMutex mutex;
    std::string order;
    std::vector<std::thread> threads;
    for (const char name : {'a', 'b', 'c', 'd'}) {
      threads.push_back(StartThread([&mutex, &order, name] {
        for (int i = 0; i < 200; ++i) {
          const std::scoped_lock lock(mutex);
          order += name;
        }
      }));
    }
    for (std::thread& thread : threads) {
      thread.join();
    }
    return order;
  });
}

void LeaveOneProcessor() {
  cpu_set_t processors;
  CPU_ZERO(&processors);
  CPU_SET(sched_getcpu(), &processors);
  sched_setaffinity(0, sizeof(processors), &processors);
}

// The patient thread is overtaken as soon as it wakes another.
TEST(ReplayTest, AThreadThatIsOvertakenGetsItsMutexBeforeTheOther) {
  ExpectSaysTheSame([] {
    LeaveOneProcessor();
    OrderedMutex mutex;
    std::string order;
    const auto take = [&mutex, &order](char name, int patience) {
      setpriority(PRIO_PROCESS, gettid(), patience);
      for (int i = 0; i < 200; ++i) {
        const std::scoped_lock lock(mutex);
        order += name;
      }
    };
    std::thread patient = StartThread([&take] { take('a', 19); });
    std::thread other = StartThread([&take] { take('b', 0); });
    patient.join();
    other.join();
    return order;
  });
}

TEST(ReplayTest, EventsUnderAMutexKeepTheirOrder) {
  ExpectSaysTheSame([] {
    OrderedMutex mutex;
    std::string order;
    std::vector<std::thread> threads;
    for (int number = 0; number < 3; ++number) {
      threads.push_back(StartThread([&mutex, &order, number] {
        for (int i = 0; i < 50; ++i) {
          ObserveNumber("before", i);
          const std::scoped_lock lock(mutex);
          order += std::to_string(ObserveNumber("within", number));
        }
      }));
    }
    for (std::thread& thread : threads) {
      thread.join();
    }
    return order;
  });
}

TEST(ReplayTest, AThreadIsKnownByTheThreadThatStartedIt) {
  ExpectSaysTheSame([] {
    std::vector<std::string> seen(6);
    std::vector<std::thread> threads;
    for (int number = 0; number < 3; ++number) {
      threads.push_back(StartThread([&seen, number] {
        std::thread inner = StartThread([&seen, number] {
          seen.at(number + 3) =
              ObserveText("inner", "inner " + std::to_string(number));
        });
        seen.at(number) =
            ObserveText("outer", "outer " + std::to_string(number));
        inner.join();
      }));
    }
    std::string said;
    for (std::thread& thread : threads) {
      thread.join();
    }
    for (const std::string& one : seen) {
      said += one + ", ";
    }
    return said;
  });
}

// A thread learns nothing before what had been learned before it.
TEST(ReplayTest, NoEventIsTakenBeforeThoseAboveIt) {
  std::atomic<int> taken{0};
  const Replayed replayed = ReplayText(
      "{\"thread\":1,\"begins\":\"0.0\"}\n"
      "{\"thread\":1,\"saw\":\"a\",\"with\":1}\n"
      "{\"thread\":1,\"saw\":\"a\",\"with\":2}\n"
      "{\"thread\":0,\"saw\":\"b\",\"with\":3}\n"
      "{\"thread\":1,\"saw\":\"a\",\"with\":4}\n",
      true, [&taken] {
        std::thread other = StartThread([&taken] {
          for (int i = 0; i < 2; ++i) {
            ++taken;
            ObserveNumber("a", 0);
          }
          ++taken;
          ObserveNumber("a", 0);
        });
        ObserveNumber("b", 0);
        const int before = taken;
        other.join();
        return std::to_string(before >= 2);
      });
  EXPECT_EQ(replayed.said, "1");
  EXPECT_EQ(replayed.left, 0);
}

TEST(ReplayTest, AThreadThatNeverBeganWaitsForTheEnd) {
  const Replayed replayed =
      ReplayText("{\"thread\":0,\"saw\":\"a\",\"with\":1}\n", true, [] {
        std::atomic<bool> ran{false};
        StartThread([&ran] { ran = true; }).detach();
        ObserveNumber("a", 0);
        usleep(20'000);  // sleep: time for what must not happen
        return ran ? "ran" : "waits";
      });
  EXPECT_EQ(replayed.said, "waits");
  EXPECT_EQ(replayed.left, 0);
}

TEST(ReplayTest, AThreadThatWantsMoreThanItSawWaitsForTheEnd) {
  const Replayed replayed = ReplayText(
      "{\"thread\":1,\"begins\":\"0.0\"}\n"
      "{\"thread\":1,\"saw\":\"a\",\"with\":1}\n"
      "{\"thread\":0,\"saw\":\"b\",\"with\":2}\n",
      true, [] {
        StartThread([] {
          ObserveNumber("a", 0);
          ObserveNumber("a", 0);
          std::abort();
        }).detach();
        return std::to_string(ObserveNumber("b", 0));
      });
  EXPECT_EQ(replayed.said, "2");
  EXPECT_EQ(replayed.left_of_thread_0, 0);
}

}  // namespace
}  // namespace cpgcert::harness::trace
