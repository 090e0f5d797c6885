#include "fuzz/replies/findings/reply_relation.h"

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "fuzz/replies/findings/reply_inputs.h"
#include "fuzz/replies/findings/simpler_replies.h"
#include "fuzz/replies/reply_input.h"
#include "fuzz/replies/reply_operations.h"
#include "fuzz/replies/reply_owed.h"
#include "gtest/gtest.h"

namespace cpgcert::fuzz {
namespace {

bool Breaks(const ReplyEntry& entry, ReplyRelation relation) {
  const std::vector<ReplyRelation> broken = BrokenRelations(entry);
  return std::ranges::find(broken, relation) != broken.end();
}

std::vector<ReplyEntries> AllInputs() {
  std::vector<ReplyEntries> all;
  for (const std::string& input : SystematicReplies()) {
    all.push_back(ParseReplyEntries(input));
  }
  const RandomReplies random;
  for (uint64_t number = 0; number < 2000; ++number) {
    all.push_back(ParseReplyEntries(random.Make(number, Trust::kHostile)));
  }
  return all;
}

std::string Text(const ReplyEntries& entries) {
  std::string text;
  for (const ReplyEntry& entry : entries) {
    text += DescribeReplyInput({RecordOf(entry)});
    for (const ReplyRelation relation : BrokenRelations(entry)) {
      text += std::string("  ") + TextOf(relation).broken + "\n";
    }
  }
  return text;
}

TEST(ReplyRelationTest, WhateverIsNoPlainSuccessBreaksOne) {
  for (const ReplyEntries& entries : AllInputs()) {
    for (const ReplyEntry& entry : entries) {
      const OwedReply owed = OwedFor(RecordOf(entry));
      const bool success = owed.code_allowed && owed.code == CS_OK;
      // Of more members than there is room for, those that have it are allowed.
      const bool plain = success && owed.trust == Trust::kConformant;
      ASSERT_EQ(BrokenRelations(entry).empty(), plain) << Text({entry});
    }
  }
}

TEST(ReplyRelationTest, HonestValuesMend) {
  for (const ReplyEntries& entries : AllInputs()) {
    for (const ReplyEntry& entry : entries) {
      for (const ReplyRelation relation : BrokenRelations(entry)) {
        const ReplyEntry honest = WithHonestValue(entry, relation);
        ASSERT_FALSE(Breaks(honest, relation))
            << TextOf(relation).broken << "\n"
            << Text({entry}) << Text({honest});
      }
    }
  }
}

TEST(ReplyRelationTest, ExamplesBreakOnlyTheirs) {
  std::set<ReplyRelation> seen;
  for (int i = 0; i < kCalls; ++i) {
    const auto call = static_cast<Call>(i);
    EXPECT_TRUE(BrokenRelations(HonestEntry(call)).empty()) << NameOf(call);
    for (size_t j = 0; j < kReplyRelations; ++j) {
      const auto relation = static_cast<ReplyRelation>(j);
      for (const ReplyEntry& example : Examples(call, relation)) {
        EXPECT_EQ(BrokenRelations(example),
                  std::vector<ReplyRelation>{relation})
            << Text({example});
        seen.insert(relation);
      }
    }
  }
  EXPECT_EQ(seen.size(), kReplyRelations);
}

// However simple versions are followed, there is an end.
TEST(ReplyRelationTest, SimplerVersionsEnd) {
  const RandomReplies random;
  for (uint64_t number = 0; number < 100; ++number) {
    ReplyEntries entries =
        ParseReplyEntries(random.Make(number, Trust::kHostile));
    for (int steps = 0; steps < 1000; ++steps) {
      const std::vector<ReplyEntries> simpler = SimplerReplies(entries);
      if (simpler.empty()) break;
      ASSERT_LT(steps, 500) << Text(entries);
      entries =
          simpler[(number + static_cast<uint64_t>(steps)) % simpler.size()];
    }
    EXPECT_EQ(entries.size(), 1U);
  }
}

}  // namespace
}  // namespace cpgcert::fuzz
