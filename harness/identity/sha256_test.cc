#include "harness/identity/sha256.h"

#include <fcntl.h>
#include <unistd.h>

#include <string>

#include "gtest/gtest.h"

namespace cpgcert::harness {
namespace {

// FIPS 180-2, appendix B.
constexpr const char* kOfAbc =
    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

TEST(Sha256Test, IsThatOfTheStandard) {
  EXPECT_EQ(Sha256("abc"), kOfAbc);
  EXPECT_EQ(Sha256(std::string("abc\0", 4)).size(), 64U);
  EXPECT_NE(Sha256(std::string("abc\0", 4)), kOfAbc);
}

TEST(Sha256Test, OfAFileItIsThatOfItsBytes) {
  const std::string path = testing::TempDir() + "sha256_test";
  const int file = open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC, 0600);
  ASSERT_EQ(write(file, "abc", 3), 3);
  EXPECT_EQ(Sha256OfFile(file), kOfAbc);
  close(file);
  EXPECT_EQ(Sha256OfFile(file), "");
}

}  // namespace
}  // namespace cpgcert::harness
