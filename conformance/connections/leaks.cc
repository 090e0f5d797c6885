// What connections leave behind: LEAK-01 to LEAK-03.
//
// After every case its process is looked at as well
// (conformance/case_census.h); here many connections of one kind come and go,
// and files are looked for too.

#include <fmt/core.h>
#include <fmt/ranges.h>
#include <poll.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <filesystem>
#include <iterator>
#include <memory>
#include <set>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include "conformance/connections/topics.h"
#include "conformance/support/support.h"
#include "harness/message.h"
#include "harness/process_census.h"
#include "harness/trace/trace.h"
#include "harness/trace/trace_event.h"

namespace cpgcert::conformance::connections {

namespace {

using harness::CallbackRecord;
using harness::Client;
using harness::CpgApi;

// The files in shared memory that carry the process id of the caller, as those
// of libqb do, and perhaps some others: the same number may mean something
// else.
std::set<std::string> LookForSharedFiles() {
  const std::string mark = fmt::format("-{}-", harness::trace::ProcessId());
  std::set<std::string> files;
  std::error_code gone;  // files may vanish meanwhile
  std::filesystem::directory_iterator entries("/dev/shm", gone);
  while (!gone && entries != std::filesystem::directory_iterator()) {
    std::string name = entries->path().string();
    if (name.find(mark) != std::string::npos) {
      files.insert(std::move(name));
    }
    entries.increment(gone);
  }
  return files;
}

std::set<std::string> SharedFiles() {
  return harness::trace::ObserveAs(
      "shared_files", LookForSharedFiles,
      [](const std::set<std::string>& files) {
        return harness::trace::Json(files);
      },
      [](const harness::trace::Json& files) {
        return files.get<std::set<std::string>>();
      });
}

struct Before {
  harness::ProcessCensus process{};
  std::set<std::string> files{};
};

struct Left {
  harness::CensusGrowth growth{};
  std::vector<std::string> files{};
};

// The service removes files when it has seen that a connection was closed, and
// a thread that has done its work may be on its way out: both are waited for.
Left WhatIsLeft(const Before& before) {
  harness::trace::Deadline end(kWaitDeadline);
  while (true) {
    Left left{.growth = harness::Growth(before.process,
                                        harness::TakeProcessCensus())};
    std::ranges::set_difference(SharedFiles(), before.files,
                                std::back_inserter(left.files));
    if ((left.growth.threads <= 0 && left.files.empty()) || end.Passed()) {
      return left;
    }
    poll(nullptr, 0, 1);  // sleep: looks again for the end of thread or file
  }
}

void Judge(CaseContext& context, const std::string& call, const Left& left) {
  if (!left.growth.descriptors.empty()) {
    context.Fail(
        "LEAK-01",
        Report(call, "no more descriptors than before",
               fmt::format("{}", fmt::join(left.growth.descriptors, ", "))));
  }
  std::vector<std::string> memory = left.growth.shared_mappings;
  memory.insert(memory.end(), left.files.begin(), left.files.end());
  if (!memory.empty()) {
    context.Fail("LEAK-02", Report(call, "no more shared memory than before",
                                   fmt::format("{}", fmt::join(memory, ", "))));
  }
  if (left.growth.threads > 0) {
    context.Fail("LEAK-03",
                 Report(call, "no more threads than before",
                        fmt::format("{} more", left.growth.threads)));
  }
}

// One connection from its beginning to its end. REQUIRES: `group` is new.
using Life = void (*)(CaseContext& context, const std::string& group);

void Connected(CaseContext& context, const std::string& /*group*/) {
  const auto client = Connect(context);
  NeedOk("cpg_local_get", client->RoundTrip());
  NeedOk("cpg_finalize", client->Finalize());
}

void Joined(CaseContext& context, const std::string& group) {
  const auto client = Connect(context);
  JoinAndSettle(*client, group);
  DispatchThroughBarrier(*client);
  NeedOk("cpg_finalize", client->Finalize());
}

void HasLeft(CaseContext& context, const std::string& group) {
  const auto client = Connect(context, {.totem = true, .initial_totem = true});
  JoinAndSettle(*client, group);
  const size_t seen = client->RecordCount();
  NeedOk("cpg_leave", client->Leave(group));
  if (!DispatchUntil(*client, seen, [](const CallbackRecord& record) {
        return !record.left.empty();
      })) {
    CaseContext::Untested("the own leave change did not come");
  }
  NeedOk("cpg_finalize", client->Finalize());
}

void EventsWaiting(CaseContext& context, const std::string& group) {
  constexpr size_t kLarge = size_t{3} << 20;  // more than one fragment
  const auto client = Connect(context);
  JoinAndSettle(*client, group);
  NeedOk("cpg_mcast_joined", client->Multicast(harness::MakeMessage("m1")));
  NeedOk("cpg_mcast_joined",
         client->Multicast(harness::MakeMessage("m2", kLarge)));
  client->WaitReadable(kWaitDeadline);
  NeedOk("cpg_finalize", client->Finalize());
}

void EndsInCallback(CaseContext& context, const std::string& group) {
  const auto client = Connect(context);
  JoinAndSettle(*client, group);
  NeedOk("cpg_mcast_joined", client->Multicast(harness::MakeMessage("m1")));
  cs_error_t finalized = CS_ERR_NOT_EXIST;
  client->on_callback = [&](const CallbackRecord&) {
    finalized = finalized == CS_ERR_NOT_EXIST ? client->Finalize() : finalized;
  };
  (void)DispatchUntil(*client, client->RecordCount(),
                      [](const auto&) { return true; });
  NeedOk("cpg_finalize in a callback", finalized);
}

void IterationUnfinished(CaseContext& context, const std::string& group) {
  const CpgApi& api =
      context.Api({"cpg_iteration_initialize", "cpg_iteration_next"});
  const auto client = Connect(context);
  JoinAndSettle(*client, group);
  cpg_iteration_handle_t iteration = 0;
  NeedOk("cpg_iteration_initialize",
         api.iteration_initialize(client->handle(), CPG_ITERATION_ALL, nullptr,
                                  &iteration));
  NeedOk("cpg_finalize", client->Finalize());
}

void InAThreadOfItsOwn(CaseContext& context, const std::string& /*group*/) {
  const auto client = Connect(context);
  cs_error_t dispatched = CS_ERR_NOT_EXIST;
  cs_error_t finalized = CS_ERR_NOT_EXIST;
  harness::trace::StartThread([&] {
    dispatched = client->Dispatch(CS_DISPATCH_ALL);
    finalized = client->Finalize();
  }).join();
  NeedOk("cpg_dispatch", dispatched);
  NeedOk("cpg_finalize", finalized);
}

void SeveralAtOnce(CaseContext& context, const std::string& group) {
  constexpr int kConnections = 4;
  std::array<std::unique_ptr<Client>, kConnections> clients;
  for (auto& client : clients) {
    client = Connect(context);
  }
  JoinAndSettle(*clients.back(), group);
  for (const auto& client : clients) {
    NeedOk("cpg_finalize", client->Finalize());
  }
}

struct LifeRow {
  const char* name;
  Life life;
  const char* what;
};
constexpr auto kLives = std::to_array<LifeRow>({
    {"Connected", Connected, "connect and finalize"},
    {"Joined", Joined, "connect, join, multicast, dispatch and finalize"},
    {"Left", HasLeft, "connect, join, leave and finalize"},
    {"EventsWaiting", EventsWaiting,
     "connect, join, multicast and finalize, without a dispatch"},
    {"InCallback", EndsInCallback,
     "connect, join, multicast and finalize in a callback"},
    {"IterationUnfinished", IterationUnfinished,
     "connect, begin an iteration and finalize"},
    {"OtherThread", InAThreadOfItsOwn,
     "connect in one thread, dispatch and finalize in another"},
    {"SeveralAtOnce", SeveralAtOnce, "connect four times, finalize four times"},
});

// What the first connections leave is kept for the process (LEAK-03); what each
// further one leaves is a leak.
constexpr int kFirst = 2;

void LeavesNothing(CaseContext& context, const std::vector<LifeRow>& lives,
                   int rounds, const std::string& what) {
  Before before{.files = SharedFiles()};
  for (int round = 0; round < kFirst + rounds; ++round) {
    if (round == kFirst) {
      before.process = harness::TakeProcessCensus();
    }
    lives.at(round % lives.size())
        .life(context, UniqueGroup(fmt::format("leak{}of", round)));
  }
  Judge(context, fmt::format("{}, {} times", what, rounds), WhatIsLeft(before));
}

void OfEveryKind(CaseContext& context) {
  constexpr int kRounds = 50;
  LeavesNothing(context, {kLives.begin(), kLives.end()}, kRounds,
                "connections of every kind");
}

void WithoutService(CaseContext& context) {
  constexpr int kConnections = Client::kClientsMax - 1;
  for (int i = 0; i < kFirst; ++i) {
    Connected(context, "");
  }
  const harness::ProcessCensus before = harness::TakeProcessCensus();
  std::vector<std::unique_ptr<Client>> clients;
  for (int i = 0; i < kConnections; ++i) {
    clients.push_back(Connect(context));
  }
  JoinAndSettle(*clients.front(), UniqueGroup("leak"));
  Need(context.service().Kill());
  for (const auto& client : clients) {
    (void)client->Dispatch(CS_DISPATCH_ONE_NONBLOCKING);
    (void)client->Finalize();
  }
  // Its files are the service's to remove, which can no longer do so.
  context.Note(fmt::format("files in shared memory without a service: {}",
                           SharedFiles().size()));
  Judge(context,
        fmt::format("connect {} times, the service dies, finalize them all",
                    kConnections),
        {.growth = harness::Growth(before, harness::TakeProcessCensus())});
}

}  // namespace

void RegisterLeaks() {
  constexpr int kRounds = 5;
  const std::vector<std::string> all = {"LEAK-01", "LEAK-02", "LEAK-03"};
  for (const LifeRow& row : kLives) {
    RegisterCase({.name = fmt::format("LEAK-01/{}", row.name),
                  .requirements = all,
                  .profile = "api",
                  .needs_capability =
                      std::string_view(row.name).starts_with("Iteration")},
                 [&row](CaseContext& context) {
                   LeavesNothing(context, {row}, kRounds, row.what);
                 });
  }
  RegisterCase({.name = "LEAK-01/EveryKind",
                .requirements = all,
                .profile = "api",
                .needs_capability = true},  // one of them iterates
               OfEveryKind);
  RegisterCase({.name = "LEAK-01/ServiceKilled",
                .requirements = {"LEAK-01", "LEAK-02", "LEAK-03", "FIN-03"},
                .profile = "faults"},
               WithoutService);
}

}  // namespace cpgcert::conformance::connections
