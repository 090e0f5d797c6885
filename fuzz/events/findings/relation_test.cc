#include "fuzz/events/findings/relation.h"

#include <algorithm>
#include <set>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "fuzz/events/findings/inputs.h"
#include "fuzz/events/findings/simpler_events.h"
#include "fuzz/events/owed_events.h"
#include "gtest/gtest.h"
#include "harness/reference/event_decoder.h"
#include "harness/wire/wire.h"

namespace cpgcert::fuzz {
namespace {

namespace wire = harness::wire;

Sequence One(const std::string& bytes) { return {{Delivery::kAll, bytes}}; }

std::string Message() {
  return wire::Build(wire::Event(wire::DeliverEvent{
      .group = "g", .node = 1, .process = 2, .message = "text"}));
}

std::vector<Relation> Names(const Sequence& sequence) {
  std::vector<Relation> names;
  for (const BrokenRelation& broken : BrokenRelations(sequence)) {
    names.push_back(broken.relation);
  }
  return names;
}

TEST(RelationTest, HonestSequencesBreakNothing) {
  for (const Sequence& sequence : HonestSequences()) {
    EXPECT_TRUE(BrokenRelations(sequence).empty())
        << DescribeEventInput(RecordsOf(sequence));
  }
}

TEST(RelationTest, EveryRelationHasItsText) {
  std::set<std::string> texts;
  for (size_t i = 0; i < kRelations; ++i) {
    texts.insert(TextOf(static_cast<Relation>(i)).broken);
  }
  EXPECT_EQ(texts.size(), kRelations);
}

TEST(RelationTest, NamesTheFieldThatIsWrong) {
  std::string bytes = Message();
  wire::SetField(wire::Kind::kEvent, &bytes, "message_size", 5);
  EXPECT_EQ(Names(One(bytes)), std::vector{Relation::kMessageBeyond});
  wire::SetField(wire::Kind::kEvent, &bytes, "message_size", 3);
  EXPECT_EQ(Names(One(bytes)), std::vector{Relation::kMessageShort});
  wire::SetField(wire::Kind::kEvent, &bytes, "group.length", 129);
  EXPECT_EQ(Names(One(bytes)),
            (std::vector{Relation::kName, Relation::kMessageShort}));
}

// The catalogue is as strict as the oracle and as the reference: all agree on
// what is well-formed, and on which series of fragments make a message.
TEST(RelationTest, AgreesWithTheOracleAndTheReference) {
  for (const Sequence& sequence : SystematicSequences()) {
    const std::vector<OwedEvent> owed = OwedFor(RecordsOf(sequence));
    std::vector<bool> broken(sequence.size());
    for (const BrokenRelation& relation : BrokenRelations(sequence)) {
      if (relation.relation != Relation::kUnfinished) {
        broken[relation.event] = true;
      }
    }
    for (size_t i = 0; i < sequence.size(); ++i) {
      const bool sound = !owed[i].error_owed && !owed[i].error_allowed;
      const std::string text = DescribeEventInput(RecordsOf(sequence));
      // Messages of more than 64 MiB are sound, and may be refused.
      EXPECT_TRUE(broken[i] || sound || owed[i].trust != Trust::kHostile)
          << i << "\n"
          << text;
      EXPECT_FALSE(broken[i] && sound) << i << "\n" << text;
      std::vector<uint64_t> aligned(sequence[i].bytes.size() / 8 + 1);
      const std::span<std::byte> bytes(
          reinterpret_cast<std::byte*>(aligned.data()),
          sequence[i].bytes.size());
      std::ranges::copy(std::as_bytes(std::span(sequence[i].bytes)),
                        bytes.begin());
      reference::Event event;
      const cs_error_t decoded = reference::DecodeEvent(bytes, &event);
      if (owed[i].error_owed) {
        EXPECT_NE(decoded, CS_OK) << i << "\n" << text;
      } else if (owed[i].trust == Trust::kConformant) {
        EXPECT_EQ(decoded, CS_OK) << i << "\n" << text;
      }
    }
  }
}

TEST(RelationTest, TheHonestValueMendsWhatIsBroken) {
  std::set<Relation> seen;
  for (const Sequence& sequence : SystematicSequences()) {
    const std::vector<BrokenRelation> broken = BrokenRelations(sequence);
    if (broken.size() != 1) continue;
    seen.insert(broken[0].relation);
    const Sequence honest = WithHonestValue(sequence, broken[0]);
    for (const BrokenRelation& left : BrokenRelations(honest)) {
      EXPECT_FALSE(left == broken[0]) << TextOf(left.relation).broken << "\n"
                                      << DescribeEventInput(RecordsOf(sequence))
                                      << DescribeEventInput(RecordsOf(honest));
    }
    const std::vector<BrokenRelation> barely =
        BrokenRelations(BarelyBroken(sequence, broken[0]));
    EXPECT_TRUE(std::ranges::any_of(barely,
                                    [&](const BrokenRelation& still) {
                                      return still.relation ==
                                             broken[0].relation;
                                    }))
        << TextOf(broken[0].relation).broken << "\n"
        << DescribeEventInput(RecordsOf(sequence))
        << DescribeEventInput(RecordsOf(BarelyBroken(sequence, broken[0])));
  }
  EXPECT_EQ(seen.size(), kRelations) << "one that no input breaks alone";
}

TEST(RelationTest, MostAreBrokenByOneBareEvent) {
  std::set<Relation> seen;
  for (const Sequence& sequence : SystematicSequences()) {
    for (const BrokenRelation& broken : BrokenRelations(sequence)) {
      const Sequence alone = BrokenAlone(sequence, broken);
      if (!alone.empty()) seen.insert(broken.relation);
      for (const Relation relation : Names(alone)) {
        EXPECT_TRUE(relation == broken.relation ||
                    relation == Relation::kUnfinished ||
                    relation == Relation::kFragmentLarger)
            << DescribeEventInput(RecordsOf(alone));
      }
    }
  }
  EXPECT_GE(seen.size(), 10U);
}

TEST(RelationTest, OfAListThatIsTooLongEitherEndCanBeKept) {
  wire::TotemEvent totem;
  for (uint32_t i = 0; i < 130; ++i) totem.nodes.push_back(i);
  const Sequence sequence = One(wire::Build(wire::Event(totem)));
  const std::vector<BrokenRelation> broken = BrokenRelations(sequence);
  ASSERT_EQ(Names(sequence), std::vector{Relation::kNodesTooMany});
  const auto nodes = [](const Sequence& honest) {
    return std::get<wire::TotemEvent>(
               wire::ParseEvent(honest[0].bytes).message.value())
        .nodes;
  };
  const std::vector<uint32_t> begin =
      nodes(WithHonestValue(sequence, broken[0]));
  const std::vector<uint32_t> end =
      nodes(WithOtherHonestValue(sequence, broken[0]));
  EXPECT_EQ(begin.size(), 128U);
  EXPECT_EQ(begin.front(), 0U);
  EXPECT_EQ(end.size(), 128U);
  EXPECT_EQ(end.back(), 129U);
}

TEST(SimplerEventsTest, AFieldIsThereUnlessItIsSimplest) {
  EXPECT_TRUE(HasField(Message(), "message"));
  EXPECT_TRUE(HasField(Message(), "node"));
  EXPECT_TRUE(HasField(Message(), kWholeEvent));
  EXPECT_FALSE(HasField(Message(), "members"));
  EXPECT_FALSE(HasField(
      wire::Build(wire::Event(wire::DeliverEvent{.group = "g"})), "message"));
}

TEST(SimplerEventsTest, AreOthersAndEnd) {
  for (const Sequence& sequence : HonestSequences()) {
    std::string bytes = sequence[0].bytes;
    int steps = 0;
    for (auto simpler = SimplerVersions(bytes); !simpler.empty();
         simpler = SimplerVersions(bytes)) {
      ASSERT_NE(simpler.back().bytes, bytes);
      bytes = simpler.front().bytes;
      ASSERT_LT(++steps, 200);
    }
  }
}

}  // namespace
}  // namespace cpgcert::fuzz
