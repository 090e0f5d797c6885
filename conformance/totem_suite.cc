#include "conformance/totem_suite.h"

#include <fmt/format.h>
#include <unistd.h>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "conformance/case.h"
#include "harness/client.h"
#include "harness/peer.h"

namespace cpgcert::conformance {

namespace {

using harness::CallbackRecord;
using harness::Client;
using std::chrono::milliseconds;

constexpr milliseconds kArrivalDeadline{15000};

// "configuration totem": the kinds of the callbacks so far.
std::string Kinds(Client& client) {
  std::string kinds;
  for (const CallbackRecord& record : client.Records()) {
    kinds += kinds.empty() ? "" : ", ";
    switch (record.kind) {
      case CallbackRecord::Kind::kDeliver:
        kinds += "message";
        break;
      case CallbackRecord::Kind::kConfiguration:
        kinds += "configuration change";
        break;
      case CallbackRecord::Kind::kTotem:
        kinds += "totem change";
        break;
    }
  }
  return kinds.empty() ? "nothing" : kinds;
}

void DispatchAllThatWaits(Client& client) {
  while (client.WaitReadable(milliseconds(0)) &&
         client.Dispatch(CS_DISPATCH_ALL) == CS_OK) {
  }
}

// The flag promises the totem callback after the first configuration change.
// Another process joins another group first: that is nobody's change here.
void InitialTotemWaitsForFirstChange(CaseContext& context) {
  std::string error;
  const auto peer = harness::Peer::Start(context.library(), &error);
  const auto& api = context.Api({"cpg_model_initialize", "cpg_dispatch",
                                 "cpg_join", "cpg_fd_get", "cpg_local_get"});
  auto* client = new Client(api, {.deliver = true,
                                  .configuration = true,
                                  .totem = true,
                                  .initial_totem = true});
  if (client->Initialize() != CS_OK || client->RoundTrip() != CS_OK) {
    CaseContext::Untested("cpg_model_initialize did not answer CS_OK");
  }
  error =
      peer == nullptr ? error : peer->Join(fmt::format("other{}", getpid()));
  if (!error.empty()) {
    CaseContext::Untested(error);
  }
  client->RoundTrip();
  DispatchAllThatWaits(*client);
  if (client->RecordCount() != 0) {
    context.Fail("TOTEM-02",
                 fmt::format("call: cpg_dispatch on a connection that has not "
                             "joined, after another process joined another "
                             "group\nowed: no callback before the first "
                             "configuration change of its own\ncame: {}",
                             Kinds(*client)));
  }
  if (client->Join(fmt::format("own{}", getpid())) != CS_OK ||
      !client->WaitReadable(kArrivalDeadline)) {
    CaseContext::Untested("the own join brought no event");
  }
  client->RoundTrip();
  DispatchAllThatWaits(*client);
  if (Kinds(*client) != "configuration change, totem change") {
    context.Fail("TOTEM-02",
                 fmt::format("over the whole case the connection owed these "
                             "callbacks: configuration change, totem change\n"
                             "came: {}",
                             Kinds(*client)));
  }
}

}  // namespace

void RegisterTotemSuite() {
  RegisterCase({.name = "TOTEM-02/InitialTotemWaitsForFirstChange",
                .requirements = {"TOTEM-02"},
                .profile = "api"},
               InitialTotemWaitsForFirstChange);
}

}  // namespace cpgcert::conformance
