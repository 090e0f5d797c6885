#include "fuzz/events/owed_events.h"

#include <corosync/cpg.h>

#include <string>
#include <vector>

#include "fuzz/events/callback_trace.h"
#include "gtest/gtest.h"
#include "harness/wire/wire.h"

namespace cpgcert::fuzz {
namespace {

namespace wire = harness::wire;
using enum wire::PartialType;

wire::PartialDeliverEvent Fragment(wire::PartialType type,
                                   const std::string& fragment,
                                   uint32_t size = 6, uint32_t process = 2) {
  return {.group = "g",
          .message_size = size,
          .node = 1,
          .process = process,
          .type = static_cast<uint32_t>(type),
          .fragment = fragment};
}

std::string Delivered(const std::string& message, uint32_t process = 2) {
  std::string trace;
  AppendMessage("g", 1, process, message, &trace);
  return trace;
}

class OwedEventsTest : public testing::Test {
 protected:
  OwedEvent Take(const wire::Event& event) {
    return state_.Take(wire::Build(event));
  }
  std::string CallbackOf(const wire::Event& event) {
    const OwedEvent owed = Take(event);
    EXPECT_EQ(owed.trust, Trust::kConformant);
    EXPECT_FALSE(owed.error_owed || owed.error_allowed);
    return owed.callback;
  }
  void ExpectUnfit(const wire::Event& event) {
    const OwedEvent owed = Take(event);
    EXPECT_EQ(owed.trust, Trust::kConsistent);
    EXPECT_EQ(owed.callback, "");
    EXPECT_TRUE(owed.error_allowed && !owed.error_owed);
  }

