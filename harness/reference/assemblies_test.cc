#include "harness/reference/assemblies.h"

#include <gtest/gtest.h>

#include <string>

namespace cpgcert::reference {
namespace {

constexpr Sender kOne = {1, 100};
constexpr Sender kOther = {2, 100};

class AssembliesTest : public testing::Test {
 protected:
  // The message if this made it whole, "-" if not, or "error".
  std::string Add(const Sender& sender, wire::Position position,
                  uint32_t message_size, std::string bytes) {
    Fragment fragment = {.group = {},
                         .sender = sender,
                         .message_size = message_size,
                         .position = position,
                         .bytes = std::as_writable_bytes(std::span(bytes))};
    std::optional<std::vector<std::byte>> whole;
    if (assemblies_.Add(fragment, &whole) != CS_OK) {
      EXPECT_FALSE(whole);
      return "error";
    }
    if (!whole) return "-";
    return {reinterpret_cast<const char*>(whole->data()), whole->size()};
  }

  Assemblies assemblies_;
};

TEST_F(AssembliesTest, PutsTogetherInOrder) {
  EXPECT_EQ(Add(kOne, wire::kFirst, 6, "ab"), "-");
  EXPECT_EQ(Add(kOne, wire::kContinued, 6, "cd"), "-");
  EXPECT_EQ(Add(kOne, wire::kLast, 6, "ef"), "abcdef");
  EXPECT_EQ(Add(kOne, wire::kLast, 6, "ef"), "-") << "it is over";
}

TEST_F(AssembliesTest, SendersDoNotMix) {
  EXPECT_EQ(Add(kOne, wire::kFirst, 4, "ab"), "-");
  EXPECT_EQ(Add(kOther, wire::kFirst, 4, "AB"), "-");
  EXPECT_EQ(Add(kOne, wire::kLast, 4, "cd"), "abcd");
  EXPECT_EQ(Add(kOther, wire::kLast, 4, "CD"), "ABCD");
}

TEST_F(AssembliesTest, ANewMessageDropsTheOld) {
  EXPECT_EQ(Add(kOne, wire::kFirst, 4, "ab"), "-");
  EXPECT_EQ(Add(kOne, wire::kFirst, 3, "x"), "-");
  EXPECT_EQ(Add(kOne, wire::kLast, 3, "yz"), "xyz");
}

TEST_F(AssembliesTest, WhatContinuesNothingIsPassedOver) {
  EXPECT_EQ(Add(kOne, wire::kContinued, 4, "ab"), "-");
  EXPECT_EQ(Add(kOne, wire::kLast, 4, "ab"), "-");
  EXPECT_EQ(Add(kOne, wire::kFirst, 4, "ab"), "-");
  assemblies_.Drop(kOne);
  EXPECT_EQ(Add(kOne, wire::kLast, 4, "cd"), "-");
}

TEST_F(AssembliesTest, SizesThatDisagreeAreRefused) {
  EXPECT_EQ(Add(kOne, wire::kFirst, 4, "ab"), "-");
  EXPECT_EQ(Add(kOne, wire::kContinued, 4, "cde"), "error") << "too long";
  EXPECT_EQ(Add(kOne, wire::kLast, 4, "cd"), "-") << "it was dropped";
  EXPECT_EQ(Add(kOne, wire::kFirst, 4, "ab"), "-");
  EXPECT_EQ(Add(kOne, wire::kLast, 4, "c"), "error") << "too short";
  EXPECT_EQ(Add(kOne, wire::kFirst, 4, "ab"), "-");
  EXPECT_EQ(Add(kOne, wire::kLast, 5, "cd"), "error") << "another message";
}

// 4 GiB are announced by one byte.
TEST_F(AssembliesTest, AnAnnouncementCostsNothing) {
  for (uint32_t pid = 0; pid < 100'000; ++pid) {
    ASSERT_EQ(Add({1, pid}, wire::kFirst, 0xffffffff, "a"), "-");
  }
}

}  // namespace
}  // namespace cpgcert::reference
