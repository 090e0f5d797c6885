#include "fuzz/events/event_input.h"

#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "harness/wire/wire.h"

namespace cpgcert::fuzz {
namespace {

TEST(EventInputTest, ReadsWhatWasBuilt) {
  const std::vector<EventRecord> records = {
      {.delivery = Delivery::kOne, .event = "one"},
      {.delivery = Delivery::kQueue, .event = ""},
      {.delivery = Delivery::kBlocking, .event = "three"},
  };
  const std::string input = BuildEventInput(records);
  const std::vector<EventRecord> read = ParseEventInput(input);
  ASSERT_EQ(read.size(), 3U);
  for (size_t i = 0; i < read.size(); ++i) {
    EXPECT_EQ(read[i].delivery, records[i].delivery);
    EXPECT_EQ(read[i].event, records[i].event);
  }
}

TEST(EventInputTest, EveryFileIsAnInput) {
  EXPECT_TRUE(ParseEventInput("").empty());
  EXPECT_TRUE(ParseEventInput("1234").empty());
  const std::string too_long = "\xff\xff\xff\xff\xff rest";
  const std::vector<EventRecord> cut = ParseEventInput(too_long);
  ASSERT_EQ(cut.size(), 1U);
  EXPECT_EQ(cut[0].delivery, Delivery::kQueue);
  EXPECT_EQ(cut[0].event, " rest");
}

TEST(EventInputTest, EventsAreCutToWhatLibqbCarries) {
  const std::string large(harness::wire::kBufferSize + 1, 'x');
  const std::string input = BuildEventInput(
      {{.event = large}, {.delivery = Delivery::kAll, .event = "next"}});
  const std::vector<EventRecord> read = ParseEventInput(input);
  ASSERT_EQ(read.size(), 2U);
  EXPECT_EQ(read[0].event.size(), harness::wire::kBufferSize);
  EXPECT_EQ(read[1].event, "next");
}

TEST(EventInputTest, DescribesEventsAndWhatIsWrongWithThem) {
  const std::string text = DescribeEventInput(
      {{.delivery = Delivery::kOneNonblocking, .event = "abc"}});
  EXPECT_NE(text.find("event 0, 3 bytes, then ONE_NONBLOCKING"),
            std::string::npos)
      << text;
  EXPECT_NE(text.find("(malformed: ends after 3 bytes"), std::string::npos)
      << text;
}

}  // namespace
}  // namespace cpgcert::fuzz
