#include "harness/trace/trace_event.h"

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gtest/gtest.h"

namespace cpgcert::harness::trace {
namespace {

const std::vector<Event::Kind> kKinds = {
    Event::Kind::kCall,        Event::Kind::kReturn, Event::Kind::kCallback,
    Event::Kind::kCallbackEnd, Event::Kind::kSaw,    Event::Kind::kBegins,
    Event::Kind::kNote};

// What is wrong with a line; "" if nothing.
std::string ErrorIn(std::string_view line) {
  Event event;
  return FromLine(line, &event);
}

void ExpectSame(const Event& a, const Event& b) {
  EXPECT_EQ(a.thread, b.thread);
  EXPECT_EQ(a.kind, b.kind);
  EXPECT_EQ(a.name, b.name);
  EXPECT_EQ(a.value, b.value);
}

TEST(TraceEventTest, AnEventOfEveryKindComesBack) {
  const std::vector<Json> values = {
      nullptr,
      0,
      std::numeric_limits<int64_t>::min(),
      std::numeric_limits<int64_t>::max(),
      true,
      "text",
      "",
      Json::array(),
      Json::object(),
      {{"handle", "0x1a"}, {"group", {{"length", 3}, {"value", "a\nb"}}}},
      "a \"quoted\" text\nof two lines \\ and \x01 or \xc3\xa9"};
  for (const Event::Kind kind : kKinds) {
    for (const Json& value : values) {
      const Event event{.thread = 7, .kind = kind, .name = "n", .value = value};
      const std::string line = ToLine(event);
      EXPECT_EQ(line.find('\n'), std::string::npos) << line;
      Event back;
      ASSERT_EQ(FromLine(line, &back), "") << line;
      ExpectSame(back, event);
    }
  }
}

TEST(TraceEventTest, ALineIsAsItsHeaderSays) {
  EXPECT_EQ(ToLine({.thread = 0,
                    .kind = Event::Kind::kCall,
                    .name = "cpg_join",
                    .value = {{"handle", "0x1"}, {"group", "g1"}}}),
            R"({"thread":0,"call":"cpg_join",)"
            R"("with":{"handle":"0x1","group":"g1"}})");
  EXPECT_EQ(ToLine({.thread = 2, .kind = Event::Kind::kBegins, .name = "0.1"}),
            R"({"thread":2,"begins":"0.1"})");
}

TEST(TraceEventTest, EveryKindHasAWordOfItsOwn) {
  std::string words;
  for (const Event::Kind kind : kKinds) {
    words += std::string(ToString(kind)) + " ";
  }
  EXPECT_EQ(words, "call return callback callback_end saw begins note ");
}

TEST(TraceEventTest, WhatIsNotUtf8IsReplaced) {
  const std::string line = ToLine({.kind = Event::Kind::kNote,
                                   .name = "cut \xc3",
                                   .value = std::string("\xff\x00 end", 6)});
  Event back;
  ASSERT_EQ(FromLine(line, &back), "") << line;
  EXPECT_EQ(back.name, "cut \xef\xbf\xbd");
  EXPECT_EQ(back.value, std::string("\xef\xbf\xbd\x00 end", 8));
}

TEST(TraceEventTest, AnEventIsReadWithoutWhatWasReadBefore) {
  Event event{.thread = 5, .name = "old", .value = "old"};
  ASSERT_EQ(FromLine(R"({"thread":1,"saw":"new"})", &event), "");
  ExpectSame(event, {.thread = 1, .kind = Event::Kind::kSaw, .name = "new"});
}

TEST(TraceEventTest, WhatIsNoObjectIsSaidToBeNone) {
  for (const std::string_view line :
       {"", " ", "null", "7", "\"text\"", "[]", "[{\"thread\":0}]", "{", "}",
        "{\"thread\":0,\"note\":\"a\"", "{\"thread\":0,\"note\":\"a\"}}",
        "{\"thread\":0,\"note\":\"\xc3\"}", "{\"thread\":0,\"note\":\"\xff\"}",
        "{\"thread\":0,\"note\":\"a\nb\"}", "{'thread':0}"}) {
    EXPECT_EQ(ErrorIn(line), "it is no JSON object") << line;
  }
  EXPECT_EQ(ErrorIn(std::string_view("\0{}", 3)), "it is no JSON object");
}

TEST(TraceEventTest, AThreadMustBeANumberOfAThread) {
  for (const std::string_view thread :
       {"\"0\"", "null", "0.0", "0.5", "true", "[]", "{}", "-1", "2147483648",
        "4294967296", "9223372036854775807", "18446744073709551615",
        "18446744073709551616", "-9223372036854775808", "1e3", "1e300"}) {
    const std::string line =
        "{\"thread\":" + std::string(thread) + ",\"note\":\"a\"}";
    EXPECT_EQ(ErrorIn(line), "it names no thread") << line;
  }
  EXPECT_EQ(ErrorIn("{}"), "it names no thread");
  EXPECT_EQ(ErrorIn("{\"note\":\"a\"}"), "it names no thread");
  EXPECT_EQ(ErrorIn("{\"thread\":2147483647,\"note\":\"a\"}"), "");
}

TEST(TraceEventTest, AnUnknownKindIsSaidToBeOne) {
  for (const std::string_view line :
       {R"({"thread":0})", R"({"thread":0,"calls":"a"})",
        R"({"thread":0,"with":"a"})", R"({"thread":0,"call":7})",
        R"({"thread":0,"saw":null})", R"({"thread":0,"Note":"a"})"}) {
    EXPECT_EQ(ErrorIn(line), "it is of no known kind") << line;
  }
}

TEST(TraceEventTest, ValuesBeyondAnyNumberAreRead) {
  Event event;
  ASSERT_EQ(FromLine("{\"thread\":0,\"saw\":\"a\",\"with\":1e300}", &event),
            "");
  EXPECT_TRUE(event.value.is_number_float());
  // No number of the machine.
  EXPECT_EQ(ErrorIn("{\"thread\":0,\"saw\":\"a\",\"with\":1e999}"),
            "it is no JSON object");
}

TEST(TraceEventTest, BracketsWithoutEndDoNotOverflowTheStack) {
  constexpr size_t kDeep = 500'000;
  const std::string arrays = std::string(kDeep, '[') + std::string(kDeep, ']');
  EXPECT_EQ(ErrorIn("{\"thread\":0,\"saw\":\"a\",\"with\":" + arrays + "}"),
            "");
  EXPECT_EQ(ErrorIn(std::string(kDeep, '[')), "it is no JSON object");
}

TEST(TraceEventTest, ATextIsItsLines) {
  std::vector<Event> events;
  EXPECT_EQ(FromText("", &events), "");
  EXPECT_TRUE(events.empty());
  EXPECT_EQ(FromText("{\"thread\":0,\"call\":\"a\"}\n"
                     "{\"thread\":1,\"return\":\"b\",\"with\":[1]}\n"
                     "{\"thread\":2,\"saw\":\"c\"}",
                     &events),
            "");
  ASSERT_EQ(events.size(), 3);
  EXPECT_EQ(events[0].name, "a");
  ExpectSame(events[1], {.thread = 1,
                         .kind = Event::Kind::kReturn,
                         .name = "b",
                         .value = Json::array({1})});
  EXPECT_EQ(events[2].thread, 2);
}

TEST(TraceEventTest, TheFirstWrongLineOfATextIsNamed) {
  const std::string good = "{\"thread\":0,\"call\":\"a\"}\n";
  const std::vector<std::pair<std::string, std::string>> wrong = {
      {"rubbish\n" + good, "line 1: it is no JSON object"},
      {good + "{}\n" + good, "line 2: it names no thread"},
      {good + good + "{\"thread\":0}\nrubbish",
       "line 3: it is of no known kind"},
      {good + "\n" + good, "line 2: it is no JSON object"},
      {good + good.substr(0, 9), "line 2: it is no JSON object"}};
  for (const auto& [text, error] : wrong) {
    std::vector<Event> events;
    EXPECT_EQ(FromText(text, &events), error) << text;
  }
}

TEST(TraceEventTest, WhatWasReadBeforeAWrongLineIsKept) {
  std::vector<Event> events;
  EXPECT_NE(FromText("{\"thread\":0,\"call\":\"a\"}\nrubbish\n", &events), "");
  ASSERT_EQ(events.size(), 1);
  EXPECT_EQ(events[0].name, "a");
}

}  // namespace
}  // namespace cpgcert::harness::trace
