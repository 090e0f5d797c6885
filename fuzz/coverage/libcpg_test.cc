// A libcpg at work with breakpoints: the system's, and the reference.

#include <dlfcn.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <string>
#include <vector>

#include "fuzz/coverage/coverage.h"
#include "gtest/gtest.h"
#include "harness/client.h"
#include "harness/corosync.h"
#include "harness/cpg_api.h"
#include "harness/identity/library_identity.h"
#include "harness/message.h"
#include "harness/namespaces.h"

namespace cpgcert::fuzz::coverage {
namespace {

using harness::CallbackRecord;
using harness::Client;
using std::chrono::steady_clock;

constexpr std::chrono::milliseconds kFarAway{60'000};

std::string ReferencePath() {
  const char* root = std::getenv("TEST_SRCDIR");
  return std::string(root == nullptr ? "" : root) +
         "/cpgcert/harness/reference/libcpg.so.4";
}

std::string SystemPath() { return harness::FindSystemLibrary().path; }

// One member's life: everything that was answered and called back.
std::vector<std::string> Live(const harness::CpgApi& api,
                              const std::string& group) {
  std::vector<std::string> log;
  const auto note = [&](const char* what, cs_error_t result) {
    log.push_back(std::string(what) + " " + std::to_string(result));
  };
  Client client(api, {});
  note("initialize", client.Initialize());
  note("join", client.Join(group));
  for (const size_t size : {10U, 1000U, 100'000U, 3'000'000U}) {
    note("multicast",
         client.Multicast(harness::MakeMessage(group + "m", size)));
  }
  // The change of the group, and four messages.
  while (client.RecordCount() < 5) {
    if (client.Dispatch(CS_DISPATCH_ONE) != CS_OK) {
      log.emplace_back("dispatch failed");
      break;
    }
  }
  note("leave", client.Leave(group));
  while (client.RecordCount() < 6) {
    if (client.Dispatch(CS_DISPATCH_ONE) != CS_OK) {
      log.emplace_back("dispatch failed");
      break;
    }
  }
  note("nonblocking", client.Dispatch(CS_DISPATCH_ONE_NONBLOCKING));
  for (const CallbackRecord& record : client.Records()) {
    log.push_back(record.message.empty()
                      ? std::to_string(record.members.size()) + " members, " +
                            std::to_string(record.joined.size()) + " joined, " +
                            std::to_string(record.left.size()) + " left"
                      : record.message);
  }
  cpg_name name = harness::MakeGroupName(group);
  std::vector<cpg_address> members(16);
  int count = static_cast<int>(members.size());
  note("membership",
       api.membership_get(client.handle(), &name, members.data(), &count));
  cpg_iteration_handle_t iteration = 0;
  note("iteration", api.iteration_initialize(client.handle(), CPG_ITERATION_ALL,
                                             nullptr, &iteration));
  cpg_iteration_description_t description{};
  note("next", api.iteration_next(iteration, &description));
  note("end", api.iteration_finalize(iteration));
  uint32_t size = 0;
  note("size", api.max_atomic_msgsize_get(client.handle(), &size));
  log.push_back(std::to_string(size));
  note("finalize", client.Finalize());
  note("after", api.finalize(client.handle()));
  note("bad handle", api.dispatch(0xdeadbeef, CS_DISPATCH_ALL));
  return log;
}

void LiveWithBreakpoints(const std::string& path) {
  std::string error;
  const auto api = harness::LoadCpgApi(path, &error);
  ASSERT_EQ(error, "");
  const std::vector<std::string> owed = Live(*api, "plain");
  ASSERT_EQ(Start(path), "");
  std::vector<std::string> armed = Live(*api, "plain");
  EXPECT_EQ(armed, owed);
  const Summary first = Describe();
  EXPECT_GT(first.blocks, 200U);
  EXPECT_GT(first.seen, first.blocks / 5);
  ArmBeforeEachInput();
  for (int i = 0; i < 3; ++i) {
    RunAgain();
    EXPECT_EQ(Live(*api, "plain"), owed);
  }
  std::printf("%s\n", Describe().text.c_str());
}

class Libcpg : public testing::TestWithParam<std::string (*)()> {};

TEST_P(Libcpg, AnswersTheSameWithBreakpoints) {
  const std::string path = GetParam()();
  harness::StartWorkerResult started = harness::StartWorker([&](int) {
    harness::Corosync service;
    const std::string error = service.Restart(steady_clock::now() + kFarAway);
    EXPECT_EQ(error, "");
    if (error.empty()) {
      LiveWithBreakpoints(path);
    }
    std::fflush(stdout);
    return testing::Test::HasFailure() ? 1 : 0;
  });
  ASSERT_EQ(started.error, "");
  EXPECT_EQ(started.worker.Wait(steady_clock::now() + kFarAway), 0);
}

INSTANTIATE_TEST_SUITE_P(Library, Libcpg,
                         testing::Values(SystemPath, ReferencePath),
                         [](const auto& info) {
                           return std::string(info.index == 0 ? "System"
                                                              : "Reference");
                         });

}  // namespace
}  // namespace cpgcert::fuzz::coverage
