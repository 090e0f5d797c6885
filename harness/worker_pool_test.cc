#include "harness/worker_pool.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <poll.h>
#include <qb/qbipcc.h>
#include <sys/eventfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <map>
#include <numeric>
#include <stdexcept>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "harness/member_census.h"
#include "harness/peer.h"

namespace cpgcert::harness {
namespace {

constexpr int kFarAwayMs = 60'000;

std::vector<size_t> ItemsUpTo(size_t count) {
  std::vector<size_t> items(count);
  std::iota(items.begin(), items.end(), 0);
  return items;
}

// How a run ended, for comparison.
struct Ends {
  PoolResult result;
  std::vector<size_t> order;
  std::map<size_t, ItemEnd> ends;

  std::string Text(size_t item) const {
    const auto found = ends.find(item);
    return found == ends.end()    ? "(did not end)"
           : found->second.killed ? "(killed)"
                                  : found->second.text;
  }
};

bool HasNoChildren() {
  return waitpid(-1, nullptr, WNOHANG) < 0 && errno == ECHILD;
}

Ends RunItems(const PoolOptions& options, const std::vector<size_t>& items,
              const RunItem& run) {
  Ends all;
  all.result = RunPool(options, items, run, [&](const ItemEnd& end) {
    all.order.push_back(end.item);
    EXPECT_TRUE(all.ends.emplace(end.item, end).second) << end.item;
  });
  EXPECT_TRUE(HasNoChildren());
  return all;
}

PoolOptions WithWorkers(int workers) {
  PoolOptions options;
  options.workers = workers;
  return options;
}

// "served" if the service of this place answers.
std::string AskService(const WorkerPlace& place) {
  if (kill(place.service_process, 0) != 0) {
    return "the service's process is gone";
  }
  MemberCensus census;
  const std::string error = census.WaitNobody(std::chrono::milliseconds(0));
  return error.empty() ? "served" : error;
}

// A pipe between this process and all items.
class Channel {
 public:
  Channel() {
    if (pipe2(ends_.data(), O_CLOEXEC) != 0) {
      abort();
    }
  }
  ~Channel() {
    close(ends_[0]);
    CloseWriter();
  }
  Channel(const Channel&) = delete;
  Channel& operator=(const Channel&) = delete;

  void Write() const { (void)!write(ends_[1], "w", 1); }
  void Read() const {
    char byte = 0;
    (void)!read(ends_[0], &byte, 1);
  }
  // True once nobody but us holds the writing end.
  bool LetGo() {
    CloseWriter();
    pollfd watched{ends_[0], POLLIN, 0};
    char byte = 0;
    while (poll(&watched, 1, kFarAwayMs) > 0) {
      if (read(ends_[0], &byte, 1) == 0) {
        return true;
      }
    }
    return false;
  }

