#include "harness/verdict.h"

#include <set>
#include <string_view>

#include "gtest/gtest.h"

namespace cpgcert::harness {
namespace {

TEST(VerdictTest, EveryVerdictHasADistinctNameThatReadsBack) {
  std::set<std::string_view> names;
  for (const Verdict verdict : kAllVerdicts) {
    names.insert(ToString(verdict));
    EXPECT_EQ(FromString(ToString(verdict)), verdict) << ToString(verdict);
  }
  EXPECT_EQ(names, (std::set<std::string_view>{
                       "pass", "unsupported", "untested", "inconclusive",
                       "fail", "crash", "hang", "error"}));
}

TEST(VerdictTest, OtherTextIsNoVerdict) {
  for (const std::string_view text :
       {"", "Pass", "passed", "pass ", " pass", "deviation", "errors"}) {
    EXPECT_EQ(FromString(text), std::nullopt) << text;
  }
}

TEST(VerdictTest, AValueOutsideTheEnumerationIsAnError) {
  EXPECT_EQ(ToString(static_cast<Verdict>(99)), "error");
  EXPECT_EQ(ToString(static_cast<Verdict>(-1)), "error");
}

TEST(VerdictTest, WorseFollowsTheOrder) {
  for (std::size_t i = 0; i < kAllVerdicts.size(); ++i) {
    for (std::size_t j = i; j < kAllVerdicts.size(); ++j) {
      EXPECT_EQ(Worse(kAllVerdicts[i], kAllVerdicts[j]), kAllVerdicts[j]);
      EXPECT_EQ(Worse(kAllVerdicts[j], kAllVerdicts[i]), kAllVerdicts[j]);
    }
  }
}

TEST(VerdictTest, OnlyFailCrashAndHangAreUnfavourable) {
  std::set<Verdict> unfavourable;
  for (const Verdict verdict : kAllVerdicts) {
    if (IsUnfavourable(verdict)) unfavourable.insert(verdict);
  }
  EXPECT_EQ(unfavourable, (std::set<Verdict>{Verdict::kFail, Verdict::kCrash,
                                             Verdict::kHang}));
}

}  // namespace
}  // namespace cpgcert::harness
