// The reference as a library among others: in the place of the system's, under
// programs that know nothing of it, and where it promises more than the pages.

#include <gmock/gmock.h>
#include <pthread.h>

#include <array>
#include <atomic>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "harness/client.h"
#include "harness/identity/library_identity.h"
#include "harness/inside_worker.h"
#include "harness/message.h"
#include "harness/peer.h"
#include "harness/thread_watch.h"

namespace cpgcert::harness {
namespace {

using testing::HasSubstr;

std::string Reference() {
  return std::filesystem::absolute("harness/reference/libcpg.so.4");
}

const CpgApi& Api() {
  static const CpgApi& api = []() -> const CpgApi& {
    std::string error;
    auto loaded = LoadCpgApi(Reference(), &error);
    EXPECT_EQ(error, "");
    return *loaded.release();
  }();
  return api;
}

// What a command prints, with the reference in the place of libcpg.so.4.
std::string OutputOf(const std::string& command) {
  const std::string directory =
      std::filesystem::path(Reference()).parent_path();
  FILE* pipe = popen(
      ("LD_LIBRARY_PATH='" + directory + "' " + command + " 2>&1").c_str(),
      "r");
  std::string output;
  std::array<char, 4096> buffer;
  while (const size_t size = fread(buffer.data(), 1, buffer.size(), pipe)) {
    output.append(buffer.data(), size);
  }
  return output + "exit status " + std::to_string(pclose(pipe));
}

TEST(ReferenceTest, HasTheSymbolsOfTheSystemsLibrary) {
  const FoundLibrary found = FindSystemLibrary();
  ASSERT_EQ(found.error, "");
  LibraryIdentity system;
  LibraryIdentity reference;
  ASSERT_EQ(Identify(found.path, &system), "");
  ASSERT_EQ(Identify(Reference(), &reference), "");
  EXPECT_THAT(reference.cpg_symbols, testing::IsSupersetOf(system.cpg_symbols));
}

TEST(ReferenceTest, CorosyncsOwnToolRunsOnIt) {
  EXPECT_THAT(OutputOf("ldd $(command -v corosync-cpgtool)"),
              HasSubstr(Reference()));
  InsideWithService([](Corosync*) {
    std::string error;
    const std::unique_ptr<Peer> peer = Peer::Start("libcpg.so.4", &error);
    ASSERT_EQ(error, "");
    ASSERT_EQ(peer->Join("alpha"), "");
    const std::string groups = OutputOf("corosync-cpgtool -e");
    EXPECT_THAT(groups, HasSubstr("alpha"));
    EXPECT_THAT(groups, HasSubstr(std::to_string(peer->process())));
    EXPECT_THAT(groups, HasSubstr("exit status 0"));
    const std::string node = OutputOf("corosync-cpgtool -n");
    EXPECT_THAT(node, HasSubstr("exit status 0"));
  });
}

std::vector<std::string> Described(Client& client) {
  std::vector<std::string> texts;
  for (const CallbackRecord& record : client.Records()) {
    texts.push_back(DescribeRecord(record));
  }
  return texts;
}

// One connection: eight callers, two of whom send in fragments, beside one
// dispatcher.
TEST(ReferenceTest, CallersOfOneHandleDoNotTakeEachOthersReplies) {
  constexpr int kCallers = 8;
  constexpr int kCalls = 200;
  InsideWithService([](Corosync*) {
    Client client(Api(), {});
    ASSERT_EQ(client.Initialize(), CS_OK);
    ASSERT_EQ(client.Join("group"), CS_OK);
    // A change of the group interrupts a message in fragments.
    ASSERT_EQ(client.Dispatch(CS_DISPATCH_ONE), CS_OK);
    unsigned int node = 0;
    ASSERT_EQ(Api().local_get(client.handle(), &node), CS_OK);
    std::atomic<int> wrong = 0;
    const auto call = [&](int caller) {
      for (int i = 0; i < kCalls; ++i) {
        unsigned int answer = 0;
        cpg_name name = MakeGroupName("group");
        std::array<cpg_address, 4> members{};
        int count = members.size();
        if (Api().local_get(client.handle(), &answer) != CS_OK ||
            answer != node ||
            Api().membership_get(client.handle(), &name, members.data(),
                                 &count) != CS_OK ||
            count > 1) {
          ++wrong;
        }
        const bool large = caller < 2 && i % 50 == 0;
        if (client.Multicast(MakeMessage(
                "m" + std::to_string(caller) + "-" + std::to_string(i),
                large ? 3'000'000 : 100)) != CS_OK) {
          ++wrong;
        }
      }
    };
    std::vector<std::thread> callers;
    for (int i = 0; i < kCallers; ++i) callers.emplace_back(call, i);
    const size_t all = 1 + kCallers * kCalls;
    while (client.RecordCount() < all) {
      ASSERT_EQ(client.Dispatch(CS_DISPATCH_ONE), CS_OK);
    }
    for (std::thread& caller : callers) caller.join();
    EXPECT_EQ(wrong, 0);
    const std::vector<std::string> texts = Described(client);
    EXPECT_EQ(texts.size(), all);
    EXPECT_EQ(std::set(texts.begin(), texts.end()).size(), all);
    EXPECT_EQ(client.Finalize(), CS_OK);
  });
}

TEST(ReferenceTest, FinalizeWakesADispatcherThatSleeps) {
  InsideWithService([](Corosync*) {
    for (const int type : {CS_DISPATCH_ONE, CS_DISPATCH_BLOCKING}) {
      Client client(Api(), {});
      ASSERT_EQ(client.Initialize(), CS_OK);
      cs_error_t answer = CS_OK;
      WatchedCall dispatch([&] { answer = client.Dispatch(type); });
      ASSERT_EQ(dispatch.Settle(kFarAway).kind, CallState::Kind::kAsleep);
      EXPECT_EQ(client.Finalize(), CS_OK);
      ASSERT_TRUE(dispatch.WaitReturned(kFarAway));
      EXPECT_EQ(answer, CS_ERR_BAD_HANDLE);
    }
  });
}

// Runs `body` on a stack of this size.
void OnStack(size_t size, const std::function<void()>& body) {
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  ASSERT_EQ(pthread_attr_setstacksize(&attributes, size), 0);
  pthread_t thread{};
  const auto run = [](void* argument) -> void* {
    (*static_cast<const std::function<void()>*>(argument))();
    return nullptr;
  };
  ASSERT_EQ(pthread_create(&thread, &attributes, run,
                           const_cast<std::function<void()>*>(&body)),
            0);
  pthread_join(thread, nullptr);
  pthread_attr_destroy(&attributes);
}

TEST(ReferenceTest, NeedsLittleStack) {
  constexpr size_t kStack = size_t{256} << 10;
  InsideWithService([](Corosync*) {
    OnStack(kStack, [] {
      Client client(Api(), {.totem = true, .initial_totem = true});
      ASSERT_EQ(client.Initialize(), CS_OK);
      ASSERT_EQ(client.Join("group"), CS_OK);
      while (client.RecordCount() < 2) {
        ASSERT_EQ(client.Dispatch(CS_DISPATCH_ONE), CS_OK);
      }
      ASSERT_EQ(client.Multicast(MakeMessage("small", 100)), CS_OK);
      ASSERT_EQ(client.Multicast(MakeMessage("large", 3'000'000)), CS_OK);
      cpg_name name = MakeGroupName("group");
      std::array<cpg_address, 4> members{};
      int count = members.size();
      EXPECT_EQ(
          Api().membership_get(client.handle(), &name, members.data(), &count),
          CS_OK);
      while (client.RecordCount() < 4) {
        ASSERT_EQ(client.Dispatch(CS_DISPATCH_ONE), CS_OK);
      }
      EXPECT_EQ(client.Leave("group"), CS_OK);
      EXPECT_EQ(client.Dispatch(CS_DISPATCH_ONE), CS_OK);
      EXPECT_EQ(client.Finalize(), CS_OK);
    });
  });
}

}  // namespace
}  // namespace cpgcert::harness
