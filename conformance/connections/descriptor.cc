// The descriptor of cpg_fd_get: FD-01 to FD-03.

#include <fcntl.h>
#include <fmt/core.h>
#include <poll.h>

#include <array>
#include <chrono>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "conformance/connections/topics.h"
#include "conformance/support/support.h"
#include "harness/message.h"
#include "harness/thread_watch.h"
#include "harness/trace/trace.h"

namespace cpgcert::conformance::connections {

namespace {

using harness::CallbackRecord;
using harness::CallState;
using harness::Client;
using harness::ErrorName;
using harness::WatchedCall;

int Descriptor(const Client& client) {
  int descriptor = -1;
  NeedOk("cpg_fd_get", client.api().fd_get(client.handle(), &descriptor));
  return descriptor;
}

// The descriptor is readable: CS_DISPATCH_ONE must return. False if it does
// not; the case must end then.
bool OneReturns(CaseContext& context, Client& client, std::string_view when) {
  auto call = std::make_unique<WatchedCall>(
      [&client] { client.Dispatch(CS_DISPATCH_ONE); });
  const CallState state = call->Settle(kWaitDeadline);
  if (state.kind == CallState::Kind::kReturned ||
      call->WaitReturned(kWaitDeadline)) {
    return true;
  }
  call.release()->Abandon();
  context.Fail("FD-01",
               Report(fmt::format("cpg_dispatch(CS_DISPATCH_ONE) when the "
                                  "descriptor is readable, {}",
                                  when),
                      "a return", harness::Describe(state)));
  return false;
}

// A thread in poll, without a time-out.
struct PollSleeper {
  explicit PollSleeper(const Client& client)
      : watched{Descriptor(client), POLLIN, 0}, call([this] {
          watched.revents = harness::trace::Observe("polled", [this] {
            poll(&watched, 1, -1);
            return watched.revents;
          });
        }) {}
  pollfd watched;
  WatchedCall call;
};

// What waits when the descriptor is asked.
enum class Waiting { kOneMessage, kManyMessages, kFragments, kChanges };

struct WaitingRow {
  const char* name;
  Waiting waiting;
};
constexpr auto kWaitings = std::to_array<WaitingRow>({
    {"OneMessage", Waiting::kOneMessage},
    {"ManyMessages", Waiting::kManyMessages},
    {"MessageInFragments", Waiting::kFragments},
    {"ConfigurationChanges", Waiting::kChanges},
});

// Returns how many callbacks it causes.
size_t Cause(harness::Peer& peer, std::string_view group, Waiting waiting) {
  constexpr size_t kLarge = size_t{3} << 20;
  constexpr int kMany = 10;
  switch (waiting) {
    case Waiting::kOneMessage:
      Need(peer.Multicast("m1", harness::kSmallMessageSize));
      return 1;
    case Waiting::kManyMessages:
      for (int i = 0; i < kMany; ++i) {
        Need(peer.Multicast(fmt::format("m{}", i), harness::kSmallMessageSize));
      }
      return kMany;
    case Waiting::kFragments:
      Need(peer.Multicast("m1", kLarge));
      return 1;
    case Waiting::kChanges:
      Need(peer.Leave(group));
      return 1;
  }
  return 0;
}

// A loop of poll and CS_DISPATCH_ONE, as a program would have it, gets every
// event and never blocks in cpg_dispatch.
void PollThenOne(CaseContext& context, Waiting waiting) {
  const std::string group = UniqueGroup("poll");
  const auto peer = StartPeer(context);
  // Never deleted: an abandoned call may still use it.
  auto* client = Connect(context).release();
  Need(peer->Join(group));
  JoinAndSettle(*client, group);
  DispatchThroughBarrier(*client);
  const size_t before = client->RecordCount();
  const size_t events = Cause(*peer, group, waiting);
  while (client->RecordCount() < before + events) {
    if (!client->WaitReadable(kWaitDeadline)) {
      context.Fail(
          "FD-01",
          Report("poll of the descriptor of cpg_fd_get",
                 fmt::format("readable until {} callbacks have run", events),
                 fmt::format("not readable after {} of them",
                             client->RecordCount() - before)));
      return;
    }
    if (!OneReturns(context, *client, "events wait")) {
      return;
    }
  }
  if (client->WaitReadable(std::chrono::milliseconds(0))) {
    OneReturns(context, *client, "all events have been dispatched");
  }
}

// A thread that sleeps in poll is woken by an event.
void ArrivalWakesPoll(CaseContext& context, bool joined) {
  const std::string group = UniqueGroup("poll");
  const auto peer = StartPeer(context);
  // Never deleted: an abandoned call may still use it.
  auto* client = Connect(context).release();
  Need(peer->Join(group));
  if (joined) {
    JoinAndSettle(*client, group);
    DispatchThroughBarrier(*client);
  }
  auto sleeper = std::make_unique<PollSleeper>(*client);
  const CallState state = sleeper->call.Settle(kWaitDeadline);
  if (state.kind == CallState::Kind::kReturned) {
    OneReturns(context, *client, "nothing was sent");
    return;
  }
  if (joined) {
    Need(peer->Multicast("m1", harness::kSmallMessageSize));
  } else {
    NeedOk("cpg_join", client->Join(group));
  }
  if (!sleeper->call.WaitReturned(kWaitDeadline)) {
    sleeper.release()->call.Abandon();
    context.Fail(
        "FD-01",
        Report("poll of the descriptor of cpg_fd_get, then an event is sent",
               "the descriptor becomes readable", harness::Describe(state)));
    return;
  }
  OneReturns(context, *client, "an event has arrived");
}

// Once no event is left each type answers an error, and not just that nothing
// is pending.
void DispatchAnswersError(CaseContext& context, Client& client) {
  harness::trace::Deadline end(kWaitDeadline / 3);
  for (const int type : {CS_DISPATCH_ALL, CS_DISPATCH_ONE_NONBLOCKING,
                         CS_DISPATCH_ONE, CS_DISPATCH_BLOCKING}) {
    cs_error_t came = client.Dispatch(type);
    while ((came == CS_OK || came == CS_ERR_TRY_AGAIN) && !end.Passed()) {
      poll(nullptr, 0, 1);  // sleep: leaves the processor to others
      came = client.Dispatch(type);
    }
    if (came == CS_OK || came == CS_ERR_TRY_AGAIN) {
      context.Fail(
          "FD-02",
          Report(fmt::format("cpg_dispatch, type {}, again and again; the "
                             "service is dead and poll has shown it",
                             type),
                 "an error that says so", ErrorName(came)));
    }
  }
}

void DeathWakesPoll(CaseContext& context) {
  const auto client = Connect(context);
  JoinAndSettle(*client, UniqueGroup("death"));
  DispatchThroughBarrier(*client);
  auto sleeper = std::make_unique<PollSleeper>(*client);
  const CallState state = sleeper->call.Settle(kWaitDeadline);
  const std::string killed = context.service().Kill();
  if (!killed.empty() || state.kind != CallState::Kind::kAsleep) {
    sleeper.release()->call.Abandon();
    CaseContext::Untested("poll did not sleep until the service died; " +
                          killed);
  }
  if (!sleeper->call.WaitReturned(kWaitDeadline)) {
    sleeper.release()->call.Abandon();
    context.Fail(
        "FD-02",
        Report("poll of the descriptor of cpg_fd_get, then the service dies",
               "a return", harness::Describe(state)));
    return;
  }
  context.Note(fmt::format("poll after the death of the service: {:#x}",
                           sleeper->watched.revents));
  DispatchAnswersError(context, *client);
}

// Asked only when the service is dead already.
void DeathShowsInPoll(CaseContext& context, bool event_waits) {
  const auto client = Connect(context);
  JoinAndSettle(*client, UniqueGroup("death"));
  DispatchThroughBarrier(*client);
  if (event_waits) {
    NeedOk("cpg_mcast_joined", client->Multicast(harness::MakeMessage("m1")));
    if (!client->WaitReadable(kWaitDeadline)) {
      CaseContext::Untested("a message to itself did not come back");
    }
  }
  pollfd watched{Descriptor(*client), POLLIN, 0};
  Need(context.service().Kill());
  const int ready = harness::trace::Observe("polled", [&watched] {
    return poll(&watched, 1, static_cast<int>(kWaitDeadline.count()));
  });
  if (ready <= 0) {
    context.Fail("FD-02",
                 Report("poll of the descriptor of cpg_fd_get, the service is "
                        "dead",
                        "an event", "none before the deadline"));
    return;
  }
  DispatchAnswersError(context, *client);
}

void SameAtEachCall(CaseContext& context) {
  const auto client = Connect(context);
  const std::string group = UniqueGroup("same");
  const int first = Descriptor(*client);
  std::vector<std::pair<std::string, int>> later;
  const auto ask = [&](const char* when) {
    int descriptor = -1;
    const cs_error_t result =
        client->api().fd_get(client->handle(), &descriptor);
    later.emplace_back(fmt::format("{} ({})", when, ErrorName(result)),
                       descriptor);
  };
  ask("at once");
  JoinAndSettle(*client, group);
  ask("after a join");
  client->on_callback = [&](const CallbackRecord&) { ask("in a callback"); };
  DispatchThroughBarrier(*client);
  client->on_callback = nullptr;
  ask("after a message");
  NeedOk("cpg_leave", client->Leave(group));
  DispatchWaiting(*client);
  ask("after a leave");
  for (const auto& [when, descriptor] : later) {
    if (descriptor != first) {
      context.Fail("FD-03",
                   Report("cpg_fd_get again, " + when,
                          fmt::format("descriptor {}, as before", first),
                          fmt::format("descriptor {}", descriptor)));
    }
  }
}

void ClosedOnExec(CaseContext& context) {
  const auto client = Connect(context);
  const int descriptor = Descriptor(*client);
  const int flags = harness::trace::Observe(
      "descriptor_flags", [descriptor] { return fcntl(descriptor, F_GETFD); });
  if (flags < 0 || (flags & FD_CLOEXEC) == 0) {
    context.Fail("FD-03",
                 Report("fcntl(F_GETFD) of the descriptor of cpg_fd_get",
                        "FD_CLOEXEC", fmt::format("flags {}", flags)));
  }
}

void DiffersBetweenConnections(CaseContext& context) {
  std::vector<std::unique_ptr<Client>> clients;
  std::set<int> descriptors;
  for (int i = 0; i < Client::kClientsMax; ++i) {
    clients.push_back(Connect(context));
  }
  for (const auto& client : clients) {
    descriptors.insert(Descriptor(*client));
  }
  if (descriptors.size() != clients.size()) {
    context.Fail(
        "FD-03",
        Report(fmt::format("cpg_fd_get of {} connections", clients.size()),
               "as many descriptors",
               fmt::format("{} different ones", descriptors.size())));
  }
}

}  // namespace

void RegisterDescriptor() {
  for (const WaitingRow& row : kWaitings) {
    RegisterCase({.name = fmt::format("FD-01/PollThenOne/{}", row.name),
                  .requirements = {"FD-01"},
                  .profile = "api"},
                 [waiting = row.waiting](CaseContext& context) {
                   PollThenOne(context, waiting);
                 });
  }
  for (const bool joined : {true, false}) {
    RegisterCase(
        {.name = fmt::format("FD-01/ArrivalWakesPoll/{}",
                             joined ? "Message" : "OwnJoin"),
         .requirements = {"FD-01"},
         .profile = "api"},
        [joined](CaseContext& context) { ArrivalWakesPoll(context, joined); });
  }
  RegisterCase({.name = "FD-02/ServiceKilled/AsleepInPoll",
                .requirements = {"FD-02"},
                .profile = "faults"},
               DeathWakesPoll);
  for (const bool event_waits : {false, true}) {
    RegisterCase({.name = fmt::format("FD-02/ServiceKilled/{}",
                                      event_waits ? "EventWaiting" : "Idle"),
                  .requirements = {"FD-02"},
                  .profile = "faults"},
                 [event_waits](CaseContext& context) {
                   DeathShowsInPoll(context, event_waits);
                 });
  }
  RegisterCase({.name = "FD-03/SameAtEachCall",
                .requirements = {"FD-03"},
                .profile = "api"},
               SameAtEachCall);
  RegisterCase({.name = "FD-03/ClosedOnExec",
                .requirements = {"FD-03"},
                .profile = "api"},
               ClosedOnExec);
  RegisterCase({.name = "FD-03/DiffersBetweenConnections",
                .requirements = {"FD-03"},
                .profile = "api"},
               DiffersBetweenConnections);
}

}  // namespace cpgcert::conformance::connections
