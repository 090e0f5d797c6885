#include "reports/text.h"

#include <string>
#include <string_view>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace cpgcert::reports {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::string One(std::string_view text) { return Visible(text, Lines::kOne); }
std::string Keep(std::string_view text) { return Visible(text, Lines::kKeep); }

TEST(VisibleTest, LeavesOrdinaryTextAlone) {
  for (const std::string_view text :
       {"", "plain", "a\\b", "é€😀", "ﬁn", "\xEF\xBF\xBD"}) {
    EXPECT_EQ(One(text), text);
    EXPECT_EQ(Keep(text), text);
  }
}

TEST(VisibleTest, ShowsControls) {
  EXPECT_EQ(One("\x1b[31mred\x07"), "\\x1b[31mred\\x07");
  EXPECT_EQ(One(std::string_view("a\0b", 3)), "a\\x00b");
  EXPECT_EQ(One("\x7f"), "\\x7f");
  EXPECT_EQ(One("\xC2\x9B"), "\\u009b");
  EXPECT_EQ(Keep("\r\x0b"), "\\r\\x0b");
}

TEST(VisibleTest, ShowsWhatTurnsTextAroundOrIsNoCharacter) {
  EXPECT_EQ(One("a\xE2\x80\xAE"
                "b"),
            "a\\u202eb");
  EXPECT_EQ(One("\xE2\x81\xA6"), "\\u2066");
  EXPECT_EQ(One("\xEF\xBF\xBE"), "\\ufffe");
  EXPECT_EQ(One("\xEF\xBF\xBF"), "\\uffff");
}

TEST(VisibleTest, KeepsOrShowsLines) {
  EXPECT_EQ(Keep("a\n\tb\n"), "a\n\tb\n");
  EXPECT_EQ(One("a\n\tb\n"), "a\\n\\tb\\n");
}

TEST(VisibleTest, ReplacesEachIllFormedByte) {
  const std::string bad = "\xEF\xBF\xBD";
  EXPECT_EQ(One("\x80"), bad);
  EXPECT_EQ(One("a\xFFz"), "a" + bad + "z");
  EXPECT_EQ(One("\xC3"), bad);                                // cut short
  EXPECT_EQ(One("\xE2\x82"), bad + bad);                      // cut short
  EXPECT_EQ(One("\xC3("), bad + "(");                         // no follower
  EXPECT_EQ(One("\xC0\xAF"), bad + bad);                      // overlong
  EXPECT_EQ(One("\xED\xA0\x80"), bad + bad + bad);            // a surrogate
  EXPECT_EQ(One("\xF4\x90\x80\x80"), bad + bad + bad + bad);  // too great
}

TEST(ShortenTest, CutsAtCodePoints) {
  EXPECT_EQ(Columns("né€😀"), 4u);
  EXPECT_EQ(Shorten("né€😀", 4), "né€😀");
  EXPECT_EQ(Shorten("né€😀", 3), "né…");
  EXPECT_EQ(Shorten("né€😀", 1), "…");
  EXPECT_EQ(Shorten("né€😀", 0), "");
  EXPECT_EQ(Shorten("", 0), "");
}

TEST(LinesTest, Split) {
  EXPECT_THAT(SplitLines(""), IsEmpty());
  EXPECT_THAT(SplitLines("a"), ElementsAre("a"));
  EXPECT_THAT(SplitLines("a\n"), ElementsAre("a"));
  EXPECT_THAT(SplitLines("a\n\nb"), ElementsAre("a", "", "b"));
  EXPECT_THAT(SplitLines("\n"), ElementsAre(""));
  EXPECT_EQ(FirstLine("a\nb"), "a");
  EXPECT_EQ(FirstLine(""), "");
}

TEST(WordsTest, CountAndJoin) {
  EXPECT_EQ(Plural(0, "case"), "0 cases");
  EXPECT_EQ(Plural(1, "case"), "1 case");
  EXPECT_EQ(Plural(2, "case"), "2 cases");
  EXPECT_EQ(Join({}, ", "), "");
  EXPECT_EQ(Join({"a", "b"}, ", "), "a, b");
}

}  // namespace
}  // namespace cpgcert::reports
