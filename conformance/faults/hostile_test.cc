// A hostile library costs its own verdicts and nothing else: cases on it and
// cases on a sound library take turns in one worker.

#include <gtest/gtest.h>

#include <chrono>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "conformance/case_runner.h"
#include "conformance/faults/faults.h"
#include "conformance/faults/suite_on.h"
#include "conformance/suites.h"
#include "harness/identity/library_identity.h"

namespace cpgcert::faults {
namespace {

using conformance::CaseRun;
using harness::Verdict;

// Each dispatches, in the case's own thread or in another.
constexpr std::string_view kCases[] = {
    "DISPATCH-03/All/Joined/NothingPending/AllCallbacks/Undisturbed",
    "DISPATCH-02/One/NotJoined/NothingPending/AllCallbacks/Undisturbed",
    "DISPATCH-05/OneNonblocking/Joined/OneMessage/AllCallbacks/Undisturbed",
};

// What the cases on a hostile library come to.
enum class Fate {
  kPass,  // it behaves well as far as libcpg is concerned
  kCrash,
  kHang,
  kNeverPass,    // any verdict but pass
  kUnsupported,  // the symbol is absent
  kUntested,     // it does not load
  kAnything,     // a verdict, whichever
  kRefused,      // not even tried: it is no libcpg
};

const std::map<std::string_view, Fate>& Fates() {
  static const std::map<std::string_view, Fate> fates = {
      {"exits_zero", Fate::kCrash},
      {"exits_zero_in_initialize", Fate::kCrash},
      {"prints_success_and_exits", Fate::kCrash},
      {"writes_to_all_descriptors", Fate::kCrash},
      {"executes_true", Fate::kCrash},
      {"exits_the_thread", Fate::kNeverPass},
      {"aborts", Fate::kCrash},
      {"segfaults", Fate::kCrash},
      {"kills_itself", Fate::kCrash},
      {"kills_its_process_group", Fate::kCrash},
      {"kills_parent", Fate::kCrash},
      {"stops_itself", Fate::kHang},
      {"loops_forever", Fate::kNeverPass},
      {"hangs", Fate::kNeverPass},
      {"hangs_in_initialize", Fate::kHang},
      {"throws_exception", Fate::kCrash},
      {"constructor_crashes", Fate::kCrash},
      {"constructor_exits_zero", Fate::kCrash},
      {"constructor_hangs", Fate::kHang},
      {"closes_all_descriptors", Fate::kNeverPass},
      {"floods_output", Fate::kPass},
      {"forks_a_child", Fate::kPass},
      {"installs_signal_handlers", Fate::kPass},
      {"changes_directory_and_umask", Fate::kPass},
      {"starts_threads", Fate::kPass},
      {"corrupts_memory", Fate::kAnything},
      {"missing_symbol", Fate::kUnsupported},
      {"no_cpg_symbols", Fate::kRefused},
      {"not_a_library", Fate::kRefused},
      {"wrong_architecture", Fate::kRefused},
  };
  return fates;
}

bool Agrees(Fate fate, Verdict verdict) {
  switch (fate) {
    case Fate::kPass:
      return verdict == Verdict::kPass;
    case Fate::kCrash:
      return verdict == Verdict::kCrash;
    case Fate::kHang:
      return verdict == Verdict::kHang;
    case Fate::kNeverPass:
      return verdict != Verdict::kPass && verdict != Verdict::kError;
    case Fate::kUnsupported:
      return verdict == Verdict::kUnsupported;
    case Fate::kUntested:
      return verdict == Verdict::kUntested;
    case Fate::kAnything:
      return verdict != Verdict::kError;
    case Fate::kRefused:
      return false;
  }
  return false;
}

class HostileTest : public testing::TestWithParam<Hostile> {};

TEST_P(HostileTest, CostsItsOwnVerdictsOnly) {
  const std::string name = GetParam().name;
  ASSERT_TRUE(Fates().contains(name)) << "what becomes of it?";
  const Fate fate = Fates().at(name);
  const std::string library =
      Runfile("conformance/faults/hostile/" + name + ".so");
  harness::LibraryIdentity identity;
  const std::string refusal = harness::Identify(library, &identity);
  ASSERT_EQ(refusal.empty(), fate != Fate::kRefused) << refusal;
  if (fate == Fate::kRefused) {
    return;
  }
  // One that hangs is given up soon; the others get all the time they need.
  const bool hangs = fate == Fate::kHang || fate == Fate::kNeverPass ||
                     fate == Fate::kAnything;
  const std::chrono::milliseconds deadline{hangs ? 3000 : 30000};
  std::vector<Trial> trials;
  for (const std::string_view case_name : kCases) {
    trials.push_back({CaseNamed(case_name), library, deadline});
    trials.push_back({CaseNamed(case_name), Runfile(kUnfaulted)});
  }
  size_t ran = 0;
  EXPECT_EQ(RunTrials(trials,
                      [&](const Trial& trial, const CaseRun& run) {
                        ++ran;
                        const Fate expected =
                            trial.library == library ? fate : Fate::kPass;
                        EXPECT_TRUE(Agrees(expected, run.outcome.verdict))
                            << trial.library << ": "
                            << ToString(run.outcome.verdict) << ": "
                            << run.message;
                        return true;
                      }),
            "");
  EXPECT_EQ(ran, trials.size());
}

INSTANTIATE_TEST_SUITE_P(Libraries, HostileTest, testing::ValuesIn(kHostile),
                         [](const testing::TestParamInfo<Hostile>& info) {
                           return info.param.name;
                         });

}  // namespace
}  // namespace cpgcert::faults

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  cpgcert::conformance::RegisterSuites();
  return RUN_ALL_TESTS();
}
