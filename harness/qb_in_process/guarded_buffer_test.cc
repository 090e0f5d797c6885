#include "harness/qb_in_process/guarded_buffer.h"

#include <string>

#include "gtest/gtest.h"

namespace cpgcert::harness {
namespace {

TEST(GuardedBufferTest, GathersThePieces) {
  GuardedBuffer buffer;
  std::string one = "one ";
  std::string two = "two";
  const iovec pieces[] = {
      {one.data(), one.size()}, {nullptr, 0}, {two.data(), two.size()}};
  EXPECT_EQ(buffer.Gather(pieces), "one two");
  EXPECT_EQ(buffer.Gather({}), "");
  EXPECT_NE(buffer.Gather({}).data(), nullptr);
}

TEST(GuardedBufferTest, GrowsAndShrinks) {
  GuardedBuffer buffer;
  for (const size_t size : {1UL, 4096UL, 4097UL, 3000000UL, 2UL}) {
    std::string bytes(size, 'x');
    const iovec piece{bytes.data(), size};
    EXPECT_EQ(buffer.Gather({&piece, 1}), bytes);
  }
}

TEST(GuardedBufferDeathTest, OneByteTooFarIsACrash) {
  GuardedBuffer buffer;
  const volatile char* const bytes = buffer.Place(5);
  EXPECT_EQ(bytes[4], 0);
  EXPECT_DEATH(static_cast<void>(bytes[5]), "");
}

}  // namespace
}  // namespace cpgcert::harness
