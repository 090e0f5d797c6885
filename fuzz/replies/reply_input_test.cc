#include "fuzz/replies/reply_input.h"

#include <cerrno>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "harness/wire/wire.h"

namespace cpgcert::fuzz {
namespace {

TEST(ReplyInputTest, ReadsWhatWasBuilt) {
  const std::vector<ReplyRecord> records = {
      {.call = Call::kMembership, .parameter = 399, .reply = "bytes"},
      {.call = Call::kMulticast,
       .at = ErrorAt::kReceive,
       .again = 2,
       .parameter = 1,
       .error = -ENOTCONN},
      {.call = Call::kFinalize, .again = kAlways},
  };
  const std::string input = BuildReplyInput(records);
  const std::vector<ReplyRecord> read = ParseReplyInput(input);
  ASSERT_EQ(read.size(), records.size());
  for (size_t i = 0; i < read.size(); ++i) {
    EXPECT_EQ(read[i].call, records[i].call) << i;
    EXPECT_EQ(read[i].at, records[i].at) << i;
    EXPECT_EQ(read[i].again, records[i].again) << i;
    EXPECT_EQ(read[i].parameter, records[i].parameter) << i;
    EXPECT_EQ(read[i].error, records[i].error) << i;
    EXPECT_EQ(read[i].reply, records[i].reply) << i;
  }
}

TEST(ReplyInputTest, EveryFileIsAnInput) {
  EXPECT_TRUE(ParseReplyInput("").empty());
  EXPECT_TRUE(ParseReplyInput("12345678").empty());
  const std::string too_long = "\x0b\xff\xff\xff\xff\xff\xff\xff\x7f rest";
  const std::vector<ReplyRecord> cut = ParseReplyInput(too_long);
  ASSERT_EQ(cut.size(), 1U);
  EXPECT_EQ(cut[0].call, Call::kJoin);
  EXPECT_EQ(cut[0].again, kAlways);
  EXPECT_EQ(cut[0].parameter, 0) << "means nothing here";
  EXPECT_EQ(cut[0].error, 0);
  EXPECT_EQ(cut[0].reply, " rest");
}

TEST(ReplyInputTest, EveryNegativeLengthIsAnErrno) {
  for (const int32_t length : {-1, -133, -134, -268, -1'000'000, INT32_MIN}) {
    std::string input = BuildReplyInput({{.call = Call::kJoin, .error = -1}});
    input.replace(5, sizeof(length), reinterpret_cast<const char*>(&length),
                  sizeof(length));
    const std::vector<ReplyRecord> read = ParseReplyInput(input);
    ASSERT_EQ(read.size(), 1U);
    EXPECT_LT(read[0].error, 0) << length;
    EXPECT_GE(read[0].error, -133) << length;
  }
}

TEST(ReplyInputTest, RepliesAreCutToWhatLibqbCarries) {
  const std::string large(harness::wire::kBufferSize + 1, 'x');
  const std::string input = BuildReplyInput(
      {{.call = Call::kJoin, .reply = large}, {.call = Call::kLeave}});
  const std::vector<ReplyRecord> read = ParseReplyInput(input);
  ASSERT_EQ(read.size(), 2U);
  EXPECT_EQ(read[0].reply.size(), harness::wire::kBufferSize);
  EXPECT_EQ(read[1].call, Call::kLeave);
}

TEST(ReplyInputTest, DescribesCallsAndTheirAnswers) {
  const std::string text =
      DescribeReplyInput({{.call = Call::kLocalGet, .reply = "abc"},
                          {.call = Call::kJoin,
                           .at = ErrorAt::kReceive,
                           .again = kAlways,
                           .error = -EAGAIN}});
  EXPECT_NE(text.find("call 0, cpg_local_get, parameter 0, answered 1 times "
                      "with 3 bytes"),
            std::string::npos)
      << text;
  EXPECT_NE(text.find("(malformed: "), std::string::npos) << text;
  EXPECT_NE(text.find("call 1, cpg_join, parameter 0, answered always with "
                      "errno 11 from receiving"),
            std::string::npos)
      << text;
}

}  // namespace
}  // namespace cpgcert::fuzz
