// The gate: every planted fault is caught by cases that decide the requirement
// which the fault breaks, with the verdict that its entry declares; and what
// has no fault is not.

#include <gtest/gtest.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "conformance/case.h"
#include "conformance/case_runner.h"
#include "conformance/faults/faults.h"
#include "conformance/faults/gate_rows.h"
#include "conformance/faults/suite_on.h"
#include "conformance/requirements/requirements.h"
#include "conformance/suites.h"

namespace cpgcert::faults {
namespace {

using conformance::CaseRun;
using harness::Verdict;
using Clock = std::chrono::steady_clock;

// Cases look after this many that catch a fault.
constexpr size_t kCatchesMax = 2;

// The search for the second one ends after this time: a fault that makes each
// case wait in vain must not hold up the gate.
constexpr std::chrono::seconds kSecondSearch{30};

// Longer than what the cases themselves wait for: a case that misses something
// says so, and is not ended as one that hangs.
constexpr std::chrono::milliseconds kDeadline{40000};
// Of a fault that makes its cases hang; still longer than any one wait.
constexpr std::chrono::milliseconds kHangDeadline{20000};

// One of them passes on every libcpg that starts at all.
constexpr std::string_view kStartCases[] = {
    "DISPATCH-03/All/Joined/NothingPending/AllCallbacks/Undisturbed",
    "CTX-01/LastOneSet",
    "LOCAL-01/NotJoined",
};

// What a fault is built from, and judged by where it shows nothing.
struct Base {
  const char* unfaulted;  // runfile
  const char* deviations;
};

Base BaseOf(const Fault& fault) {
  return *fault.folder == '\0' ? Base{kUnfaulted, kRealDeviations}
                               : Base{kReference, kReferenceDeviations};
}

bool IsEquivalent(const Fault& fault) {
  return std::string_view(fault.verdicts) == "equivalent";
}

// One of those that the entry declares.
bool IsDeclared(const Fault& fault, Verdict verdict) {
  const std::string declared = "|" + std::string(fault.verdicts) + "|";
  return declared.find("|" + std::string(ToString(verdict)) + "|") !=
         std::string::npos;
}

// The run speaks against `requirement`, and the base itself does not behave so.
bool Catches(const CaseRun& run, const std::string& requirement) {
  return !run.outcome.is_deviation &&
         harness::IsUnfavourable(run.outcome.verdict) &&
         harness::IsUnfavourable(
             conformance::VerdictFor(run.outcome, requirement));
}

// Nothing new is wrong with a library that has no fault.
bool IsAsItShouldBe(const CaseRun& run) {
  const bool is_unsupported = run.outcome.verdict == Verdict::kUnsupported &&
                              run.outcome.needs_capability;
  return run.outcome.verdict == Verdict::kPass || run.outcome.is_deviation ||
         is_unsupported;
}

TEST(FaultTable, EachRequirementHasAFaultOrAReason) {
  std::map<std::string_view, int> faults;
  for (const Fault& fault : kFaults) {
    faults[fault.requirement] += IsEquivalent(fault) ? 0 : 1;
  }
  for (const WithoutFault& without : kWithoutFault) {
    EXPECT_EQ(faults[without.requirement]++, 0) << without.why;
  }
  for (const auto& requirement : conformance::Requirements()) {
    EXPECT_GT(faults[requirement.id], 0) << requirement.id;
  }
}

// Faults of this shard, as far as they have been looked for.
std::vector<GateRow>& Rows() {
  static std::vector<GateRow> rows;
  return rows;
}

// Leaves the rows where Bazel collects what a test puts out.
class RowWriter : public testing::Environment {
 public:
  void TearDown() override {
    const char* folder = std::getenv("TEST_UNDECLARED_OUTPUTS_DIR");
    if (folder != nullptr && !Rows().empty()) {
      std::ofstream(std::string(folder) + "/gate.json") << ToJson(Rows());
    }
  }
};

class GateTest : public testing::TestWithParam<Fault> {
 protected:
  GateTest()
      : fault_(GetParam()),
        base_(BaseOf(fault_)),
        library_(Runfile("conformance/faults/" + std::string(fault_.folder) +
                         fault_.name + ".so")) {
    row_.fault = fault_;
  }

  // Runs the cases of the requirement until enough of them have caught it.
  void Hunt() {
    const std::vector<size_t> deciding = CasesDeciding(fault_.requirement);
    row_.deciding = deciding.size();
    ASSERT_FALSE(deciding.empty()) << "no case decides " << fault_.requirement;
    std::vector<Trial> trials;
    for (const std::string_view name : kStartCases) {
      trials.push_back(OnFault(CaseNamed(name)));
    }
    for (const size_t index : deciding) {
      trials.push_back(OnFault(index));
    }
    bool starts = false;
    size_t ran = 0;
    const Clock::time_point begin = Clock::now();
    Clock::time_point caught_at;
    const auto on_run = [&](const Trial&, const CaseRun& run) {
      if (ran++ < std::size(kStartCases)) {
        starts |= conformance::VerdictFor(run.outcome,
                                          run.outcome.requirements.front()) ==
                  Verdict::kPass;
        return true;
      }
      ++row_.ran;
      if (Catches(run, fault_.requirement)) {
        row_.catches.push_back({run.outcome.name, run.outcome.verdict});
        caught_at = Clock::now();
      }
      const bool is_late =
          !row_.catches.empty() && Clock::now() - caught_at > kSecondSearch;
      return starts && row_.catches.size() < kCatchesMax && !is_late;
    };
    ASSERT_EQ(RunTrials(trials, on_run), "");
    row_.duration_s =
        std::chrono::duration<double>(Clock::now() - begin).count();
    ASSERT_TRUE(starts) << "it does not start: nothing passes on it";
    std::printf("%s\n", Line(row_).c_str());
    Rows().push_back(row_);
  }

