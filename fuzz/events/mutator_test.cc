#include "fuzz/events/mutator.h"

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "fuzz/events/event_input.h"
#include "fuzz/events/owed_events.h"
#include "gtest/gtest.h"
#include "harness/wire/wire.h"

namespace cpgcert::fuzz {
namespace {

namespace wire = harness::wire;

constexpr size_t kSizeMax = 2048;
constexpr unsigned kDepth = 5;  // mutations of one input, one after the other

// Of every kind of event, and fragments of two senders.
std::string Session() {
  const auto fragment = [](wire::PartialType type, uint32_t process,
                           const std::string& bytes) {
    return wire::Build(
        wire::PartialDeliverEvent{.group = "group",
                                  .message_size = 8,
                                  .node = 1,
                                  .process = process,
                                  .type = static_cast<uint32_t>(type),
                                  .fragment = bytes});
  };
  using enum wire::PartialType;
  const std::vector<std::string> events = {
      wire::Build(wire::ConfigurationEvent{.group = "group",
                                           .members = {{1, 1, 0}, {1, 2, 0}},
                                           .joined = {{1, 2, 1}}}),
      fragment(kFirst, 1, "frag"),
      fragment(kFirst, 2, "FRAG"),
      wire::Build(wire::DeliverEvent{.group = "group", .message = "message"}),
      fragment(kLast, 1, "ment"),
      fragment(kLast, 2, "MENT"),
      wire::Build(wire::TotemEvent{.nodes = {1, 2, 3}}),
  };
  std::vector<EventRecord> records;
  for (const std::string& event : events) {
    records.push_back({.delivery = Delivery::kOne, .event = event});
  }
  return BuildEventInput(records);
}

Tier TierOfInput(const std::string& input) {
  return TierOf(ParseEventInput(input));
}

// Calls `check` with each of so many mutations.
template <class Check>
void ForMutations(unsigned count, Tier limit, Check check) {
  const std::string first = Session();
  std::string input;
  for (unsigned i = 0; i < count; ++i) {
    if (i % kDepth == 0) input = first;
    const Mutation mutation =
        MutateInput(input, {.size_max = kSizeMax, .seed = i, .limit = limit});
    check(mutation, input);
    if (testing::Test::HasFailure()) {
      FAIL() << "seed " << i << ", " << mutation.operation << " of\n"
             << DescribeEventInput(ParseEventInput(input)) << "made\n"
             << DescribeEventInput(ParseEventInput(mutation.input));
    }
    input = mutation.input;
  }
}

TEST(MutatorTest, TheSessionIsConformant) {
  EXPECT_EQ(TierOfInput(Session()), Tier::kConformant);
}

TEST(MutatorTest, SameSeedSameResult) {
  std::set<std::string> results;
  for (unsigned seed = 0; seed < 200; ++seed) {
    const MutationOptions options = {.size_max = kSizeMax, .seed = seed};
    const Mutation mutation = MutateInput(Session(), options);
    EXPECT_EQ(mutation.input, MutateInput(Session(), options).input);
    EXPECT_EQ(CrossInputs(Session(), mutation.input, options).input,
              CrossInputs(Session(), mutation.input, options).input);
    results.insert(mutation.input);
  }
  EXPECT_GT(results.size(), 150U);
}

TEST(MutatorTest, NoMutationLeavesTheLimit) {
  constexpr unsigned kCount = 60000;
  for (const Tier limit : {Tier::kConformant, Tier::kConsistent}) {
    ForMutations(kCount, limit, [limit](const Mutation& mutation, const auto&) {
      EXPECT_LE(TierOfInput(mutation.input), limit);
      // What the target goes by.
      for (const OwedEvent& owed : OwedFor(ParseEventInput(mutation.input))) {
        EXPECT_LE(owed.trust, limit);
      }
    });
  }
}

TEST(MutatorTest, InputsBeyondTheLimitAreBroughtWithin) {
  const std::string hostile =
      Session() +
      BuildEventInput({{.delivery = Delivery::kAll, .event = "no event"}});
  for (unsigned seed = 0; seed < 500; ++seed) {
    const MutationOptions options = {
        .size_max = kSizeMax, .seed = seed, .limit = Tier::kConformant};
    EXPECT_EQ(TierOfInput(MutateInput(hostile, options).input),
              Tier::kConformant);
    EXPECT_EQ(TierOfInput(CrossInputs(hostile, hostile, options).input),
              Tier::kConformant);
  }
}

TEST(MutatorTest, CrossOverStaysWithinTheLimit) {
  for (const Tier limit : {Tier::kConformant, Tier::kConsistent}) {
    std::string input = Session();
    std::set<std::string_view> operations;
    for (unsigned seed = 0; seed < 2000; ++seed) {
      const MutationOptions options = {
          .size_max = kSizeMax, .seed = seed, .limit = limit};
      const std::string other = MutateInput(input, options).input;
      const Mutation crossed = CrossInputs(Session(), other, options);
      ASSERT_LE(TierOfInput(crossed.input), limit) << crossed.operation;
      ASSERT_LE(crossed.input.size(), kSizeMax);
      operations.insert(crossed.operation);
      input = seed % kDepth == 0 ? Session() : crossed.input;
    }
    operations.erase("");
    EXPECT_EQ(operations.size(), CrossOperations().size());
  }
}

TEST(MutatorTest, EveryOperationIsReached) {
  constexpr unsigned kCount = 20000;
  for (const Tier limit :
       {Tier::kConformant, Tier::kConsistent, Tier::kHostile}) {
    std::map<std::string_view, unsigned> counts;
    ForMutations(kCount, limit, [&](const Mutation& mutation, const auto&) {
      ++counts[mutation.operation];
    });
    // Something can be done with nearly every input.
    EXPECT_LT(counts[""], kCount / 100);
    for (const Operation& operation : AllOperations()) {
      EXPECT_EQ(counts[operation.name] > 0, operation.makes <= limit)
          << operation.name;
    }
  }
}

TEST(MutatorTest, MostFramesStayWhole) {
  unsigned events = 0;
  unsigned whole = 0;
  ForMutations(20000, Tier::kHostile,
               [&](const Mutation& mutation, const std::string&) {
                 for (const auto& record : ParseEventInput(mutation.input)) {
                   ++events;
                   whole += TierOf(record.event) != Tier::kHostile ? 1 : 0;
                 }
               });
  EXPECT_GT(whole, events / 4 * 3) << whole << " of " << events;
  EXPECT_LT(whole, events) << "nothing hostile";
}

TEST(MutatorTest, EveryTierIsReached) {
  std::map<Tier, unsigned> counts;
  ForMutations(5000, Tier::kHostile,
               [&](const Mutation& mutation, const std::string&) {
                 ++counts[TierOfInput(mutation.input)];
               });
  EXPECT_GT(counts[Tier::kConformant], 500U);
  EXPECT_GT(counts[Tier::kConsistent], 500U);
  EXPECT_GT(counts[Tier::kHostile], 500U);
}

TEST(MutatorTest, ResultsFitIntoTheirRoom) {
  constexpr uint8_t kGuard = 0xa5;
  for (const Tier limit : {Tier::kConformant, Tier::kHostile}) {
    for (const size_t size_max : {0, 1, 4, 5, 6, 60, 100, 200, 300, 1000}) {
      for (unsigned seed = 0; seed < 200; ++seed) {
        std::vector<uint8_t> data(size_max + 16, kGuard);
        std::string session = Session();
        session.resize(std::min(session.size(), size_max));
        std::ranges::copy(session, data.begin());
        const size_t size =
            Mutate(data.data(), session.size(), size_max, seed, limit);
        ASSERT_LE(size, size_max);
        ASSERT_EQ(size == 0, size_max == 0);
        ASSERT_TRUE(std::all_of(data.end() - 16, data.end(),
                                [](uint8_t byte) { return byte == kGuard; }));
        const auto* bytes = reinterpret_cast<const uint8_t*>(session.data());
        const size_t crossed =
            CrossOver(bytes, session.size(), bytes, session.size(), data.data(),
                      size_max, seed, limit);
        ASSERT_LE(crossed, size_max);
        ASSERT_EQ(crossed == 0, size_max == 0);
        ASSERT_TRUE(std::all_of(data.end() - 16, data.end(),
                                [](uint8_t byte) { return byte == kGuard; }));
      }
    }
  }
}

TEST(MutatorTest, SomethingComesOfNothing) {
  for (unsigned seed = 0; seed < 200; ++seed) {
    const Mutation mutation = MutateInput(
        "", {.size_max = 4096, .seed = seed, .limit = Tier::kConformant});
    EXPECT_FALSE(ParseEventInput(mutation.input).empty());
    const Mutation crossed =
        CrossInputs("", "", {.size_max = 4096, .seed = seed});
    EXPECT_FALSE(crossed.input.empty());
  }
}

TEST(MutatorTest, LengthsOfBytesThatAreNotThereMakeNothingLarge) {
  std::string input = wire::Build(wire::DeliverEvent{.group = "group"});
  for (const char* field : {"message_size", "group.length", "size"}) {
    wire::SetField(wire::Kind::kEvent, &input, field, 0xffffffff);
  }
  const std::string records =
      BuildEventInput({{.delivery = Delivery::kAll, .event = input}});
  for (unsigned seed = 0; seed < 2000; ++seed) {
    EXPECT_LE(
        MutateInput(records, {.size_max = 1 << 20, .seed = seed}).input.size(),
        size_t{1} << 20);
  }
}

TEST(MutatorTest, EntriesAreReadAndWritten) {
  EXPECT_EQ(BuildEntries(ParseEntries(Session())), Session());
  EXPECT_EQ(InputSize(ParseEntries(Session())), Session().size());
  EXPECT_TRUE(ParseEntries("").empty());
}

}  // namespace
}  // namespace cpgcert::fuzz
