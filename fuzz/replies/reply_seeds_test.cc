#include "fuzz/replies/reply_seeds.h"

#include <string>
#include <vector>

#include "fuzz/replies/reply_input.h"
#include "fuzz/replies/reply_owed.h"
#include "gtest/gtest.h"

namespace cpgcert::fuzz {
namespace {

TEST(ReplySeedsTest, AreWhatAConformantServiceSends) {
  std::vector<bool> calls(kCalls);
  for (const auto& [name, text] : ReplySeeds()) {
    const std::vector<ReplyRecord> records = ParseReplyInput(text);
    EXPECT_EQ(BuildReplyInput(records), text) << name;
    EXPECT_FALSE(records.empty()) << name;
    for (const ReplyRecord& record : records) {
      calls.at(static_cast<size_t>(record.call)) = true;
      EXPECT_EQ(OwedFor(record).trust, Trust::kConformant) << name;
    }
  }
  EXPECT_EQ(calls, std::vector<bool>(kCalls, true)) << "every call has one";
}

}  // namespace
}  // namespace cpgcert::fuzz
