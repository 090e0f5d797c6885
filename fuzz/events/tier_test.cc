#include "fuzz/events/tier.h"

#include <corosync/cpg.h>

#include <cstring>
#include <string>
#include <vector>

#include "gtest/gtest.h"

namespace cpgcert::fuzz {
namespace {

namespace wire = harness::wire;
using enum wire::PartialType;

wire::ConfigurationEvent Join() {
  return {.group = "g",
          .members = {{1, 1, CPG_REASON_UNDEFINED}, {2, 2, 0}},
          .joined = {{2, 2, CPG_REASON_JOIN}}};
}

wire::ConfigurationEvent Leave(uint32_t process = 2) {
  return {.group = "g",
          .members = {{1, 1, CPG_REASON_UNDEFINED}},
          .left = {{2, process, CPG_REASON_LEAVE}}};
}

wire::PartialDeliverEvent Fragment(wire::PartialType type,
                                   const std::string& fragment,
                                   uint32_t size = 6, uint32_t process = 2) {
  return {.group = "g",
          .message_size = size,
          .node = 2,
          .process = process,
          .type = static_cast<uint32_t>(type),
          .fragment = fragment};
}

// Why the last of these events is not conformant.
std::string Why(const std::vector<wire::Event>& events) {
  InputTier input;
  EventTier last;
  for (const wire::Event& event : events) {
    last = input.Take(wire::Build(event));
    EXPECT_EQ(last.tier,
              last.why.empty() ? Tier::kConformant : Tier::kConsistent);
  }
  return std::string(last.why);
}

TEST(TierTest, WhatACorrectServiceSends) {
  EXPECT_EQ(Why({Join()}), "");
  EXPECT_EQ(Why({Leave()}), "");
  EXPECT_EQ(Why({wire::DeliverEvent{.group = "g", .message = "text"}}), "");
  EXPECT_EQ(Why({wire::DeliverEvent{.group = std::string(128, 'g')}}), "");
  EXPECT_EQ(Why({wire::TotemEvent{.nodes = {1}}}), "");
}

TEST(TierTest, BytesThatAreNoEvent) {
  const std::string whole = wire::Build(wire::Event(Join()));
  EXPECT_EQ(TierOf(""), Tier::kHostile);
  EXPECT_EQ(TierOf(whole.substr(0, whole.size() - 1)), Tier::kHostile);
  EXPECT_EQ(TierOf(whole + "x"), Tier::kHostile);
  EXPECT_EQ(TierOf(whole), Tier::kConformant);
}

TEST(TierTest, ErrorsAreOfChangesOnly) {
  const auto tier = [](const wire::Event& event) {
    std::string bytes = wire::Build(event);
    wire::SetField(wire::Kind::kEvent, &bytes, "error", 9);
    return TierOf(bytes);
  };
  EXPECT_EQ(tier(Join()), Tier::kConsistent);
  EXPECT_EQ(tier(wire::TotemEvent{.nodes = {1}}), Tier::kConsistent);
  EXPECT_EQ(tier(wire::DeliverEvent{.group = "g"}), Tier::kConformant);
  EXPECT_EQ(tier(Fragment(kFirst, "a")), Tier::kConformant);
}

TEST(TierTest, GroupsHaveNames) {
  const std::string why = "a group without a name";
  EXPECT_EQ(Why({wire::DeliverEvent{}}), why);
  wire::ConfigurationEvent change = Join();
  change.group = "";
  EXPECT_EQ(Why({change}), why);
}

TEST(TierTest, EventsAreNoLargerThanTheirBuffer) {
  wire::DeliverEvent event{.group = "g"};
  event.message.resize(wire::kBufferSize -
                       wire::Build(wire::Event(event)).size());
  EXPECT_EQ(Why({event}), "");
  event.message += "x";
  EXPECT_EQ(Why({event}), "larger than 1 MiB");
}

TEST(TierTest, ListsAreNoLongerThanTheHeaderAllows) {
  wire::ConfigurationEvent event = Leave();
  event.members.clear();
  for (uint32_t process = 1; event.members.size() < CPG_MEMBERS_MAX;
       ++process) {
    event.members.push_back({1, process, 0});
  }
  EXPECT_EQ(Why({event}), "");
  event.members.push_back({3, 3, 0});
  EXPECT_EQ(Why({event}), "more than 128 entries in a list");
  wire::TotemEvent totem;
  EXPECT_EQ(Why({totem}), "no node, or more than 128");
  for (uint32_t node = 1; node <= CPG_MEMBERS_MAX + 1; ++node) {
    totem.nodes.push_back(node);
  }
  EXPECT_EQ(Why({totem}), "no node, or more than 128");
  totem.nodes.pop_back();
  EXPECT_EQ(Why({totem}), "");
  EXPECT_EQ(Why({wire::TotemEvent{.nodes = {1, 2, 1}}}),
            "a node is there twice");
}

TEST(TierTest, EntriesOfAChange) {
  wire::ConfigurationEvent event = Join();
  event.joined.clear();
  EXPECT_EQ(Why({event}), "nobody left or joined");
  const std::string reason = "a reason that its list does not have";
  event = Join();
  event.members[0].reason = CPG_REASON_JOIN;
  EXPECT_EQ(Why({event}), reason);
  event = Join();
  event.joined[0].reason = CPG_REASON_LEAVE;
  EXPECT_EQ(Why({event}), reason);
  event = Leave();
  event.left[0].reason = CPG_REASON_NODEUP;
  EXPECT_EQ(Why({event}), reason);
  event = Join();
  event.joined.push_back(event.joined[0]);
  EXPECT_EQ(Why({event}), "somebody is twice in a list");
  event = Join();
  event.joined[0].process = 3;
  EXPECT_EQ(Why({event}), "somebody joined and is no member");
  event = Leave();
  event.members.push_back({2, 2, 0});
  EXPECT_EQ(Why({event}), "somebody left and is a member");
}

TEST(TierTest, FragmentsThemselves) {
  EXPECT_EQ(Why({Fragment(static_cast<wire::PartialType>(0), "")}),
            "a fragment of no type");
  EXPECT_EQ(Why({Fragment(static_cast<wire::PartialType>(4), "")}),
            "a fragment of no type");
  EXPECT_EQ(Why({Fragment(kFirst, "too large")}),
            "a fragment larger than its message");
  EXPECT_EQ(Why({Fragment(kFirst, "", 64U << 20)}), "");
  EXPECT_EQ(Why({Fragment(kFirst, "", (64U << 20) + 1)}),
            "a message of more than 64 MiB");
}

TEST(TierTest, FragmentsInTheirPlace) {
  const wire::Event first = Fragment(kFirst, "abc");
  EXPECT_EQ(Why({first, Fragment(kContinued, "d"), Fragment(kLast, "ef")}), "");
  EXPECT_EQ(Why({first, first, Fragment(kLast, "def")}), "");
  EXPECT_EQ(Why({first, Fragment(kFirst, "A", 2, 3), Fragment(kLast, "def"),
                 Fragment(kLast, "B", 2, 3)}),
            "");
  EXPECT_EQ(Why({first, Fragment(kLast, "de")}),
            "fragments smaller than their message");
  EXPECT_EQ(Why({first, Fragment(kContinued, "defg")}),
            "fragments larger than their message");
  EXPECT_EQ(Why({first, Fragment(kContinued, "d", 7)}),
            "a fragment of another message");
  wire::PartialDeliverEvent elsewhere = Fragment(kLast, "def");
  elsewhere.group = "h";
  EXPECT_EQ(Why({first, elsewhere}), "a fragment of another message");
}

TEST(TierTest, FragmentsThatContinueNothing) {
  const std::string why = "a fragment that continues nothing";
  const wire::Event first = Fragment(kFirst, "abc");
  const wire::Event last = Fragment(kLast, "def");
  EXPECT_EQ(Why({first, last, last}), why);
  EXPECT_EQ(Why({first, Leave(), last}), why);
  EXPECT_EQ(Why({first, Leave(3), last}), "");
  // Of a message that began before the input did.
  EXPECT_EQ(Why({Fragment(kContinued, "c"), last}), "");
  EXPECT_EQ(Why({Fragment(kContinued, "c"), last, last}), why);
}

TEST(TierTest, AnInputIsAsBadAsItsWorstEvent) {
  const std::string good = wire::Build(wire::Event(Join()));
  const std::string fair = wire::Build(wire::DeliverEvent{});
  EXPECT_EQ(TierOf(std::vector<EventRecord>{}), Tier::kConformant);
  EXPECT_EQ(TierOf({{.event = good}, {.event = good}}), Tier::kConformant);
  EXPECT_EQ(TierOf({{.event = good}, {.event = fair}}), Tier::kConsistent);
  EXPECT_EQ(TierOf({{.event = ""}, {.event = fair}}), Tier::kHostile);
}

}  // namespace
}  // namespace cpgcert::fuzz
