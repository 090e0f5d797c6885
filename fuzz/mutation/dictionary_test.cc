#include "fuzz/mutation/dictionary.h"

#include <algorithm>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "harness/wire/wire.h"

namespace cpgcert::fuzz {
namespace {

namespace wire = harness::wire;

bool Has(const std::string& bytes,
         const std::vector<Word>& words = EventWords()) {
  return std::ranges::any_of(
      words, [&bytes](const Word& word) { return word.bytes == bytes; });
}

TEST(DictionaryTest, HeadersAndIdsOfEveryEvent) {
  for (const wire::Event& event :
       {wire::Event(wire::TotemEvent{}),
        wire::Event(wire::DeliverEvent{.group = "group"}),
        wire::Event(wire::ConfigurationEvent{.group = "group"}),
        wire::Event(wire::PartialDeliverEvent{.group = "group"})}) {
    const std::string bytes = wire::Build(event);
    EXPECT_TRUE(Has(bytes.substr(0, wire::kReplyHeaderSize)));
    EXPECT_TRUE(Has(bytes.substr(0, 8)));
    EXPECT_TRUE(Has(bytes.substr(8, 8)));
  }
}

TEST(DictionaryTest, HeadersOfRepliesAndRequests) {
  for (const wire::Reply& reply :
       {wire::Reply(wire::PlainReply{.id = wire::ReplyId::kPartialSend}),
        wire::Reply(wire::MembershipReply{}),
        wire::Reply(wire::IterationNextReply{.group = "group"})}) {
    const std::string bytes = wire::Build(reply);
    EXPECT_TRUE(Has(bytes.substr(0, wire::kReplyHeaderSize), ReplyWords()));
  }
  EXPECT_TRUE(Has(std::string("\x06\0\0\0", 4), ReplyWords()));
  for (const wire::Request& request :
       {wire::Request(wire::JoinRequest{.group = "group"}),
        wire::Request(wire::FinalizeRequest{}),
        wire::Request(wire::PartialMulticastRequest{})}) {
    const std::string bytes = wire::Build(request);
    EXPECT_TRUE(Has(bytes.substr(0, wire::kRequestHeaderSize), RequestWords()));
  }
}

TEST(DictionaryTest, BoundariesInBothWidths) {
  EXPECT_TRUE(Has(std::string("\x81\0\0\0", 4)));
  EXPECT_TRUE(Has(std::string("\x81\0\0\0\0\0\0\0", 8)));
  EXPECT_TRUE(Has("\xff\xff\xff\xff"));
  EXPECT_TRUE(Has("\xff\xff\xff\xff\xff\xff\xff\xff"));
}

TEST(DictionaryTest, NoWordTwiceAndNoneTooLong) {
  for (const std::vector<Word>& words :
       {EventWords(), ReplyWords(), RequestWords()}) {
    std::set<std::string> bytes;
    std::set<std::string> names;
    for (const Word& word : words) {
      EXPECT_TRUE(bytes.insert(word.bytes).second) << word.name;
      EXPECT_TRUE(names.insert(word.name).second) << word.name;
      EXPECT_FALSE(word.bytes.empty()) << word.name;
      EXPECT_LE(word.bytes.size(), kWordMax) << word.name;
    }
  }
}

TEST(DictionaryTest, LinesAreWhatLibFuzzerReads) {
  EXPECT_EQ(DictionaryText({{"one", std::string("\x01\0\"", 3)}}),
            "one=\"\\x01\\x00\\x22\"\n");
  const std::regex line_form(R"([a-z0-9_]+="(\\x[0-9a-f]{2})+")");
  std::istringstream text(DictionaryText(EventWords()) +
                          DictionaryText(ReplyWords()) +
                          DictionaryText(RequestWords()));
  std::string line;
  while (std::getline(text, line)) {
    EXPECT_TRUE(std::regex_match(line, line_form)) << line;
  }
}

}  // namespace
}  // namespace cpgcert::fuzz
