// Several threads: beside a dispatcher on one handle, THR-01; each with a
// connection of its own, THR-02.
//
// Two callers at once on one handle is more than the pages imply: callers take
// turns here, while the dispatcher dispatches. And handles are made and given
// up in turn: what if not is asked by HND-06, conformance/connections.

#include <fmt/core.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "conformance/concurrency/concurrency_suite.h"
#include "conformance/support/support.h"
#include "conformance/support/watched_answer.h"
#include "harness/client.h"
#include "harness/message.h"
#include "harness/thread_watch.h"
#include "harness/trace/trace.h"

namespace cpgcert::conformance::concurrency {

namespace {

using harness::CallbackRecord;
using harness::Client;
using harness::CpgApi;
using harness::ErrorName;

constexpr int kMessagesPerThread = 60;
constexpr const char* kLast = "last";

enum class Dispatcher { kBlocking, kOneByOne, kPollAndAll };

struct NamedDispatcher {
  std::string name;
  Dispatcher value = Dispatcher::kBlocking;
};

// Dispatches until the message kLast was delivered.
cs_error_t DispatchAll(Client& client, Dispatcher kind,
                       const std::atomic<bool>& ended) {
  if (kind == Dispatcher::kBlocking) {
    return client.Dispatch(CS_DISPATCH_BLOCKING);
  }
  cs_error_t code = CS_OK;
  while (code == CS_OK && !ended) {
    if (kind == Dispatcher::kPollAndAll) {
      client.WaitReadable(std::chrono::milliseconds(100));
    }
    code = client.Dispatch(kind == Dispatcher::kOneByOne ? CS_DISPATCH_ONE
                                                         : CS_DISPATCH_ALL);
  }
  return code;
}

// One thread that calls. What goes wrong is kept for the case to say.
class Caller {
 public:
  Caller(int number, Client& client, std::string group,
         harness::trace::OrderedMutex& turn)
      : number_(number),
        client_(client),
        group_(std::move(group)),
        turn_(turn) {}

  void Run() {
    for (int i = 0; i < kMessagesPerThread && wrong_.empty(); ++i) {
      const std::scoped_lock lock(turn_);
      Check("cpg_mcast_joined", client_.Multicast(harness::MakeMessage(
                                    fmt::format("t{}m{}", number_, i))));
      switch (i % 4) {
        case 0:
          Check("cpg_local_get", client_.RoundTrip());
          break;
        case 1:
          AskMembers();
          break;
        case 2:
          Iterate();
          break;
        default:
          break;
      }
    }
  }
  const std::string& wrong() const { return wrong_; }

 private:
  void Check(const char* call, cs_error_t code) {
    if (code != CS_OK && wrong_.empty()) {
      wrong_ = fmt::format("{}: {}", call, ErrorName(code));
    }
  }

  bool IsOwn(uint32_t process) const {
    return process == static_cast<uint32_t>(harness::trace::ProcessId());
  }

  void AskMembers() {
    std::vector<cpg_address> entries(8);
    int count = static_cast<int>(entries.size());
    cpg_name name = harness::MakeGroupName(group_);
    Check("cpg_membership_get",
          client_.api().membership_get(client_.handle(), &name, entries.data(),
                                       &count));
    if (wrong_.empty() && (count != 1 || !IsOwn(entries[0].pid))) {
      wrong_ = fmt::format("cpg_membership_get: {} members", count);
    }
  }

  void Iterate() {
    const CpgApi& api = client_.api();
    if (!api.Has("cpg_iteration_initialize")) {
      return;  // a library may lack it
    }
    const cpg_name name = harness::MakeGroupName(group_);
    cpg_iteration_handle_t iterator = 0;
    Check("cpg_iteration_initialize",
          api.iteration_initialize(client_.handle(), CPG_ITERATION_ONE_GROUP,
                                   &name, &iterator));
    cpg_iteration_description_t item{};
    Check("cpg_iteration_next", api.iteration_next(iterator, &item));
    if (wrong_.empty() && !IsOwn(item.pid)) {
      wrong_ = fmt::format("cpg_iteration_next: process {}", item.pid);
    }
    Check("cpg_iteration_finalize", api.iteration_finalize(iterator));
  }

