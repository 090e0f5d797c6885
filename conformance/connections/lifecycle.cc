#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "conformance/case.h"
#include "conformance/connections/topics.h"
#include "harness/client.h"

namespace cpgcert::conformance::connections {

namespace {

using harness::Client;
using harness::CpgApi;
using harness::ErrorName;

const std::vector<std::string_view> kSymbols = {
    "cpg_initialize", "cpg_finalize", "cpg_local_get"};

// Fails INIT-01 or FIN-01 unless `result` is CS_OK.
bool CheckOk(CaseContext& context, const char* requirement, const char* call,
             cs_error_t result) {
  if (result != CS_OK) {
    context.Fail(requirement, fmt::format("call: {}\nowed: CS_OK\ncame: {}",
                                          call, ErrorName(result)));
  }
  return result == CS_OK;
}

bool ConnectAndUse(CaseContext& context, Client& client) {
  return CheckOk(context, "INIT-01", "cpg_initialize", client.Initialize()) &&
         CheckOk(context, "INIT-01", "cpg_local_get", client.RoundTrip());
}

// One connection after the other. Also measures what a connection costs.
void ConnectAndCloseAgainAndAgain(CaseContext& context) {
  constexpr int kRounds = 100;
  const CpgApi& api = context.Api(kSymbols);
  std::vector<double> costs_us;
  for (int i = 0; i < kRounds; ++i) {
    Client client(api, {});
    const auto begin = std::chrono::steady_clock::now();
    if (!CheckOk(context, "INIT-01", "cpg_initialize", client.Initialize()) ||
        !CheckOk(context, "FIN-01", "cpg_finalize", client.Finalize())) {
      return;
    }
    const std::chrono::duration<double, std::micro> cost =
        std::chrono::steady_clock::now() - begin;
    costs_us.push_back(cost.count());
  }
  std::ranges::sort(costs_us);
  context.Measure("initialize_and_finalize_us", costs_us[costs_us.size() / 2]);
}

// Several connections at once, each with a handle of its own.
void ManyConnections(CaseContext& context) {
  const CpgApi& api = context.Api(kSymbols);
  std::vector<std::unique_ptr<Client>> clients;
  std::set<cpg_handle_t> handles;
  for (int i = 0; i < Client::kClientsMax; ++i) {
    clients.push_back(std::make_unique<Client>(api, harness::CallbackSet{}));
    if (!ConnectAndUse(context, *clients.back())) {
      return;
    }
    handles.insert(clients.back()->handle());
  }
  if (handles.size() != clients.size()) {
    context.Fail("INIT-01",
                 fmt::format("{} connections owed as many handles; there are "
                             "{}",
                             clients.size(), handles.size()));
  }
  for (const auto& client : clients) {
    CheckOk(context, "FIN-01", "cpg_finalize", client->Finalize());
  }
}

}  // namespace

void RegisterLifecycle() {
  RegisterCase({.name = "INIT-01/ConnectAndCloseAgainAndAgain",
                .requirements = {"INIT-01", "FIN-01"},
                .profile = "api"},
               ConnectAndCloseAgainAndAgain);
  RegisterCase({.name = "INIT-01/ManyConnections",
                .requirements = {"INIT-01", "FIN-01"},
                .profile = "api"},
               ManyConnections);
}

}  // namespace cpgcert::conformance::connections
