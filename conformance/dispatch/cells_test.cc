#include "conformance/dispatch/cells.h"

#include <corosync/corotypes.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "conformance/requirements/requirements.h"

namespace cpgcert::conformance::dispatch {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::MatchesRegex;
using testing::Not;

// All values of the axes, for names that no requirement begins.
std::string Axes(const Cell& cell) {
  std::string axes;
  for (const std::string_view part :
       {Name(cell.type), Name(cell.handle), Name(cell.pending),
        Name(cell.callbacks), Name(cell.disturbance)}) {
    axes.append(part).append(" ");
  }
  return axes;
}

std::set<std::string> AxesOf(const std::vector<Cell>& cells) {
  std::set<std::string> axes;
  for (const Cell& cell : cells) {
    axes.insert(Axes(cell));
  }
  return axes;
}

// Type, handle, ... as an index, so that an axis can be looped over.
std::vector<std::string> Values(const Cell& cell) {
  return {"type " + std::string(Name(cell.type)),
          "handle " + std::string(Name(cell.handle)),
          "pending " + std::string(Name(cell.pending)),
          "callbacks " + std::string(Name(cell.callbacks)),
          "disturbance " + std::string(Name(cell.disturbance))};
}

std::set<std::string> ValuesOf(const std::vector<Cell>& cells) {
  std::set<std::string> values;
  for (const Cell& cell : cells) {
    for (const std::string& value : Values(cell)) {
      values.insert(value);
    }
  }
  return values;
}

TEST(Product, HoldsEachCombinationOnce) {
  EXPECT_EQ(Product().size(), 7 * 15 * 7 * 8 * 6);
  EXPECT_EQ(AxesOf(Product()).size(), Product().size());
}

// A golden number: whoever changes the matrix says so here.
TEST(Cells, AreThisMany) { EXPECT_EQ(Cells().size(), 1255); }

TEST(Cells, AreWhatTheExclusionsLeave) {
  const std::set<std::string> cells = AxesOf(Cells());
  EXPECT_EQ(cells.size(), Cells().size());
  size_t left_out = 0;
  for (const Cell& cell : Product()) {
    const bool excluded = ExcludedBy(cell) != nullptr;
    left_out += excluded ? 1 : 0;
    EXPECT_NE(cells.contains(Axes(cell)), excluded) << Axes(cell);
  }
  EXPECT_EQ(cells.size() + left_out, Product().size());
}

TEST(Cells, UseEachValueOfEachAxis) {
  const std::set<std::string> all = ValuesOf(Product());
  EXPECT_EQ(all.size(), 7 + 15 + 7 + 8 + 6);
  EXPECT_EQ(ValuesOf(Cells()), all);
}

TEST(Exclusions, HaveReasonsOfTheirOwn) {
  std::set<std::string_view> reasons;
  for (const Exclusion& exclusion : Exclusions()) {
    EXPECT_FALSE(exclusion.reason.empty());
    EXPECT_TRUE(reasons.insert(exclusion.reason).second) << exclusion.reason;
  }
}

// A dead exclusion is a reason that nobody can check.
TEST(Exclusions, EachLeaveOutWhatNoEarlierOneDoes) {
  std::map<const Exclusion*, int> left_out;
  for (const Cell& cell : Product()) {
    ++left_out[ExcludedBy(cell)];
  }
  for (const Exclusion& exclusion : Exclusions()) {
    EXPECT_GT(left_out[&exclusion], 0) << exclusion.reason;
  }
}

TEST(Exclusions, TheFirstThatAppliesIsTheReason) {
  const Cell cell = {.handle = Handle::kZero, .pending = Pending::kOneMessage};
  ASSERT_NE(ExcludedBy(cell), nullptr);
  EXPECT_EQ(ExcludedBy(cell), &Exclusions().front());
  EXPECT_EQ(ExcludedBy({.handle = Handle::kZero}), nullptr);
}

TEST(Name, IsUniqueAndWellFormed) {
  std::set<std::string> names;
  for (const Cell& cell : Cells()) {
    const std::string name = Name(cell);
    EXPECT_THAT(name, MatchesRegex("[A-Z]+-[0-9]+(/[A-Z][A-Za-z0-9]*){5}"));
    EXPECT_EQ(name.substr(0, name.find('/')), RequirementsOf(cell).front());
    EXPECT_TRUE(names.insert(name).second) << name;
  }
}

TEST(Name, Golden) {
  EXPECT_EQ(
      Name(Cell{.type = Type::kOneNonblocking, .handle = Handle::kJoined}),
      "DISPATCH-05/OneNonblocking/Joined/NothingPending/AllCallbacks/"
      "Undisturbed");
  EXPECT_EQ(Name(Cell{.type = Type::kInvalidMinus1,
                      .handle = Handle::kServiceKilledDuring}),
            "DISPATCH-09/InvalidMinus1/ServiceKilledDuring/NothingPending/"
            "AllCallbacks/Undisturbed");
}

TEST(RequirementsOf, AreInTheTableAndNamedOnce) {
  for (const Cell& cell : Cells()) {
    const std::vector<std::string> ids = RequirementsOf(cell);
    EXPECT_FALSE(ids.empty()) << Name(cell);
    for (const std::string& id : ids) {
      EXPECT_NE(FindRequirement(id), nullptr) << id << " of " << Name(cell);
    }
    EXPECT_EQ(std::set<std::string>(ids.begin(), ids.end()).size(), ids.size())
        << Name(cell);
  }
}

TEST(RequirementsOf, FollowTheAxes) {
  EXPECT_THAT(RequirementsOf({.type = Type::kOne, .handle = Handle::kZero}),
              ElementsAre("DISPATCH-02", "HND-01", "ERR-06"));
  EXPECT_THAT(RequirementsOf({.type = Type::kBlocking,
                              .handle = Handle::kJoined,
                              .pending = Pending::kOneMessage,
                              .disturbance = Disturbance::kSignalsRestarting}),
              ElementsAre("DISPATCH-04", "DISPATCH-16", "MCAST-01",
                          "DISPATCH-15", "DISPATCH-07"));
  EXPECT_THAT(RequirementsOf({.type = Type::kAll,
                              .handle = Handle::kForkedChild,
                              .pending = Pending::kMixtureOfFive}),
              ElementsAre("DISPATCH-17"));
}

// A cell cannot decide the promises of callbacks that it does not register.
TEST(RequirementsOf, NeedTheCallbackThatShowsThem) {
  for (const Cell& cell : Cells()) {
    const std::vector<std::string> ids = RequirementsOf(cell);
    if (!HasDeliver(cell.callbacks)) {
      EXPECT_THAT(ids,
                  AllOf(Not(Contains("MCAST-01")), Not(Contains("PART-01"))))
          << Name(cell);
    }
    if (!HasChange(cell.callbacks)) {
      EXPECT_THAT(ids, Not(Contains("CONF-01"))) << Name(cell);
    }
    if (!HasTotem(cell.callbacks)) {
      EXPECT_THAT(ids, Not(Contains("TOTEM-02"))) << Name(cell);
    }
    if (!MayBlock(cell.type)) {
      EXPECT_THAT(ids, Not(Contains("DISPATCH-16"))) << Name(cell);
    }
  }
}

TEST(Type, ValuesAreThoseOfTheHeader) {
  EXPECT_EQ(static_cast<int>(Type::kOne), CS_DISPATCH_ONE);
  EXPECT_EQ(static_cast<int>(Type::kAll), CS_DISPATCH_ALL);
  EXPECT_EQ(static_cast<int>(Type::kBlocking), CS_DISPATCH_BLOCKING);
  EXPECT_EQ(static_cast<int>(Type::kOneNonblocking),
            CS_DISPATCH_ONE_NONBLOCKING);
  EXPECT_TRUE(IsInvalid(Type::kInvalid0));
  EXPECT_TRUE(IsInvalid(Type::kInvalid5));
  EXPECT_TRUE(IsInvalid(Type::kInvalidMinus1));
  EXPECT_FALSE(IsInvalid(Type::kOneNonblocking));
}

}  // namespace
}  // namespace cpgcert::conformance::dispatch
