#include "fuzz/events/findings/outcome.h"

#include <string>
#include <vector>

#include "fuzz/events/callback_trace.h"
#include "gtest/gtest.h"

namespace cpgcert::fuzz {
namespace {

std::string Message(const std::string& message, uint32_t node = 1,
                    const std::string& group = "g") {
  std::string trace;
  AppendMessage(group, node, 2, message, &trace);
  return trace;
}

std::string Change(const std::vector<cpg_address>& left,
                   const std::vector<cpg_address>& joined) {
  std::string trace;
  AppendChange({.group = "g", .members = {}, .left = left, .joined = joined},
               &trace);
  return trace;
}

std::string Totem(uint64_t sequence, const std::vector<uint32_t>& nodes) {
  std::string trace;
  AppendTotem({.nodeid = 1, .seq = sequence}, nodes, &trace);
  return trace;
}

TEST(OutcomeTest, TellsWhichPartIsDifferent) {
  EXPECT_EQ(DifferentPart(Message("a"), Message("a")), "");
  EXPECT_EQ(DifferentPart(Message("a"), Message("b")), "message");
  EXPECT_EQ(DifferentPart(Message("a"), Message("a", 3)), "sender");
  EXPECT_EQ(DifferentPart(Message("a"), Message("a", 1, "h")), "group");
  EXPECT_EQ(DifferentPart(Message("a"), Totem(1, {})), "callback");
  EXPECT_EQ(DifferentPart(Totem(1, {1}), Totem(2, {1})), "ring");
  EXPECT_EQ(DifferentPart(Totem(1, {1}), Totem(1, {1, 2})), "nodes");
  EXPECT_EQ(DifferentPart(Change({{1, 2, 3}}, {}), Change({{1, 2, 4}}, {})),
            "reasons");
  EXPECT_EQ(DifferentPart(Change({{1, 2, 3}}, {}), Change({}, {{1, 2, 3}})),
            "lists");
}

TEST(OutcomeTest, WhatIsOwedIsFine) {
  const std::vector<OwedEvent> owed = {{.callback = Message("a")},
                                       {.error_owed = true}};
  EXPECT_TRUE(JudgePlayed(owed, {.trace = Message("a"), .errors = 1}).ok());
}

TEST(OutcomeTest, EveryKindOfDamage) {
  const std::vector<OwedEvent> honest = {{.callback = Message("a")}};
  const std::vector<OwedEvent> malformed = {{.error_owed = true}};
  const auto damage = [](const std::vector<OwedEvent>& owed,
                         const Played& played) {
    return JudgePlayed(owed, played).damage;
  };
  EXPECT_EQ(damage(honest, {}), Damage::kMissingCallback);
  EXPECT_EQ(damage(honest, {.trace = Message("b")}), Damage::kWrongCallback);
  EXPECT_EQ(damage(honest, {.trace = Message("a") + Message("a")}),
            Damage::kUnowedCallback);
  EXPECT_EQ(damage(honest, {.trace = Message("a"), .errors = 1}),
            Damage::kUnowedError);
  EXPECT_EQ(damage(malformed, {}), Damage::kErrorMissing);
  EXPECT_EQ(damage(malformed, {.trace = Message("a"), .errors = 1}),
            Damage::kUnowedCallback);
  EXPECT_EQ(damage(honest, {.problem = "left open"}), Damage::kSession);
}

TEST(OutcomeTest, ACallbackForAMalformedEventBeforeAnHonestOne) {
  const std::vector<OwedEvent> owed = {{.error_owed = true},
                                       {.callback = Message("a")}};
  const Outcome outcome =
      JudgePlayed(owed, {.trace = Message("x") + Message("a")});
  EXPECT_EQ(outcome.damage, Damage::kUnowedCallback);
  EXPECT_EQ(outcome.came, DescribeTrace(Message("x")));
}

TEST(OutcomeTest, ACallbackThatIsLeftOutBeforeAnother) {
  const std::vector<OwedEvent> owed = {{.callback = Message("a")},
                                       {.callback = Totem(1, {})}};
  const Outcome outcome = JudgePlayed(owed, {.trace = Totem(1, {})});
  EXPECT_EQ(outcome.damage, Damage::kMissingCallback);
  EXPECT_EQ(outcome.event, 0);
}

TEST(OutcomeTest, WhatDependsOnOldMemory) {
  const std::vector<OwedEvent> owed = {{.callback = Message("a"),
                                        .callback_optional = true,
                                        .error_allowed = true}};
  const Played first{.trace = Message("a")};
  const Played second{.errors = 1};
  EXPECT_TRUE(JudgeTwice(owed, first, first).ok());
  EXPECT_EQ(JudgeTwice(owed, first, second).damage, Damage::kStaleMemory);
}

}  // namespace
}  // namespace cpgcert::fuzz
