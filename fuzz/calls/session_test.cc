// What a library does right is no problem, and each thing that it does wrong is
// one: a function of the reference is replaced by one that breaks a promise.
//
// usage: session_test REFERENCE

#include "fuzz/calls/session.h"

#include <fcntl.h>
#include <gtest/gtest.h>

#include <memory>

#include "fuzz/calls/call_mutator.h"
#include "fuzz/calls/call_seeds.h"
#include "harness/cpg_api.h"

namespace cpgcert::fuzz {
namespace {

std::unique_ptr<harness::CpgApi> reference;

constexpr uint8_t kEverything = kDeliver | kChange | kTotem;
constexpr Operation kConnect{Action::kModelInitialize, 0, kEverything};
constexpr Operation kJoin{Action::kJoin};
constexpr Operation kDispatchAll{Action::kDispatch, 0, 1};
constexpr Operation kSend{Action::kMulticast, 0, 2};

// "" or the key and the damage.
std::string Played(const harness::CpgApi& api, const Program& program) {
  const CallProblem problem = PlayCallsThoroughly(api, program).problem;
  return problem.ok() ? "" : problem.Key() + ", " + problem.damage;
}

std::string Played(const Program& program) {
  return Played(*reference, program);
}

TEST(SessionTest, SeedsAreClean) {
  for (const auto& [name, input] : CallSeeds()) {
    EXPECT_EQ(Played(ParseProgram(input)), "") << name;
  }
}

TEST(SessionTest, RandomProgramsAreClean) {
  for (uint64_t seed = 0; seed < 300; ++seed) {
    const Program program = RandomProgram(seed);
    ASSERT_EQ(Played(program), "") << Describe(program);
  }
}

TEST(SessionTest, CountsWhatIsDone) {
  const PlayedCalls played =
      PlayCalls(*reference, {kConnect, kJoin, kSend, kSend, kDispatchAll});
  EXPECT_EQ(played.calls, 6U);  // with the finalize at the end
  EXPECT_EQ(played.callbacks, 3U);
}

TEST(SessionTest, WhatIsKnownIsLeftOut) {
  harness::CpgApi api = *reference;
  api.local_get = [](cpg_handle_t, unsigned int*) { return CS_ERR_SECURITY; };
  const Program program = {kConnect, {Action::kLocalGet}};
  const CallProblem problem = PlayCalls(api, program).problem;
  EXPECT_EQ(problem.Key(), "cpg_local_get: LOCAL-01");
  for (const char* const text :
       {"cpg_local_get: LOCAL-01", "cpg_local_get, as it should be"}) {
    const std::set<std::string> known = {text};
    EXPECT_TRUE(PlayCalls(api, program, {.known = &known}).problem.ok())
        << text;
  }
}

TEST(SessionTest, ACallThatDoesNothing) {
  harness::CpgApi api = *reference;
  api.join = [](cpg_handle_t, const cpg_name*) { return CS_OK; };
  EXPECT_EQ(Played(api, {kConnect, kJoin}),
            "cpg_join: JOIN-01, unowed success");
}

TEST(SessionTest, AnErrorThatIsForEver) {
  harness::CpgApi api = *reference;
  api.join = [](cpg_handle_t, const cpg_name*) { return CS_ERR_TRY_AGAIN; };
  EXPECT_EQ(Played(api, {kConnect, kJoin}), "cpg_join: ERR-04, unowed error");
}

TEST(SessionTest, AnErrorWithAnEffect) {
  harness::CpgApi api = *reference;
  api.mcast_joined = [](cpg_handle_t handle, cpg_guarantee_t guarantee,
                        const iovec* pieces, unsigned int count) {
    reference->mcast_joined(handle, guarantee, pieces, count);
    return CS_ERR_TRY_AGAIN;
  };
  EXPECT_EQ(Played(api, {kConnect, kJoin, kSend}),
            "cpg_mcast_joined: MCAST-07, wrong effect");
}

TEST(SessionTest, ABadHandleThatWorks) {
  harness::CpgApi api = *reference;
  api.finalize = [](cpg_handle_t handle) {
    reference->finalize(handle);
    return CS_OK;
  };
  EXPECT_EQ(Played(api, {kConnect, {Action::kFinalize}, {Action::kFinalize}}),
            "cpg_finalize: FIN-01, unowed success");
}

TEST(SessionTest, ACallbackThatIsLost) {
  harness::CpgApi api = *reference;
  api.dispatch = [](cpg_handle_t, cs_dispatch_flags_t) { return CS_OK; };
  EXPECT_EQ(Played(api, {kConnect, kJoin, kDispatchAll}),
            "cpg_dispatch: DISPATCH-03, wrong answer");
}

TEST(SessionTest, AFinalizeInACallbackThatChangesNothing) {
  harness::CpgApi api = *reference;
  api.finalize = [](cpg_handle_t) { return CS_OK; };
  const std::string played = Played(api, {kConnect,
                                          kJoin,
                                          kSend,
                                          {Action::kInCallback},
                                          {Action::kFinalize},
                                          kDispatchAll});
  EXPECT_EQ(played, "cpg_dispatch: FIN-06, unowed callback");
}

TEST(SessionTest, ADescriptorThatIsLeft) {
  harness::CpgApi api = *reference;
  static int left = -1;
  api.finalize = [](cpg_handle_t handle) {
    left = open("/dev/null", O_RDONLY | O_CLOEXEC);
    return reference->finalize(handle);
  };
  EXPECT_EQ(Played(api, {kConnect}), "the end: LEAK-01, leak");
  close(left);
}

TEST(SessionTest, MemoryThatIsLeft) {
  harness::CpgApi api = *reference;
  static std::vector<std::unique_ptr<std::string>> left;
  api.dispatch = [](cpg_handle_t handle, cs_dispatch_flags_t type) {
    left.push_back(std::make_unique<std::string>(1000, 'x'));
    return reference->dispatch(handle, type);
  };
  EXPECT_EQ(Played(api, {kConnect, kDispatchAll}), "the end: memory, leak");
  left.clear();
  // A little for each connection may be kept.
  api = *reference;
  api.finalize = [](cpg_handle_t handle) {
    left.push_back(std::make_unique<std::string>(100, 'x'));
    return reference->finalize(handle);
  };
  EXPECT_EQ(Played(api, {kConnect}), "");
  left.clear();
}

TEST(SessionTest, AListThatIsTooLong) {
  harness::CpgApi api = *reference;
  api.membership_get = [](cpg_handle_t handle, cpg_name* name,
                          cpg_address* list, int* count) {
    *count = 4;
    return reference->membership_get(handle, name, list, count);
  };
  EXPECT_EQ(Played(api, {kConnect, kJoin, {Action::kMembership, 0, 0, 0}}),
            "cpg_membership_get, more members than the array has room for: "
            "MEMB-02, written beyond");
}

}  // namespace
}  // namespace cpgcert::fuzz

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  std::string error;
  cpgcert::fuzz::reference =
      cpgcert::harness::LoadCpgApi(argc > 1 ? argv[1] : "", &error);
  if (cpgcert::fuzz::reference == nullptr) {
    std::fprintf(stderr, "usage: session_test REFERENCE: %s\n", error.c_str());
    return 2;
  }
  cpgcert::fuzz::PrepareToPlayCalls();
  return RUN_ALL_TESTS();
}