  OwedEvents state_;
};

TEST_F(OwedEventsTest, WellFormedEvents) {
  EXPECT_EQ(CallbackOf(wire::DeliverEvent{
                .group = "g", .node = 1, .process = 2, .message = "text"}),
            Delivered("text"));
  EXPECT_EQ(DescribeTrace(CallbackOf(wire::ConfigurationEvent{
                .group = "g", .members = {{1, 2, 0}}, .left = {{3, 4, 5}}})),
            "change of 'g': members 1:2:0, left 3:4:5, joined\n");
  EXPECT_EQ(DescribeTrace(CallbackOf(wire::TotemEvent{
                .ring_node = 1, .ring_sequence = 2, .nodes = {3, 4}})),
            "totem change: ring 1.2, nodes 3 4\n");
}

TEST_F(OwedEventsTest, OtherBytesOweAnError) {
  std::string bytes = wire::Build(wire::DeliverEvent{.message = "text"});
  bytes.pop_back();
  for (const std::string& hostile : {std::string(), bytes}) {
    const OwedEvent owed = state_.Take(hostile);
    EXPECT_EQ(owed.trust, Trust::kHostile);
    EXPECT_EQ(owed.callback, "");
    EXPECT_TRUE(owed.error_owed);
  }
}

TEST_F(OwedEventsTest, MoreMembersThanTheHeaderHasRoomFor) {
  const wire::ConfigurationEvent full{
      .members = std::vector<wire::Address>(CPG_MEMBERS_MAX)};
  EXPECT_NE(CallbackOf(full), "");
  const OwedEvent owed = Take(wire::ConfigurationEvent{
      .left = std::vector<wire::Address>(CPG_MEMBERS_MAX + 1)});
  EXPECT_EQ(owed.trust, Trust::kConsistent);
  EXPECT_TRUE(owed.callback_optional && owed.error_allowed);
}

TEST_F(OwedEventsTest, FragmentsMakeOneMessage) {
  EXPECT_EQ(CallbackOf(Fragment(kFirst, "on")), "");
  EXPECT_EQ(CallbackOf(Fragment(kFirst, "ON", 4, 3)), "");
  EXPECT_EQ(CallbackOf(Fragment(kContinued, "ce")), "");
  EXPECT_EQ(CallbackOf(Fragment(kLast, "CE", 4, 3)), Delivered("ONCE", 3));
  EXPECT_EQ(CallbackOf(Fragment(kLast, "up")), Delivered("onceup"));
  EXPECT_EQ(CallbackOf(Fragment(kLast, "up")), "") << "continues nothing";
}

TEST_F(OwedEventsTest, FragmentsThatAreDropped) {
  EXPECT_EQ(CallbackOf(Fragment(kFirst, "lost")), "");
  EXPECT_EQ(CallbackOf(Fragment(kFirst, "once")), "");
  EXPECT_EQ(CallbackOf(Fragment(kLast, "up")), Delivered("onceup"));
  EXPECT_EQ(CallbackOf(Fragment(kFirst, "lost")), "");
  CallbackOf(wire::ConfigurationEvent{.group = "g", .left = {{1, 2, 5}}});
  EXPECT_EQ(CallbackOf(Fragment(kLast, "up")), "");
}

TEST_F(OwedEventsTest, FragmentsThatDoNotFit) {
  CallbackOf(Fragment(kFirst, "once"));
  ExpectUnfit(Fragment(kContinued, "too long"));
  ExpectUnfit(Fragment(static_cast<wire::PartialType>(0), "up"));
  EXPECT_EQ(CallbackOf(Fragment(kContinued, "up")), "");
  ExpectUnfit(Fragment(kLast, "x"));
  EXPECT_EQ(CallbackOf(Fragment(kLast, "")), "");
  CallbackOf(Fragment(kFirst, "once"));
  ExpectUnfit(Fragment(kLast, "up", 7));
  ExpectUnfit(Fragment(kFirst, "large", 1U << 31));
}

TEST_F(OwedEventsTest, MessagesThatAreInterruptedMayBeDroppedOrNot) {
  const auto expect_either = [this] {
    const OwedEvent owed = Take(Fragment(kLast, "up"));
    EXPECT_EQ(owed.callback, Delivered("onceup"));
    EXPECT_TRUE(owed.callback_optional);
    EXPECT_EQ(Judge({owed}, Delivered("onceup"), 0, 0), "");
    EXPECT_EQ(Judge({owed}, "", 0, 0), "");
    EXPECT_NE(Judge({owed}, "", 1, 0), "");
    EXPECT_NE(Judge({owed}, Delivered("once"), 0, 0), "");
  };
  CallbackOf(Fragment(kFirst, "once"));
  ExpectUnfit(Fragment(kFirst, "larger than its message"));
  expect_either();
  CallbackOf(Fragment(kFirst, "once"));
  ExpectUnfit(Fragment(static_cast<wire::PartialType>(4), "up"));
  expect_either();
  std::string bytes = wire::Build(wire::Event(Fragment(kContinued, "u")));
  bytes.pop_back();
  CallbackOf(Fragment(kFirst, "once"));
  EXPECT_TRUE(state_.Take(bytes).error_owed);
  expect_either();
}

TEST_F(OwedEventsTest, AMessageOfAnotherSenderIsNotInterrupted) {
  CallbackOf(Fragment(kFirst, "once"));
  ExpectUnfit(Fragment(kContinued, "larger than its message", 6, 3));
  EXPECT_EQ(CallbackOf(Fragment(kLast, "up")), Delivered("onceup"));
  CallbackOf(Fragment(kFirst, "once"));
  ExpectUnfit(Fragment(kFirst, "larger than its message"));
  CallbackOf(Fragment(kFirst, "once"));
  EXPECT_EQ(CallbackOf(Fragment(kLast, "up")), Delivered("onceup"))
      << "begun anew";
}

TEST_F(OwedEventsTest, JudgeWantsAllCallbacksInTheirOrder) {
  const std::vector<OwedEvent> owed = {
      {.callback = Delivered("one")}, {}, {.callback = Delivered("two")}};
  EXPECT_EQ(Judge(owed, Delivered("one") + Delivered("two"), 0, 0), "");
  EXPECT_EQ(Judge(owed, Delivered("one"), 0, 0),
            "call: cpg_dispatch, event 2\n"
            "owed: message of 3 bytes 'two' from 1:2 in 'g'\n"
            "came: no callback\n");
  EXPECT_NE(Judge(owed, Delivered("two") + Delivered("one"), 0, 0), "");
  EXPECT_NE(
      Judge(owed, Delivered("one") + Delivered("two") + Delivered("two"), 0, 0),
      "");
  EXPECT_NE(Judge(owed, Delivered("one") + Delivered("two"), 1, 0), "");
  EXPECT_EQ(Judge(owed, Delivered("one") + Delivered("two"), 1, 1), "");
}

TEST_F(OwedEventsTest, JudgeWantsErrorsWhereTheyAreOwed) {
  const std::vector<OwedEvent> owed = {{.error_owed = true},
                                       {.error_allowed = true}};
  EXPECT_EQ(Judge(owed, "", 0, 0),
            "call: cpg_dispatch, all events\n"
            "owed: from 1 to 2 dispatches that fail\n"
            "came: 0\n");
  EXPECT_EQ(Judge(owed, "", 1, 0), "");
  EXPECT_EQ(Judge(owed, "", 2, 0), "");
  EXPECT_NE(Judge(owed, "", 3, 0), "");
  EXPECT_NE(Judge(owed, Delivered("one"), 1, 0), "");
}

TEST_F(OwedEventsTest, JudgeAllowsWhatIsOptional) {
  const std::vector<OwedEvent> owed = {{.callback = Delivered("one"),
                                        .callback_optional = true,
                                        .error_allowed = true}};
  EXPECT_EQ(Judge(owed, Delivered("one"), 0, 0), "");
  EXPECT_EQ(Judge(owed, "", 1, 0), "");
  EXPECT_EQ(Judge(owed, Delivered("two"), 0, 0),
            "call: cpg_dispatch, all events\n"
            "owed: no callback but those before\n"
            "or, for event 0: message of 3 bytes 'one' from 1:2 in 'g'\n"
            "came: message of 3 bytes 'two' from 1:2 in 'g'\n");
}

}  // namespace
}  // namespace cpgcert::fuzz
