#include "cli/dispatch_matrix.h"

#include <set>
#include <string>

#include "conformance/dispatch/cells.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "reports/certificate.h"

namespace cpgcert::cli {
namespace {

using conformance::dispatch::Name;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

TEST(DispatchMatrixTest, ACaseOfTheMatrixIsACell) {
  EXPECT_THAT(
      CellOf("DISPATCH-05/OneNonblocking/Joined/NothingPending/"
             "AllCallbacks/Undisturbed"),
      ElementsAre(Pair("callbacks", "AllCallbacks"),
                  Pair("disturbance", "Undisturbed"), Pair("handle", "Joined"),
                  Pair("pending", "NothingPending"),
                  Pair("type", "OneNonblocking")));
}

TEST(DispatchMatrixTest, AnotherCaseIsNone) {
  EXPECT_THAT(CellOf("DISPATCH-05/OneNonblocking"), IsEmpty());
  EXPECT_THAT(CellOf(""), IsEmpty());
}

TEST(DispatchMatrixTest, EveryValueOfACellStandsOnItsAxisWithAMeaning) {
  const reports::Matrix matrix = DispatchMatrix();
  for (const reports::Axis& axis : matrix.axes) {
    std::set<std::string> known;
    for (const reports::AxisValue& value : axis.values) {
      EXPECT_NE(value.meaning, "");
      EXPECT_TRUE(known.insert(value.name).second) << value.name;
    }
    for (const auto& cell : conformance::dispatch::Product()) {
      const std::map<std::string, std::string> values = CellOf(Name(cell));
      if (values.empty()) {
        continue;  // it is left out
      }
      EXPECT_TRUE(known.contains(values.at(axis.name))) << axis.name;
    }
  }
}

TEST(DispatchMatrixTest, WhatIsLeftOutAndWhatIsNotAreTheProduct) {
  size_t cells = conformance::dispatch::Cells().size();
  for (const reports::LeftOut& left_out : DispatchMatrix().left_out) {
    EXPECT_GT(left_out.cells, 0) << left_out.reason;
    cells += static_cast<size_t>(left_out.cells);
  }
  EXPECT_EQ(cells, conformance::dispatch::Product().size());
}

}  // namespace
}  // namespace cpgcert::cli
