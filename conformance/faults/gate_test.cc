// The gate: every planted fault is caught by a case that decides the
// requirement which the fault breaks; and the control, the same layer without
// a fault, is not.

#include <gtest/gtest.h>

#include <chrono>
#include <cstdio>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "conformance/case.h"
#include "conformance/case_runner.h"
#include "conformance/faults/faults.h"
#include "conformance/faults/suite_on.h"
#include "conformance/requirements/requirements.h"
#include "conformance/suites.h"

namespace cpgcert::faults {
namespace {

using conformance::CaseRun;
using harness::Verdict;

// The run speaks against `requirement`, and corosync itself does not behave so.
bool Catches(const CaseRun& run, const std::string& requirement) {
  return !run.outcome.is_deviation &&
         harness::IsUnfavourable(run.outcome.verdict) &&
         harness::IsUnfavourable(
             conformance::VerdictFor(run.outcome, requirement));
}

// A fault that hangs is caught all the same.
constexpr std::chrono::milliseconds kDeadline{10000};

// No fault of a layer over corosync's library can show in these.
struct WithoutFault {
  const char* requirement;
  const char* why;
};
constexpr WithoutFault kWithoutFault[] = {
    {"JOIN-07", "the library beneath asks again by itself"},
    {"WIRE-02", "the library beneath looks at no reply (a deviation)"},
    {"PART-05", "all its cases end in the library beneath (a deviation)"},
    {"ZCB-02", "all its cases end in the library beneath (a deviation)"},
};

TEST(FaultTable, EachRequirementHasAFaultOrAReason) {
  std::map<std::string_view, int> faults;
  for (const Fault& fault : kFaults) {
    ++faults[fault.requirement];
  }
  for (const WithoutFault& without : kWithoutFault) {
    EXPECT_EQ(faults[without.requirement]++, 0) << without.why;
  }
  for (const auto& requirement : conformance::Requirements()) {
    EXPECT_GT(faults[requirement.id], 0) << requirement.id;
  }
}

class GateTest : public testing::TestWithParam<Fault> {};

TEST_P(GateTest, IsCaughtByACaseOfItsRequirement) {
  const Fault& fault = GetParam();
  ASSERT_NE(conformance::FindRequirement(fault.requirement), nullptr)
      << fault.requirement << " is not in the table";
  const std::string library =
      Runfile("conformance/faults/" + std::string(fault.name) + ".so");
  std::vector<Trial> trials;
  for (const size_t index : CasesDeciding(fault.requirement)) {
    trials.push_back({index, library, kDeadline});
  }
  ASSERT_FALSE(trials.empty()) << "no case decides " << fault.requirement;
  int ran = 0;
  CaseRun caught;
  size_t caught_index = 0;
  const std::string error =
      RunTrials(trials, [&](const Trial& trial, const CaseRun& run) {
        ++ran;
        if (Catches(run, fault.requirement)) {
          caught = run;
          caught_index = trial.case_index;
        }
        return caught.outcome.name.empty();
      });
  ASSERT_EQ(error, "");
  ASSERT_FALSE(caught.outcome.name.empty())
      << "none of the " << ran << " cases of " << fault.requirement
      << " saw it: " << fault.does;
  std::printf("%s: %s, case %d: %s\n", fault.name,
              std::string(ToString(caught.outcome.verdict)).c_str(), ran,
              caught.outcome.name.c_str());
  // The same case finds nothing where there is no fault.
  CaseRun control;
  ASSERT_EQ(RunTrials({{caught_index, Runfile(kUnfaulted)}},
                      [&](const Trial&, const CaseRun& run) {
                        control = run;
                        return true;
                      }),
            "");
  EXPECT_EQ(control.outcome.verdict, Verdict::kPass) << control.message;
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
                             "conformance/faults/keeps_for_process.so");
  EXPECT_EQ(run.outcome.verdict, Verdict::kPass) << run.message;
}

// A sample of everything on the layer itself: it must be judged as the real
// library is.
TEST(ControlTest, TheUnfaultedLayerHasNoNewFailure) {
  constexpr size_t kStride = 7;
  std::vector<Trial> trials;
  for (size_t i = 0; i < conformance::AllCases().size(); i += kStride) {
    trials.push_back({i, Runfile(kUnfaulted)});
  }
  size_t ran = 0;
  EXPECT_EQ(RunTrials(trials,
                      [&](const Trial&, const CaseRun& run) {
                        ++ran;
                        EXPECT_TRUE(run.outcome.is_deviation ||
                                    run.outcome.verdict == Verdict::kPass)
                            << run.outcome.name << ": " << run.message;
                        return true;
                      }),
            "");
  EXPECT_EQ(ran, trials.size());
}

}  // namespace
}  // namespace cpgcert::faults

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  cpgcert::conformance::RegisterSuites();
  return RUN_ALL_TESTS();
}
