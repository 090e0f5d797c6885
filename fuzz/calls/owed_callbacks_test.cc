#include "fuzz/calls/owed_callbacks.h"

#include <corosync/cpg.h>
#include <gtest/gtest.h>

#include "fuzz/calls/program.h"

namespace cpgcert::fuzz {
namespace {

namespace wire = harness::wire;
using Kind = Waiting::Kind;

constexpr uint8_t kEverything = kDeliver | kChange | kTotem;

Waiting Take(OwedCallbacks* owed, const wire::Event& event) {
  return owed->Take(wire::Build(event));
}

wire::Event Message(const std::string& text) {
  return wire::DeliverEvent{
      .group = "group", .node = 1, .process = 2, .message = text};
}

wire::Event Fragment(wire::PartialType type, uint32_t process,
                     const std::string& text) {
  return wire::PartialDeliverEvent{.group = "group",
                                   .message_size = 4,
                                   .node = 1,
                                   .process = process,
                                   .type = static_cast<uint32_t>(type),
                                   .fragment = text};
}

wire::Event Left(uint32_t process) {
  return wire::ConfigurationEvent{.group = "group",
                                  .left = {{1, process, CPG_REASON_PROCDOWN}}};
}

TEST(OwedCallbacksTest, AMessage) {
  OwedCallbacks owed(kEverything);
  const Waiting waiting = Take(&owed, Message("text"));
  EXPECT_EQ(waiting.kind, Kind::kCallback);
  EXPECT_EQ(waiting.callback, MessageCallback("group", 1, 2, "text"));
  EXPECT_EQ(waiting.number, 0U);
  EXPECT_EQ(Take(&owed, Message("")).number, 1U);
}

TEST(OwedCallbacksTest, WhatIsNotRegisteredRunsNothing) {
  OwedCallbacks owed(kChange);
  EXPECT_EQ(Take(&owed, Message("text")).kind, Kind::kUnregistered);
  EXPECT_EQ(Take(&owed, Left(3)).kind, Kind::kCallback);
  EXPECT_EQ(Take(&owed, wire::TotemEvent{}).kind, Kind::kUnregistered);
  OwedCallbacks nothing(kEverything | kNoTable);
  EXPECT_EQ(Take(&nothing, Left(3)).kind, Kind::kUnregistered);
}

TEST(OwedCallbacksTest, ListsHaveNoOrder) {
  const wire::Address one{1, 1, 0};
  const wire::Address two{1, 2, 0};
  EXPECT_EQ(ChangeCallback("g", {one, two}, {}, {}),
            ChangeCallback("g", {two, one}, {}, {}));
  EXPECT_NE(ChangeCallback("g", {one, two}, {}, {}),
            ChangeCallback("g", {one}, {}, {}));
}

TEST(OwedCallbacksTest, FragmentsOfTwoSenders) {
  using enum wire::PartialType;
  OwedCallbacks owed(kEverything);
  EXPECT_EQ(Take(&owed, Fragment(kFirst, 2, "ab")).kind, Kind::kFragment);
  EXPECT_EQ(Take(&owed, Fragment(kFirst, 3, "AB")).kind, Kind::kFragment);
  const Waiting whole = Take(&owed, Fragment(kLast, 2, "cd"));
  EXPECT_EQ(whole.callback, MessageCallback("group", 1, 2, "abcd"));
  EXPECT_TRUE(whole.in_fragments);
  EXPECT_EQ(Take(&owed, Fragment(kLast, 2, "cd")).kind, Kind::kFragment);
  EXPECT_EQ(Take(&owed, Fragment(kLast, 3, "CD")).callback.message, "ABCD");
}

TEST(OwedCallbacksTest, FragmentsOfOneThatLeft) {
  using enum wire::PartialType;
  OwedCallbacks owed(kEverything);
  Take(&owed, Fragment(kFirst, 2, "ab"));
  Take(&owed, Left(2));
  EXPECT_EQ(Take(&owed, Fragment(kLast, 2, "cd")).kind, Kind::kFragment);
}

TEST(OwedCallbacksTest, WhatDiffers) {
  const Callback owed = MessageCallback("group", 1, 2, "text");
  EXPECT_STREQ(WhatDiffers(owed, MessageCallback("group", 1, 3, "text")),
               "JOIN-09");
  EXPECT_STREQ(WhatDiffers(owed, MessageCallback("group", 1, 2, "tex")),
               "MCAST-01");
  EXPECT_STREQ(WhatDiffers(owed, TotemCallback(1, 2, {})), "ORD-03");
}

}  // namespace
}  // namespace cpgcert::fuzz