  // The cases that caught it find nothing where there is no fault.
  void ExpectNothingWithoutFault() {
    std::vector<Trial> trials;
    for (const Catch& caught : row_.catches) {
      trials.push_back({CaseNamed(caught.case_name), Runfile(base_.unfaulted),
                        kDeadline, base_.deviations});
    }
    size_t ran = 0;
    EXPECT_EQ(RunTrials(trials,
                        [&](const Trial&, const CaseRun& run) {
                          ++ran;
                          EXPECT_TRUE(IsAsItShouldBe(run))
                              << run.outcome.name << ": " << run.message;
                          return true;
                        }),
              "");
    EXPECT_EQ(ran, trials.size());
  }

  Fault fault_;
  Base base_;
  std::string library_;
  GateRow row_;

 private:
  Trial OnFault(size_t index) const {
    const bool hangs = std::string_view(fault_.verdicts) == "hang";
    return {index, library_, hangs ? kHangDeadline : kDeadline,
            base_.deviations};
  }
};

TEST_P(GateTest, IsCaughtByCasesOfItsRequirement) {
  ASSERT_NE(conformance::FindRequirement(fault_.requirement), nullptr)
      << fault_.requirement << " is not in the table";
  ASSERT_NO_FATAL_FAILURE(Hunt());
  if (IsEquivalent(fault_)) {
    EXPECT_TRUE(row_.catches.empty())
        << "is no equivalent, for " << row_.catches.front().case_name
        << " sees it: " << fault_.does;
    return;
  }
  ASSERT_FALSE(row_.catches.empty())
      << "none of the " << row_.ran << " cases of " << fault_.requirement
      << " saw it: " << fault_.does;
  for (const Catch& caught : row_.catches) {
    EXPECT_TRUE(IsDeclared(fault_, caught.verdict))
        << caught.case_name << ": " << ToString(caught.verdict)
        << ", but the entry says " << fault_.verdicts;
  }
  ExpectNothingWithoutFault();
}

INSTANTIATE_TEST_SUITE_P(Faults, GateTest, testing::ValuesIn(kFaults),
                         [](const testing::TestParamInfo<Fault>& info) {
                           return info.param.name;
                         });

// One case on one library; its run.
CaseRun RunOne(std::string_view name, const std::string& library) {
  CaseRun run;
  EXPECT_EQ(RunTrials({{CaseNamed(name), Runfile(library)}},
                      [&run](const Trial&, const CaseRun& that) {
                        run = that;
                        return true;
                      }),
            "");
  return run;
}

TEST(CensusTest, ALeakShowsInACaseThatWasNotMadeForIt) {
  const CaseRun run =
      RunOne("INIT-01/ManyConnections",
             "conformance/faults/finalize_leaves_descriptor.so");
  EXPECT_EQ(run.outcome.verdict, Verdict::kFail);
  EXPECT_EQ(conformance::VerdictFor(run.outcome, "LEAK-01"), Verdict::kFail)
      << run.message;
  EXPECT_EQ(conformance::VerdictFor(run.outcome, "INIT-01"), Verdict::kPass);
}

TEST(CensusTest, WhatIsKeptForTheWholeProcessIsNoLeak) {
  const CaseRun run = RunOne("INIT-01/ManyConnections",
                             "conformance/faults/legal/keeps_for_process.so");
  EXPECT_EQ(run.outcome.verdict, Verdict::kPass) << run.message;
}

// A sample of everything on what has no fault: judged as the library that it is
// made from.
class ControlTest : public testing::TestWithParam<Base> {};

TEST_P(ControlTest, HasNoNewFailure) {
  constexpr size_t kStride = 7;
  std::vector<Trial> trials;
  for (size_t i = 0; i < conformance::AllCases().size(); i += kStride) {
    trials.push_back(
        {i, Runfile(GetParam().unfaulted), kDeadline, GetParam().deviations});
  }
  size_t ran = 0;
  EXPECT_EQ(RunTrials(trials,
                      [&](const Trial&, const CaseRun& run) {
                        ++ran;
                        EXPECT_TRUE(IsAsItShouldBe(run))
                            << run.outcome.name << ": " << run.message;
                        return true;
                      }),
            "");
  EXPECT_EQ(ran, trials.size());
}

INSTANTIATE_TEST_SUITE_P(Libraries, ControlTest,
                         testing::Values(Base{kUnfaulted, kRealDeviations},
                                         Base{kReference,
                                              kReferenceDeviations}),
                         [](const testing::TestParamInfo<Base>& info) {
                           return info.index == 0 ? "Layer" : "Reference";
                         });

}  // namespace
}  // namespace cpgcert::faults

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  testing::AddGlobalTestEnvironment(new cpgcert::faults::RowWriter);
  cpgcert::conformance::RegisterSuites();
  return RUN_ALL_TESTS();
}
