#include "fuzz/replies/reply_output.h"

#include <cstdint>

#include "gtest/gtest.h"

namespace cpgcert::fuzz {
namespace {

TEST(ReplyOutputTest, RoomIsFreshEachTime) {
  ReplyOutput output(3 * sizeof(uint32_t));
  for (int i = 0; i < 2; ++i) {
    auto* const place = output.Place<uint32_t>(3);
    EXPECT_EQ(place[0], 0xa5a5a5a5U);
    EXPECT_EQ(place[2], 0xa5a5a5a5U);
    place[0] = place[1] = place[2] = 1;
    EXPECT_TRUE(output.IsIntact());
  }
}

TEST(ReplyOutputTest, FindsWhatIsWrittenBeforeIt) {
  ReplyOutput output(sizeof(uint32_t));
  EXPECT_TRUE(output.IsIntact());
  volatile unsigned char* const place = output.Place<unsigned char>(4);
  *(place - 1) = 0;
  EXPECT_FALSE(output.IsIntact());
  output.Place<unsigned char>(4);
  EXPECT_TRUE(output.IsIntact());
}

TEST(ReplyOutputDeathTest, OneByteTooFarIsACrash) {
  ReplyOutput output(4096);
  for (const size_t size : {0, 1, 12, 4096}) {
    volatile unsigned char* const place = output.Place<unsigned char>(size);
    EXPECT_DEATH(*(place + size) = 0, "") << size;
  }
}

}  // namespace
}  // namespace cpgcert::fuzz
