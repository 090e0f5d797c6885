#include "harness/message.h"

#include <fmt/core.h>

#include <algorithm>
#include <cstddef>
#include <random>
#include <set>
#include <string>

#include "gtest/gtest.h"

namespace cpgcert::harness {
namespace {

constexpr size_t kSizeMax = 4096;
constexpr size_t kLargeSize = 3 << 20;

size_t HeaderSize(const std::string& name, size_t size) {
  return fmt::format("{}/{}/", name, size).size();
}

// Whether the bytes are a whole message "m1" of some size.
bool IsWhole(const std::string& bytes) {
  return DescribeMessage(bytes) == "m1";
}

TEST(MessageTest, EveryMessageNamesItself) {
  for (size_t size = 0; size <= kSizeMax; ++size) {
    ASSERT_EQ(DescribeMessage(MakeMessage("m1", size)), "m1") << size;
  }
  for (const char* name : {"m", "a longer name", "m1\n", "17", "-1"}) {
    EXPECT_EQ(DescribeMessage(MakeMessage(name, 300)), name);
  }
  EXPECT_EQ(DescribeMessage(MakeMessage("large", kLargeSize)), "large");
}

TEST(MessageTest, AMessageHasTheSizeThatWasAskedForOrThatOfItsHeader) {
  for (size_t size = 0; size <= kSizeMax; ++size) {
    ASSERT_EQ(MakeMessage("m1", size).size(),
              std::max(size, HeaderSize("m1", size)));
  }
  EXPECT_EQ(MakeMessage("m1"), "m1/0/");
}

TEST(MessageTest, MessagesOfDifferentNamesDifferInTheirPattern) {
  std::set<std::string> patterns;
  for (int i = 0; i < 100; ++i) {
    const std::string name = fmt::format("m{:02}", i);
    patterns.insert(MakeMessage(name, 64).substr(HeaderSize(name, 64)));
  }
  EXPECT_EQ(patterns.size(), 100U);
}

TEST(MessageTest, APatternDoesNotRepeat) {
  const std::string message = MakeMessage("m1", kSizeMax);
  std::set<std::string> words;
  size_t count = 0;
  for (size_t at = HeaderSize("m1", kSizeMax); at + 8 <= message.size();
       at += 8, ++count) {
    words.insert(message.substr(at, 8));
  }
  EXPECT_EQ(words.size(), count);
}

TEST(MessageTest, EveryAlteredByteOfThePatternIsFound) {
  for (const size_t size : {6, 7, 8, 13, 14, 15, 64, 1000, 4096}) {
    const std::string sent = MakeMessage("m1", size);
    for (size_t at = HeaderSize("m1", size); at < sent.size(); ++at) {
      std::string altered = sent;
      altered[at] = static_cast<char>(altered[at] ^ (1 << (at % 8)));
      ASSERT_EQ(DescribeMessage(altered),
                fmt::format("m1 altered at byte {} of {}", at, size));
    }
  }
}

TEST(MessageTest, AnyByteAlteredInALargeMessageIsFound) {
  std::mt19937 random(1);
  const std::string sent = MakeMessage("m1", kLargeSize);
  std::uniform_int_distribution<size_t> place(HeaderSize("m1", kLargeSize),
                                              sent.size() - 1);
  for (int i = 0; i < 20; ++i) {
    std::string altered = sent;
    const size_t at = place(random);
    altered[at] = static_cast<char>(~altered[at]);
    EXPECT_EQ(DescribeMessage(altered),
              fmt::format("m1 altered at byte {} of {}", at, kLargeSize));
  }
}

TEST(MessageTest, AMessageWithAnAlteredHeaderIsNotTakenForTheOneSent) {
  for (const size_t size : {20, 300, 4096}) {
    const std::string sent = MakeMessage("m1", size);
    for (size_t at = 0; at < HeaderSize("m1", size); ++at) {
      for (int value = 0; value < 256; ++value) {
        std::string altered = sent;
        altered[at] = static_cast<char>(value);
        ASSERT_EQ(IsWhole(altered), altered == sent) << altered.substr(0, 10);
      }
    }
  }
}

TEST(MessageTest, EveryCutIsFound) {
  for (const size_t size : {0, 5, 6, 20, 300, 4096}) {
    const std::string sent = MakeMessage("m1", size);
    const size_t header = HeaderSize("m1", size);
    for (size_t kept = 0; kept < sent.size(); ++kept) {
      const std::string expected =
          kept < header
              ? fmt::format("{} bytes that no case sent", kept)
              : fmt::format("m1 cut to {} of {} bytes", kept, sent.size());
      ASSERT_EQ(DescribeMessage(sent.substr(0, kept)), expected);
    }
  }
}

TEST(MessageTest, BytesTooManyAreFound) {
  for (size_t size = 0; size <= kSizeMax; size += 97) {
    const std::string sent = MakeMessage("m1", size);
    for (const size_t extra : {1, 8, 4096}) {
      ASSERT_EQ(DescribeMessage(sent + std::string(extra, '\0')),
                fmt::format("m1 followed by {} more bytes", extra));
    }
  }
}

TEST(MessageTest, APieceOfAnotherMessageIsFound) {
  const std::string sent = MakeMessage("m1", 300);
  const std::string other = MakeMessage("m2", 300);
  EXPECT_EQ(DescribeMessage(sent.substr(0, 100) + other.substr(100)),
            "m1 altered at byte 100 of 300");
  EXPECT_EQ(DescribeMessage(sent + other), "m1 followed by 300 more bytes");
}

TEST(MessageTest, BytesThatNoCaseSentAreSaidToBeSo) {
  for (const std::string bytes :
       {"", "/", "//", "m1", "m1/", "m1//", "m1/12", "m1/x/", "m1/-1/",
        "m1/ 1/", "m1/0x1/", "/5/", "m1/1e3/", "m1/99999999999999999999999/",
        "m1/18446744073709551615/", "m1/1000000000/"}) {
    EXPECT_EQ(DescribeMessage(bytes),
              fmt::format("{} bytes that no case sent", bytes.size()))
        << bytes;
  }
}

TEST(MessageTest, RandomBytesAreNotTakenForAMessage) {
  std::mt19937 random(2);
  for (size_t size = 0; size < kSizeMax; ++size) {
    std::string bytes(size, '\0');
    std::ranges::generate(bytes, [&] { return static_cast<char>(random()); });
    const std::string text = DescribeMessage(bytes);
    ASSERT_TRUE(text == fmt::format("{} bytes that no case sent", size) ||
                text.find(" altered at byte ") != std::string::npos ||
                text.find(" cut to ") != std::string::npos)
        << text;
  }
}

}  // namespace
}  // namespace cpgcert::harness