  const int number_;
  Client& client_;
  const std::string group_;
  harness::trace::OrderedMutex& turn_;
  std::string wrong_;
};

// The messages of each thread by its number, as they came.
std::map<int, std::vector<std::string>> ByThread(Client& client) {
  std::map<int, std::vector<std::string>> messages;
  for (const CallbackRecord& record : client.Records()) {
    int thread = 0;
    if (std::sscanf(record.message.c_str(), "t%d", &thread) == 1) {
      messages[thread].push_back(record.message);
    }
  }
  return messages;
}

void JudgeMessages(CaseContext& context, Client& client, int callers) {
  std::map<int, std::vector<std::string>> came = ByThread(client);
  for (int thread = 0; thread < callers; ++thread) {
    std::vector<std::string> owed;
    for (int i = 0; i < kMessagesPerThread; ++i) {
      owed.push_back(fmt::format("t{}m{}", thread, i));
    }
    if (came[thread] != owed) {
      context.Fail(
          "THR-01",
          Report(
              "cpg_mcast_joined in one thread, cpg_dispatch in another",
              fmt::format("the {} messages of the thread, once and in its "
                          "order",
                          owed.size()),
              fmt::format("{}: {}", came[thread].size(), Join(came[thread]))));
    }
  }
}

void CallersBeside(CaseContext& context, Dispatcher kind, int callers) {
  const std::shared_ptr<Client> client = Connect(context);
  const std::string group = UniqueGroup("beside");
  JoinAndSettle(*client, group);
  // The last message ends the dispatcher: by the one means that the pages
  // give, a finalize, in its own callback.
  const auto ended = std::make_shared<std::atomic<bool>>(false);
  client->on_callback = [weak = client.get(), kind,
                         ended](const CallbackRecord& record) {
    if (record.message == kLast) {
      *ended = true;
      if (kind == Dispatcher::kBlocking) {
        weak->Finalize();
      }
    }
  };
  WatchedAnswer dispatcher(
      [client, kind, ended] { return DispatchAll(*client, kind, *ended); });
  if (kind != Dispatcher::kPollAndAll) {
    dispatcher.NeedAsleep("cpg_dispatch");
  }
  harness::trace::OrderedMutex turn;
  std::vector<std::unique_ptr<Caller>> all;
  std::vector<std::thread> threads;
  for (int i = 0; i < callers; ++i) {
    all.push_back(std::make_unique<Caller>(i, *client, group, turn));
    threads.push_back(harness::trace::StartThread(
        [caller = all.back().get()] { caller->Run(); }));
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  for (const auto& caller : all) {
    if (!caller->wrong().empty()) {
      context.Fail("THR-01",
                   Report("a call beside a cpg_dispatch of another "
                          "thread",
                          "the answer that it has alone", caller->wrong()));
    }
  }
  NeedOk("cpg_mcast_joined", client->Multicast(harness::MakeMessage(kLast)));
  if (!dispatcher.WaitReturned()) {
    context.Fail(
        "THR-01",
        Report("cpg_dispatch beside the calls of other threads",
               "the delivery of their last message", dispatcher.Came()));
  }
  JudgeMessages(context, *client, callers);
}

// One thread's own connections, one after the other.
class OwnConnections {
 public:
  OwnConnections(const CpgApi& api, int number,
                 harness::trace::OrderedMutex& turn)
      : api_(api), number_(number), turn_(turn) {}

  void Run() {
    constexpr int kRounds = 8;
    for (int i = 0; i < kRounds && wrong_.empty(); ++i) {
      wrong_ = UseOne(fmt::format("{}of{}r{}", UniqueGroup("own"), number_, i));
    }
  }
  const std::string& wrong() const { return wrong_; }

 private:
  std::string UseOne(const std::string& group) {
    constexpr int kMessages = 10;
    Client client(api_, {});
    std::string wrong =
        InTurn("cpg_initialize", [&client] { return client.Initialize(); });
    wrong += Check("cpg_join", client.Join(group));
    std::vector<std::string> owed;
    for (int i = 0; i < kMessages && wrong.empty(); ++i) {
      owed.push_back(fmt::format("t{}m{}", number_, i));
      wrong += Check("cpg_mcast_joined",
                     client.Multicast(harness::MakeMessage(owed.back())));
    }
    if (!wrong.empty()) {
      return wrong;
    }
    const bool came =
        DispatchUntil(client, 0, [&owed](const CallbackRecord& record) {
          return record.message == owed.back();
        });
    wrong = came ? Judge(client, group, owed)
                 : "cpg_dispatch: the last message did not come";
    wrong += Check("cpg_leave", client.Leave(group));
    return wrong +
           InTurn("cpg_finalize", [&client] { return client.Finalize(); });
  }

  std::string InTurn(const char* name,
                     const std::function<cs_error_t()>& call) {
    const std::scoped_lock lock(turn_);
    return Check(name, call());
  }

  static std::string Check(const char* call, cs_error_t code) {
    return code == CS_OK ? "" : fmt::format("{}: {}", call, ErrorName(code));
  }

  static std::string Judge(Client& client, const std::string& group,
                           const std::vector<std::string>& owed) {
    std::vector<std::string> came;
    for (const CallbackRecord& record : client.Records()) {
      if (record.kind == CallbackRecord::Kind::kDeliver) {
        came.push_back(record.message);
      }
      if (record.group != group || record.handle != client.handle() ||
          record.thread != std::this_thread::get_id()) {
        return "a callback of another connection: " +
               harness::DescribeRecord(record);
      }
    }
    return came == owed ? "" : "cpg_dispatch: " + Join(came);
  }

  const CpgApi& api_;
  const int number_;
  harness::trace::OrderedMutex& turn_;
  std::string wrong_;
};

void ConnectionsBeside(CaseContext& context, int count) {
  const CpgApi& api =
      context.Api({"cpg_initialize", "cpg_finalize", "cpg_join", "cpg_leave",
                   "cpg_mcast_joined", "cpg_dispatch", "cpg_fd_get"});
  harness::trace::OrderedMutex turn;
  std::vector<std::unique_ptr<OwnConnections>> all;
  std::vector<std::thread> threads;
  for (int i = 0; i < count; ++i) {
    all.push_back(std::make_unique<OwnConnections>(api, i, turn));
    threads.push_back(
        harness::trace::StartThread([own = all.back().get()] { own->Run(); }));
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  for (const auto& own : all) {
    if (!own->wrong().empty()) {
      context.Fail(
          "THR-02",
          Report(fmt::format("calls on a connection of its own, in "
                             "each of {} threads",
                             count),
                 "the answers and events that it has alone", own->wrong()));
    }
  }
}

// One connection sleeps in cpg_dispatch; the other is used as if alone.
void WorksBesideOneThatBlocks(CaseContext& context) {
  auto& blocked = *Connect(context).release();
  JoinAndSettle(blocked, UniqueGroup("blocked"));
  DispatchWaiting(blocked);
  auto* sleeper = new harness::WatchedCall(
      [&blocked] { blocked.Dispatch(CS_DISPATCH_BLOCKING); });
  if (sleeper->Settle(kWaitDeadline).kind !=
      harness::CallState::Kind::kAsleep) {
    CaseContext::Untested("CS_DISPATCH_BLOCKING did not go to sleep");
  }
  auto& other = *Connect(context).release();
  const std::string group = UniqueGroup("other");
  auto* work = new harness::WatchedCall([&other, &group] {
    other.Join(group);
    other.Multicast(harness::MakeMessage("m1"));
    DispatchUntil(other, 0, [](const harness::CallbackRecord& record) {
      return record.message == "m1";
    });
  });
  if (work->WaitReturned(kWaitDeadline)) {
    delete work;
  } else {
    context.Fail("THR-02",
                 Report("cpg_join, cpg_mcast_joined and cpg_dispatch, while "
                        "another thread blocks in cpg_dispatch on another "
                        "connection",
                        "they return",
                        harness::Describe(
                            work->Settle(std::chrono::milliseconds(100)))));
    work->Abandon();
  }
  sleeper->Abandon();
}

}  // namespace

void RegisterThreadCases() {
  for (const int count : {1, 2, 4, 8}) {
    for (const NamedDispatcher& dispatcher :
         {NamedDispatcher{"Blocking", Dispatcher::kBlocking},
          NamedDispatcher{"OneByOne", Dispatcher::kOneByOne},
          NamedDispatcher{"PollAndAll", Dispatcher::kPollAndAll}}) {
      RegisterCase({.name = fmt::format("THR-01/{}/CallersInTurn{}",
                                        dispatcher.name, count),
                    .requirements = {"THR-01"},
                    .profile = "api"},
                   [kind = dispatcher.value, count](CaseContext& context) {
                     CallersBeside(context, kind, count);
                   });
    }
  }
  RegisterCase({.name = "THR-02/BesideOneThatBlocks",
                .requirements = {"THR-02"},
                .profile = "api"},
               WorksBesideOneThatBlocks);
  for (const int count : {2, 4, 8}) {
    RegisterCase(
        {.name = fmt::format("THR-02/OwnConnection/Threads{}", count),
         .requirements = {"THR-02"},
         .profile = "api"},
        [count](CaseContext& context) { ConnectionsBeside(context, count); });
  }
}

}  // namespace cpgcert::conformance::concurrency
