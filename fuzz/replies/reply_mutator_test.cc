#include "fuzz/replies/reply_mutator.h"

#include <algorithm>
#include <cerrno>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "fuzz/replies/reply_input.h"
#include "fuzz/replies/reply_owed.h"
#include "gtest/gtest.h"
#include "harness/wire/wire.h"

namespace cpgcert::fuzz {
namespace {

namespace wire = harness::wire;

constexpr size_t kSizeMax = 40000;
constexpr unsigned kDepth = 5;  // mutations of one input, one after the other

// Every call, honestly answered, and an errno.
std::string Session() {
  ReplyEntries entries;
  for (int i = 0; i < kCalls; ++i) {
    const auto call = static_cast<Call>(i);
    ReplyEntry entry{.call = call};
    if (call != Call::kConnect) entry.reply = HonestReply(call);
    if (call == Call::kMembership) entry.parameter = 1;
    entries.push_back(entry);
  }
  entries.push_back(
      {.call = Call::kJoin, .at = ErrorAt::kReceive, .error = -EAGAIN});
  return BuildReplyEntries(entries);
}

Trust TrustOfInput(const std::string& input) {
  return TrustOf(ParseReplyEntries(input));
}

// Calls `check` with each of so many mutations.
template <class Check>
void ForMutations(unsigned count, Trust limit, Check check) {
  const std::string first = Session();
  std::string input;
  for (unsigned i = 0; i < count; ++i) {
    if (i % kDepth == 0) input = first;
    const ReplyMutation mutation = MutateReplyInput(
        input, {.size_max = kSizeMax, .seed = i, .limit = limit});
    check(mutation);
    if (testing::Test::HasFailure()) {
      FAIL() << "seed " << i << ", " << mutation.operation << " of\n"
             << DescribeReplyInput(ParseReplyInput(input)) << "made\n"
             << DescribeReplyInput(ParseReplyInput(mutation.input));
    }
    input = mutation.input;
  }
}

TEST(ReplyMutatorTest, TheSessionIsConformant) {
  EXPECT_EQ(TrustOfInput(Session()), Trust::kConformant);
  EXPECT_TRUE(BuildReplyEntries(ParseReplyEntries(Session())) == Session());
  EXPECT_EQ(InputSize(ParseReplyEntries(Session())), Session().size());
}

TEST(ReplyMutatorTest, SameSeedSameResult) {
  std::set<std::string> results;
  for (unsigned seed = 0; seed < 200; ++seed) {
    const ReplyMutationOptions options = {.size_max = kSizeMax, .seed = seed};
    const ReplyMutation mutation = MutateReplyInput(Session(), options);
    EXPECT_TRUE(mutation.input == MutateReplyInput(Session(), options).input);
    EXPECT_TRUE(CrossReplyInputs(Session(), mutation.input, options).input ==
                CrossReplyInputs(Session(), mutation.input, options).input);
    results.insert(mutation.input);
  }
  EXPECT_GT(results.size(), 150U);
}

TEST(ReplyMutatorTest, NoMutationLeavesTheLimit) {
  constexpr unsigned kCount = 10000;
  for (const Trust limit : {Trust::kConformant, Trust::kConsistent}) {
    ForMutations(kCount, limit, [limit](const ReplyMutation& mutation) {
      EXPECT_LE(TrustOfInput(mutation.input), limit);
      EXPECT_LE(mutation.input.size(), kSizeMax);
    });
  }
}

TEST(ReplyMutatorTest, InputsBeyondTheLimitAreBroughtWithin) {
  const std::string hostile =
      Session() + BuildReplyEntries({{.call = Call::kJoin, .reply = "none"}});
  ASSERT_EQ(TrustOfInput(hostile), Trust::kHostile);
  for (unsigned seed = 0; seed < 500; ++seed) {
    const ReplyMutationOptions options = {
        .size_max = kSizeMax, .seed = seed, .limit = Trust::kConformant};
    EXPECT_EQ(TrustOfInput(MutateReplyInput(hostile, options).input),
              Trust::kConformant);
    EXPECT_EQ(TrustOfInput(CrossReplyInputs(hostile, hostile, options).input),
              Trust::kConformant);
  }
}

TEST(ReplyMutatorTest, CrossOverStaysWithinTheLimit) {
  for (const Trust limit : {Trust::kConformant, Trust::kConsistent}) {
    std::string input = Session();
    std::set<std::string_view> operations;
    for (unsigned seed = 0; seed < 2000; ++seed) {
      const ReplyMutationOptions options = {
          .size_max = kSizeMax, .seed = seed, .limit = limit};
      const std::string other = MutateReplyInput(input, options).input;
      const ReplyMutation crossed = CrossReplyInputs(Session(), other, options);
      ASSERT_LE(TrustOfInput(crossed.input), limit) << crossed.operation;
      ASSERT_LE(crossed.input.size(), kSizeMax);
      operations.insert(crossed.operation);
      input = seed % kDepth == 0 ? Session() : crossed.input;
    }
    operations.erase("");
    EXPECT_EQ(operations.size(), ReplyCrossOperations().size());
  }
}

TEST(ReplyMutatorTest, EveryOperationChangesSomething) {
  for (const ReplyOperation& operation : AllReplyOperations()) {
    unsigned applied = 0;
    for (unsigned seed = 0; seed < 400; ++seed) {
      ReplyScene scene{.entries = ParseReplyEntries(Session()),
                       .size_max = kSizeMax,
                       .random = RandomChoice(seed)};
      if (std::string_view(operation.name) == "RepairFrame") {
        scene.entries[1].reply.resize(20);
      }
      const ReplyEntries before = scene.entries;
      if (!operation.apply(&scene)) continue;
      ++applied;
      EXPECT_TRUE(scene.entries != before)
          << operation.name << ", seed " << seed;
    }
    EXPECT_GT(applied, 20U) << operation.name;
  }
}

TEST(ReplyMutatorTest, EveryOperationIsReached) {
  constexpr unsigned kCount = 10000;
  for (const Trust limit :
       {Trust::kConformant, Trust::kConsistent, Trust::kHostile}) {
    std::map<std::string_view, unsigned> counts;
    ForMutations(kCount, limit, [&](const ReplyMutation& mutation) {
      ++counts[mutation.operation];
    });
    // Something can be done with nearly every input.
    EXPECT_LT(counts[""], kCount / 100);
    for (const ReplyOperation& operation : AllReplyOperations()) {
      EXPECT_EQ(counts[operation.name] > 0, operation.makes <= limit)
          << operation.name;
    }
  }
}

// With each call every kind of answer.
TEST(ReplyMutatorTest, EveryCallAndAnswerIsReached) {
  std::map<Call, std::set<std::string>> answers;
  ForMutations(10000, Trust::kHostile, [&](const ReplyMutation& mutation) {
    for (const ReplyRecord& record : ParseReplyInput(mutation.input)) {
      std::string kind = "no reply";
      if (record.error < 0) {
        kind = record.at == ErrorAt::kSend ? "sending" : "receiving";
      } else if (!record.reply.empty()) {
        const bool whole = wire::ParseReply(record.reply).message.has_value();
        const auto id = wire::IdOf(record.reply);
        kind = !whole                                       ? "malformed"
               : id == wire::IdOf(HonestReply(record.call)) ? "own"
                                                            : "another call's";
        if (kind == "own") {
          kind +=
              wire::ErrorOf(record.reply) == wire::kOk ? " success" : " error";
        }
      }
      answers[record.call].insert(kind);
    }
  });
  EXPECT_EQ(answers.size(), static_cast<size_t>(kCalls));
  for (const auto& [call, kinds] : answers) {
    // What a connection is answered with bytes is the same for any of them.
    EXPECT_GE(kinds.size(), call == Call::kConnect ? 3U : 7U) << NameOf(call);
  }
}

TEST(ReplyMutatorTest, MostFramesStayWhole) {
  unsigned replies = 0;
  unsigned whole = 0;
  std::map<Trust, unsigned> inputs;
  ForMutations(10000, Trust::kHostile, [&](const ReplyMutation& mutation) {
    ++inputs[TrustOfInput(mutation.input)];
    for (const auto& record : ParseReplyInput(mutation.input)) {
      if (record.reply.empty()) continue;
      ++replies;
      whole += wire::ParseReply(record.reply).message.has_value() ? 1 : 0;
    }
  });
  EXPECT_GT(whole, replies / 4 * 3) << whole << " of " << replies;
  EXPECT_LT(whole, replies) << "nothing hostile";
  for (const Trust trust :
       {Trust::kConformant, Trust::kConsistent, Trust::kHostile}) {
    EXPECT_GT(inputs[trust], 1000U);
  }
}

TEST(ReplyMutatorTest, ResultsFitIntoTheirRoom) {
  constexpr uint8_t kGuard = 0xa5;
  for (const Trust limit : {Trust::kConformant, Trust::kHostile}) {
    for (const size_t size_max : {0, 1, 8, 9, 10, 60, 100, 200, 1000}) {
      for (unsigned seed = 0; seed < 200; ++seed) {
        std::vector<uint8_t> data(size_max + 16, kGuard);
        std::string session = Session();
        session.resize(std::min(session.size(), size_max));
        std::ranges::copy(session, data.begin());
        const size_t size =
            MutateReplies(data.data(), session.size(), size_max, seed, limit);
        ASSERT_LE(size, size_max);
        ASSERT_EQ(size == 0, size_max == 0);
        ASSERT_TRUE(std::all_of(data.end() - 16, data.end(),
                                [](uint8_t byte) { return byte == kGuard; }));
        const auto* bytes = reinterpret_cast<const uint8_t*>(session.data());
        const size_t crossed =
            CrossOverReplies(bytes, session.size(), bytes, session.size(),
                             data.data(), size_max, seed, limit);
        ASSERT_LE(crossed, size_max);
        ASSERT_EQ(crossed == 0, size_max == 0);
        ASSERT_TRUE(std::all_of(data.end() - 16, data.end(),
                                [](uint8_t byte) { return byte == kGuard; }));
      }
    }
  }
}

TEST(ReplyMutatorTest, SomethingComesOfNothing) {
  for (unsigned seed = 0; seed < 200; ++seed) {
    const ReplyMutation mutation = MutateReplyInput(
        "", {.size_max = kSizeMax, .seed = seed, .limit = Trust::kConformant});
    EXPECT_FALSE(ParseReplyInput(mutation.input).empty());
    const ReplyMutation crossed =
        CrossReplyInputs("", "", {.size_max = kSizeMax, .seed = seed});
    EXPECT_FALSE(crossed.input.empty());
  }
}

}  // namespace
}  // namespace cpgcert::fuzz
