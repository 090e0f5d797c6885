#include "fuzz/requests/request_target.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "fuzz/requests/request_input.h"
#include "harness/wire/wire.h"

namespace cpgcert::fuzz {
namespace {

namespace wire = harness::wire;

std::string Input(const std::vector<wire::Request>& requests,
                  Filled filled = Filled::kNothing) {
  RequestRecords records;
  for (const wire::Request& request : requests) {
    records.push_back({.filled = filled, .bytes = wire::Build(request)});
  }
  return BuildRequestInput(records);
}

TEST(RequestTargetTest, ThereIsNoOtherService) {
  std::string error;
  EXPECT_EQ(MakeRequestTarget("other", 0, &error), nullptr);
  EXPECT_NE(error.find("not one of scripted, corosync"), std::string::npos);
}

TEST(RequestTargetTest, PlaysOnTheScriptedService) {
  std::string error;
  const auto target = MakeRequestTarget("scripted", 0, &error);
  ASSERT_NE(target, nullptr) << error;
  const PlayedInput played = target->Play(Input({wire::LocalGetRequest{}}));
  EXPECT_EQ(played.damage, RequestDamage{});
  EXPECT_FALSE(played.behaviours.empty());
}

// By turns on one of two, which are new ones after each death.
TEST(RequestTargetTest, PlaysOnCorosyncAndGoesOnWhenItHasDied) {
  std::string error;
  const auto target = MakeRequestTarget("corosync", 1, &error);
  ASSERT_NE(target, nullptr) << error;
  const std::string honest = Input(
      {wire::JoinRequest{.group = "group", .process = ProcessOf(0)},
       wire::MulticastRequest{.message = "text"}, wire::LocalGetRequest{}});
  // Corosync asserts that it can open the file.
  const std::string deadly =
      Input({wire::ZeroCopyAllocateRequest{.map_size = 4096}}, Filled::kSpent);
  for (int i = 0; i < 4; ++i) {
    const PlayedInput played = target->Play(honest);
    EXPECT_EQ(played.damage, RequestDamage{});
    EXPECT_FALSE(played.behaviours.empty());
    EXPECT_GT(played.look.descriptors, 0U);
    EXPECT_GT(played.look.resident_bytes, 0U);
    const RequestDamage damage = target->Play(deadly).damage;
    EXPECT_EQ(damage.damage, "the service dies");
    EXPECT_NE(damage.came.find("signal 6"), std::string::npos) << damage.came;
  }
}

}  // namespace
}  // namespace cpgcert::fuzz
