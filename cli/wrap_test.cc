#include "cli/wrap.h"

#include <gtest/gtest.h>

#include <string>

namespace cpgcert::cli {
namespace {

TEST(WrapTest, FillsLinesOfEightyColumns) {
  const std::string half(39, 'a');
  EXPECT_EQ(Wrap(half + " " + half + " b", "", "> "),
            half + " " + half + "\n> b\n");
  EXPECT_EQ(Wrap(half + " " + half + "a b", "", ""),
            half + " " + half + "a\nb\n");
  EXPECT_EQ(Wrap(half + " " + half + "aa b", "", ""),
            half + "\n" + half + "aa b\n");
  EXPECT_EQ(Wrap("a " + half + " " + half, "- ", "  "),
            "- a " + half + "\n  " + half + "\n");
}

TEST(WrapTest, BlanksOfAnyKindPartWords) {
  EXPECT_EQ(Wrap(" a\n\tb  c\n", "source: ", ""), "source: a b c\n");
}

TEST(WrapTest, NoWordsAreNoLines) {
  EXPECT_EQ(Wrap("", "first ", "next "), "");
  EXPECT_EQ(Wrap(" \n", "first ", "next "), "");
}

TEST(WrapTest, ALongWordHasItsOwnLine) {
  const std::string word(200, 'a');
  EXPECT_EQ(Wrap("b " + word + " c", "", ". "), "b\n. " + word + "\n. c\n");
  EXPECT_EQ(Wrap(word, "- ", ""), "- " + word + "\n");
}

}  // namespace
}  // namespace cpgcert::cli
