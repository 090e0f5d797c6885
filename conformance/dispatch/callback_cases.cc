#include "conformance/dispatch/callback_cases.h"

#include <fmt/core.h>

#include <cstdint>
#include <cstring>
#include <memory>
#include <string>

#include "conformance/case.h"
#include "conformance/support/support.h"
#include "harness/client.h"
#include "harness/message.h"
#include "harness/peer.h"
#include "harness/thread_watch.h"

namespace cpgcert::conformance::dispatch {

namespace {

using harness::CallbackRecord;
using harness::Client;
using harness::ErrorName;
using harness::MakeMessage;
using harness::WatchedCall;

// The values of <corosync/corotypes.h>, written out: they are what is on trial.
constexpr int kOne = 1;
constexpr int kAll = 2;
constexpr int kBlocking = 3;
constexpr int kOneNonblocking = 4;

// When it returns both wait for the client.
void SendTwo(harness::Peer& peer, Client& client) {
  for (const char* name : {"first", "second"}) {
    Need(peer.Multicast(name, harness::kSmallMessageSize));
  }
  NeedOk("cpg_local_get", client.Settle());
}

// Dispatches and fails DISPATCH-01 unless that many callbacks ran.
void ExpectCallbacks(CaseContext& context, Client& client, int type,
                     const char* what, size_t owed) {
  const size_t before = client.RecordCount();
  const cs_error_t result = client.Dispatch(type);
  const size_t ran = client.RecordCount() - before;
  if (result != CS_OK || ran != owed) {
    context.Fail("DISPATCH-01",
                 Report(fmt::format("cpg_dispatch of type {} with two messages "
                                    "waiting, {}",
                                    type, what),
                        fmt::format("CS_OK and {} callbacks", owed),
                        fmt::format("{} and {}", ErrorName(result), ran)));
  }
}

void TypesHaveTheValuesOfTheHeader(CaseContext& context) {
  const auto peer = StartPeer(context);
  Client& client = *Connect(context).release();
  const std::string group = UniqueGroup("types");
  JoinAndSettle(client, group);
  Need(peer->Join(group));
  DispatchWaiting(client);
  SendTwo(*peer, client);
  ExpectCallbacks(context, client, kOneNonblocking, "ONE_NONBLOCKING", 1);
  DispatchWaiting(client);
  SendTwo(*peer, client);
  ExpectCallbacks(context, client, kAll, "ALL", 2);
  SendTwo(*peer, client);
  const size_t before = client.RecordCount();
  ExpectOk(context, "DISPATCH-01", "cpg_dispatch of type 1, ONE",
           client.Dispatch(kOne));
  if (client.RecordCount() == before) {
    context.Fail("DISPATCH-01", Report("cpg_dispatch of type 1, ONE",
                                       "at least one callback", "none"));
  }
  DispatchWaiting(client);
  auto* call = new WatchedCall([&client] { client.Dispatch(kBlocking); });
  const harness::CallState state = call->Settle(kWaitDeadline);
  if (state.kind != harness::CallState::Kind::kAsleep) {
    context.Fail("DISPATCH-01",
                 Report("cpg_dispatch of type 3, BLOCKING, nothing waiting",
                        "it sleeps", harness::Describe(state)));
  }
  if (call->returned()) {
    delete call;
  } else {
    call->Abandon();
  }
}

// Looks at a message where it stands, and writes every byte of it.
void UseMessage(CaseContext& context, const CallbackRecord& record) {
  constexpr uintptr_t kAlignment = 8;
  if (record.size == 0) {
    return;
  }
  if (reinterpret_cast<uintptr_t>(record.data) % kAlignment != 0) {
    context.Fail("DISPATCH-12",
                 Report(fmt::format("the deliver callback, with a message of "
                                    "{} bytes",
                                    record.size),
                        "a message at a multiple of 8",
                        fmt::format("{} bytes after one",
                                    reinterpret_cast<uintptr_t>(record.data) %
                                        kAlignment)));
  }
  context.Step(
      fmt::format("writes all over a message of {} bytes in its "
                  "callback",
                  record.size));
  std::memset(record.data, 0xa5, record.size);
}

void MessageIsTheCallbacksOwn(CaseContext& context) {
  const auto client = Connect(context);
  context.Api({"cpg_max_atomic_msgsize_get"});
  uint32_t whole = 0;
  NeedOk("cpg_max_atomic_msgsize_get",
         client->api().max_atomic_msgsize_get(client->handle(), &whole));
  int used = 0;
  client->on_callback = [&](const CallbackRecord& record) {
    if (record.kind == CallbackRecord::Kind::kDeliver) {
      UseMessage(context, record);
      ++used;
    }
  };
  JoinAndSettle(*client, UniqueGroup("own"));
  // Odd sizes between them, so that the next message would start askew.
  for (const size_t size :
       {size_t{17}, size_t{64}, size_t{101}, size_t{4096}, size_t{65537},
        size_t{whole}, size_t{whole} + 1, size_t{19}}) {
    const std::string name = fmt::format("bytes{}", size);
    const size_t seen = client->RecordCount();
    NeedOk("cpg_mcast_joined", client->Multicast(MakeMessage(name, size)));
    if (!DispatchUntil(*client, seen, [&name](const CallbackRecord& record) {
          return record.message == name;
        })) {
      context.Fail("DISPATCH-12",
                   Report(fmt::format("cpg_dispatch after a message of {} "
                                      "bytes to itself",
                                      size),
                          "the message, untouched by what was written over "
                          "those before",
                          Join(Texts(*client, seen))));
      return;
    }
  }
  if (used == 0) {
    CaseContext::Untested("no message was delivered");
  }
}

}  // namespace

void RegisterCallbackCases() {
  RegisterCase({.name = "DISPATCH-01/ValuesOfTheHeader",
                .requirements = {"DISPATCH-01"},
                .profile = "api"},
               TypesHaveTheValuesOfTheHeader);
  RegisterCase({.name = "DISPATCH-12/MessageIsTheCallbacksOwn",
                .requirements = {"DISPATCH-12"},
                .profile = "api"},
               MessageIsTheCallbacksOwn);
}

}  // namespace cpgcert::conformance::dispatch
