// Every kind of outcome is seen of libraries that are wrong in known ways: the
// system's, with one call replaced.

#include "fuzz/events/findings/runner.h"

#include <poll.h>
#include <unistd.h>

#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "harness/wire/wire.h"

namespace cpgcert::fuzz {
namespace {

namespace wire = harness::wire;
using harness::CpgApi;

const CpgApi& SystemLibrary() {
  static std::string error;
  static const std::unique_ptr<CpgApi> api =
      harness::LoadCpgApi("libcpg.so.4", &error);
  return *api;
}

CpgApi WithDispatch(decltype(CpgApi::dispatch) dispatch) {
  CpgApi api = SystemLibrary();
  api.dispatch = dispatch;
  return api;
}

Sequence Message(const std::string& text) {
  return {{.delivery = Delivery::kAll,
           .bytes = wire::Build(wire::Event(wire::DeliverEvent{
               .group = "g", .node = 1, .process = 2, .message = text}))}};
}

Damage DamageBy(decltype(CpgApi::dispatch) dispatch) {
  const CpgApi api = WithDispatch(dispatch);
  return Runner(api).Run(Message("text")).damage;
}

cs_error_t Keep(cpg_handle_t handle, cs_dispatch_flags_t type) {
  void* const kept = std::malloc(10);
  asm volatile("" : : "r"(kept) : "memory");
  return SystemLibrary().dispatch(handle, type);
}

// What is kept once, for later, is no leak.
cs_error_t KeepOnce(cpg_handle_t handle, cs_dispatch_flags_t type) {
  static void* const kept = std::malloc(10);
  asm volatile("" : : "r"(kept) : "memory");
  return SystemLibrary().dispatch(handle, type);
}

cs_error_t Crash(cpg_handle_t /*handle*/, cs_dispatch_flags_t /*type*/) {
  std::abort();
}

cs_error_t Exit(cpg_handle_t /*handle*/, cs_dispatch_flags_t /*type*/) {
  _exit(0);
}

cs_error_t Sleep(cpg_handle_t /*handle*/, cs_dispatch_flags_t /*type*/) {
  while (true) poll(nullptr, 0, -1);
}

cs_error_t Spin(cpg_handle_t /*handle*/, cs_dispatch_flags_t /*type*/) {
  volatile int spins = 0;
  while (true) spins = spins + 1;
}

cs_error_t Fail(cpg_handle_t handle, cs_dispatch_flags_t type) {
  SystemLibrary().dispatch(handle, type);
  return CS_ERR_LIBRARY;
}

TEST(RunnerTest, EveryKindOfDamage) {
  EXPECT_EQ(DamageBy(SystemLibrary().dispatch), Damage::kNone);
  EXPECT_EQ(DamageBy(Keep), Damage::kLeak);
  EXPECT_EQ(DamageBy(KeepOnce), Damage::kNone);
  EXPECT_EQ(DamageBy(Crash), Damage::kCrash);
  EXPECT_EQ(DamageBy(Exit), Damage::kCrash);
  EXPECT_EQ(DamageBy(Sleep), Damage::kHang);
  EXPECT_EQ(DamageBy(Spin), Damage::kHang);
  EXPECT_EQ(DamageBy(Fail), Damage::kUnowedError);
}

TEST(RunnerTest, ALeakIsLookedForIfThatIsWanted) {
  const CpgApi api = WithDispatch(Keep);
  Runner runner(api);
  EXPECT_TRUE(runner.Run(Message("text"), false).ok());
  const std::vector<Sequence> messages(3, Message("text"));
  const std::vector<BatchInput> batch = {
      {&messages[0], true}, {&messages[1], true}, {&messages[2], false}};
  const Runner::BatchEnd end =
      runner.RunBatch(batch, [](size_t, const Outcome&) { return false; });
  EXPECT_EQ(end.right, 2U);
  EXPECT_EQ(end.wrong.damage, Damage::kLeak);
}

TEST(RunnerTest, ABatchEndsWithWhatIsNotExplained) {
  const CpgApi api = WithDispatch(Fail);
  const std::vector<Sequence> messages(3, Message("text"));
  const std::vector<BatchInput> batch = {
      {&messages[0]}, {&messages[1]}, {&messages[2]}};
  const Runner::BatchEnd end =
      Runner(api).RunBatch(batch, [](size_t input, const Outcome& outcome) {
        return input == 0 && outcome.damage == Damage::kUnowedError;
      });
  EXPECT_EQ(end.right, 1U);
  EXPECT_EQ(end.wrong.damage, Damage::kUnowedError);
}

}  // namespace
}  // namespace cpgcert::fuzz
