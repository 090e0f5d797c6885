#include "fuzz/requests/request_mutator.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "fuzz/mutation/random_choice.h"
#include "fuzz/requests/request_flaws.h"
#include "fuzz/requests/request_input.h"
#include "fuzz/requests/request_seeds.h"
#include "fuzz/support/trust.h"

namespace cpgcert::fuzz {
namespace {

constexpr int kRounds = 100;

TEST(RequestMutatorTest, KeepsToTheTier) {
  for (const Trust worst :
       {Trust::kConformant, Trust::kConsistent, Trust::kHostile}) {
    RandomChoice choice(1);
    for (const auto& [name, input] : RequestSeeds()) {
      RequestRecords records = ParseRequestInput(input);
      for (int i = 0; i < kRounds; ++i) {
        records = MutateRequests(records, worst, &choice);
        ASSERT_LE(TierOf(records), worst) << DescribeRequestInput(records);
      }
    }
  }
}

TEST(RequestMutatorTest, IsTheSameForTheSameSeed) {
  RandomChoice first(7);
  RandomChoice second(7);
  RequestRecords a;
  RequestRecords b;
  for (int i = 0; i < kRounds; ++i) {
    a = MutateRequests(a, Trust::kHostile, &first);
    b = MutateRequests(b, Trust::kHostile, &second);
    ASSERT_EQ(a, b);
  }
}

TEST(RequestMutatorTest, MakesEveryFlaw) {
  std::set<RequestFlaw> made;
  RandomChoice choice(1);
  for (const auto& [name, input] : RequestSeeds()) {
    const RequestRecords records = ParseRequestInput(input);
    for (size_t at = 0; at < records.size(); ++at) {
      for (const RequestRecords& changed : ChangedAt(records, at)) {
        for (const FoundFlaw& one : FlawsOf(changed)) made.insert(one.flaw);
      }
    }
    for (int i = 0; i < kRounds; ++i) {
      for (const FoundFlaw& one :
           FlawsOf(MutateRequests(records, Trust::kHostile, &choice))) {
        made.insert(one.flaw);
      }
    }
  }
  for (int i = 0; i < kRequestFlaws; ++i) {
    EXPECT_TRUE(made.contains(static_cast<RequestFlaw>(i)))
        << TextOf(static_cast<RequestFlaw>(i)).broken;
  }
}

TEST(RequestMutatorTest, WhatIsConformantNeedsNoRepair) {
  for (const auto& [name, input] : RequestSeeds()) {
    const RequestRecords records = ParseRequestInput(input);
    EXPECT_EQ(Repaired(records, Trust::kConformant), records) << name;
  }
}

}  // namespace
}  // namespace cpgcert::fuzz
