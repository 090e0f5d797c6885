#include "fuzz/requests/request_input.h"

#include <gtest/gtest.h>

#include "harness/wire/wire.h"

namespace cpgcert::fuzz {
namespace {

namespace wire = harness::wire;

RequestRecords Example() {
  return {{.connection = 2,
           .bytes = wire::Build(wire::Request(
               wire::JoinRequest{.group = "group", .process = 103}))},
          {.action = RequestAction::kTakeEvents, .connection = 2},
          {.filled = Filled::kOwn,
           .bytes = wire::Build(wire::Request(wire::IterationNextRequest{}))},
          {.action = RequestAction::kWrite, .bytes = "text"},
          {.action = RequestAction::kClose, .connection = 1}};
}

TEST(RequestInputTest, ParsesWhatItBuilds) {
  EXPECT_EQ(ParseRequestInput(BuildRequestInput(Example())), Example());
}

TEST(RequestInputTest, EveryFileIsAnInput) {
  const std::string input = BuildRequestInput(Example());
  for (size_t size = 0; size <= input.size(); ++size) {
    const RequestRecords records =
        ParseRequestInput(std::string_view(input).substr(0, size));
    EXPECT_LE(records.size(), Example().size());
    EXPECT_FALSE(size == input.size() && records.empty());
  }
}

TEST(RequestInputTest, TakesBytesModulo) {
  const std::string input{"\xff\xff\xff\x01\x00\x00\x00x", 8};
  const RequestRecords records = ParseRequestInput(input);
  ASSERT_EQ(records.size(), 1U);
  EXPECT_EQ(records[0].action, RequestAction::kTakeEvents);
  EXPECT_EQ(records[0].connection, 0);
  EXPECT_EQ(records[0].filled, Filled::kSpent);
  EXPECT_EQ(records[0].bytes, "x");
}

TEST(RequestInputTest, CutsWhatIsTooLong) {
  const RequestRecords long_record = {
      {.bytes = std::string(2 * kRequestInputMax, 'x')}};
  const RequestRecords records =
      ParseRequestInput(BuildRequestInput(long_record));
  ASSERT_EQ(records.size(), 1U);
  EXPECT_LT(records[0].bytes.size(), kRequestInputMax);
}

TEST(RequestInputTest, DescribesFieldsAndWhatIsMalformed) {
  const std::string text = DescribeRequestInput(Example());
  EXPECT_NE(text.find("connection 2: sends 168 bytes: join request"),
            std::string::npos)
      << text;
  EXPECT_NE(text.find("filled with its own"), std::string::npos) << text;
  EXPECT_NE(text.find("writes into its area 4 bytes"), std::string::npos);
  EXPECT_NE(text.find("malformed"), std::string::npos);
}

TEST(RequestInputTest, NamesTheKindOfARequest) {
  EXPECT_EQ(RequestKind(Example()[0].bytes), "join request");
  EXPECT_EQ(RequestKind("abc"), "unknown request");
  EXPECT_EQ(RequestKind(std::string(16, '\xff')), "unknown request");
}

}  // namespace
}  // namespace cpgcert::fuzz