 private:
  void CloseWriter() {
    if (ends_[1] >= 0) {
      close(ends_[1]);
      ends_[1] = -1;
    }
  }
  std::array<int, 2> ends_{};
};

TEST(WorkerPoolTest, EveryItemIsDoneOnce) {
  const Ends all = RunItems(
      WithWorkers(2), ItemsUpTo(30), [](size_t item, const WorkerPlace& place) {
        return fmt::format("{} {}", item, AskService(place));
      });
  EXPECT_EQ(all.result.error, "");
  EXPECT_FALSE(all.result.stopped);
  EXPECT_EQ(all.ends.size(), 30U);
  for (size_t item = 0; item < 30; ++item) {
    EXPECT_EQ(all.Text(item), fmt::format("{} served", item));
  }
}

TEST(WorkerPoolTest, OneWorkerKeepsTheOrder) {
  const std::vector<size_t> items = {5, 3, 1'000'000'007, 0, 4};
  const Ends all = RunItems(
      WithWorkers(1), items,
      [](size_t item, const WorkerPlace&) { return fmt::format("{}", item); });
  EXPECT_EQ(all.order, items);
  EXPECT_EQ(all.Text(1'000'000'007), "1000000007");
}

TEST(WorkerPoolTest, TwoWorkersRunAtTheSameTime) {
  const Channel channel;
  const Ends all =
      RunItems(WithWorkers(2), {0, 1}, [&](size_t item, const WorkerPlace&) {
        if (item == 0) {
          channel.Read();  // what the other item writes
        } else {
          channel.Write();
        }
        return "done";
      });
  EXPECT_EQ(all.Text(0), "done");
  EXPECT_EQ(all.Text(1), "done");
}

TEST(WorkerPoolTest, NothingToDoIsDone) {
  const Ends all = RunItems(WithWorkers(2), {},
                            [](size_t, const WorkerPlace&) { return "never"; });
  EXPECT_EQ(all.result.error, "");
  EXPECT_TRUE(all.ends.empty());
}

TEST(WorkerPoolTest, AnItemThatEndsItsWorkerIsKilledAndTheRestIsDone) {
  const Ends all = RunItems(WithWorkers(2), ItemsUpTo(10),
                            [](size_t item, const WorkerPlace& place) {
                              switch (item) {
                                case 1:
                                  raise(SIGKILL);
                                  break;
                                case 2:
                                  abort();
                                case 4:
                                  _exit(0);
                                case 6:
                                  throw std::runtime_error("thrown");
                                default:
                                  break;
                              }
                              return AskService(place);
                            });
  EXPECT_EQ(all.result.error, "");
  EXPECT_EQ(all.ends.size(), 10U);
  for (const size_t item : {1, 2, 4, 6}) {
    EXPECT_EQ(all.Text(item), "(killed)") << item;
  }
  for (const size_t item : {0, 3, 5, 7, 8, 9}) {
    EXPECT_EQ(all.Text(item), "served") << item;
  }
}

TEST(WorkerPoolTest, AServiceThatAnItemKilledLivesAgainForTheNext) {
  const Ends all = RunItems(WithWorkers(1), ItemsUpTo(4),
                            [](size_t item, const WorkerPlace& place) {
                              const std::string answer = AskService(place);
                              if (item % 2 == 0) {
                                kill(place.service_process, SIGKILL);
                              }
                              return answer;
                            });
  for (size_t item = 0; item < 4; ++item) {
    EXPECT_EQ(all.Text(item), "served") << item;
  }
}

TEST(WorkerPoolTest, AServiceThatAnItemStoppedRunsAgainForTheNext) {
  const Ends all = RunItems(
      WithWorkers(1), ItemsUpTo(10), [](size_t item, const WorkerPlace& place) {
        std::string answer =
            fmt::format("{} {}", AskService(place), place.service_process);
        if (item != 5) {
          kill(place.service_process, SIGSTOP);
        }
        return answer;
      });
  EXPECT_EQ(all.ends.size(), 10U);
  EXPECT_TRUE(all.Text(0).starts_with("served ")) << all.Text(0);
  for (size_t item = 1; item < 10; ++item) {
    EXPECT_EQ(all.Text(item), all.Text(0));  // the same process
  }
}

TEST(WorkerPoolTest, AServiceStoppedByTheFirstItemThatNeverAskedItRuns) {
  const Ends all = RunItems(WithWorkers(1), ItemsUpTo(2),
                            [](size_t item, const WorkerPlace& place) {
                              if (item == 0) {
                                kill(place.service_process, SIGSTOP);
                                return std::string("stopped");
                              }
                              return AskService(place);
                            });
  EXPECT_EQ(all.Text(0), "stopped");
  EXPECT_EQ(all.Text(1), "served");
}

TEST(WorkerPoolTest, TheNextItemMeetsNoMemberOfTheOneBefore) {
  const Ends all = RunItems(
      WithWorkers(1), ItemsUpTo(10), [](size_t, const WorkerPlace& place) {
        const std::string before = AskService(place);
        std::string error;
        const auto peer = Peer::Start("libcpg.so.4", &error);
        return before + (peer == nullptr ? error : peer->Join("group"));
      });
  for (size_t item = 0; item < 10; ++item) {
    EXPECT_EQ(all.Text(item), "served") << item;
  }
}

TEST(WorkerPoolTest, ResultsOfAnySizeArriveIntact) {
  const auto result_of = [](size_t size) {
    std::string text;
    while (text.size() < size) {
      text += fmt::format("{}\n", text.size());
    }
    text.resize(size);
    if (size > 2) {
      text[1] = '\0';
    }
    return text;
  };
  const std::vector<size_t> sizes = {0,      1,       65'535,  65'536,
                                     65'537, 131'072, 1 << 20, 3 << 20};
  const Ends all = RunItems(
      WithWorkers(2), sizes,
      [&](size_t size, const WorkerPlace&) { return result_of(size); });
  for (const size_t size : sizes) {
    EXPECT_TRUE(all.Text(size) == result_of(size)) << size;
  }
}

TEST(WorkerPoolTest, TheStopDescriptorEndsTheRunWhateverTheItemsDo) {
  Channel life;  // its writing end is held by all that runs inside
  PoolOptions options = WithWorkers(2);
  options.stop_fd = eventfd(0, EFD_CLOEXEC);
  const Ends all =
      RunItems(options, ItemsUpTo(100), [&](size_t item, const WorkerPlace&) {
        if (item == 0) {
          while (true) {
            fork();
            pause();
          }
        }
        if (item == 3) {
          eventfd_write(options.stop_fd, 1);
          pause();
        }
        return "done";
      });
  EXPECT_TRUE(all.result.stopped);
  EXPECT_EQ(all.result.error, "");
  EXPECT_EQ(all.order, (std::vector<size_t>{1, 2}));
  EXPECT_TRUE(life.LetGo());
  close(options.stop_fd);
}

TEST(WorkerPoolTest, NothingInsideOutlivesARun) {
  Channel life;
  const Ends all =
      RunItems(WithWorkers(2), ItemsUpTo(4), [](size_t, const WorkerPlace&) {
        if (fork() == 0) {
          while (true) {
            pause();
          }
        }
        return "done";
      });
  EXPECT_EQ(all.ends.size(), 4U);
  EXPECT_TRUE(life.LetGo());
}

TEST(WorkerPoolTest, AServiceThatCannotStartIsAnError) {
  PoolOptions options = WithWorkers(2);
  options.service = {.kind = ServiceChoice::Kind::kCommand,
                     .command = "/etc/passwd"};
  const Ends all = RunItems(options, ItemsUpTo(5),
                            [](size_t, const WorkerPlace&) { return "never"; });
  EXPECT_NE(all.result.error.find("/etc/passwd: Permission denied"),
            std::string::npos)
      << all.result.error;
  EXPECT_FALSE(all.result.stopped);
  EXPECT_TRUE(all.ends.empty());
}

}  // namespace
}  // namespace cpgcert::harness
