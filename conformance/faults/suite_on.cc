#include "conformance/faults/suite_on.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <numeric>
#include <random>
#include <utility>

#include "conformance/case.h"
#include "conformance/deviations.h"
#include "harness/worker_pool.h"

namespace cpgcert::faults {

namespace {

using conformance::AllCases;
using conformance::CaseRun;
using harness::ItemEnd;

// Ends a pool's run from within.
class StopSwitch {
 public:
  StopSwitch() : descriptor_(eventfd(0, EFD_CLOEXEC)) {}
  ~StopSwitch() { close(descriptor_); }
  StopSwitch(const StopSwitch&) = delete;
  StopSwitch& operator=(const StopSwitch&) = delete;
  void Stop() const { eventfd_write(descriptor_, 1); }
  int descriptor() const { return descriptor_; }

 private:
  int descriptor_;
};

CaseRun RunOf(const Trial& trial, const ItemEnd& end) {
  const auto& info = AllCases().at(trial.case_index);
  return end.killed ? conformance::LostRun(info, harness::Verdict::kCrash,
                                           "the worker was killed")
                    : conformance::Decode(info, end.text);
}

// The file as it was read first; one that cannot be read ends the process.
const conformance::Deviations& DeviationsIn(const std::string& file) {
  static std::map<std::string, conformance::Deviations> files;
  auto known = files.find(file);
  if (known == files.end()) {
    std::string error;
    auto deviations = conformance::Deviations::Read(Runfile(file), &error);
    if (!deviations.has_value()) {
      std::fprintf(stderr, "%s\n", error.c_str());
      std::abort();
    }
    known = files.emplace(file, std::move(*deviations)).first;
  }
  return known->second;
}

void MarkDeviation(const Trial& trial, CaseRun* run) {
  std::vector<conformance::CaseOutcome> outcomes = {run->outcome};
  (void)DeviationsIn(trial.deviations).Apply({}, outcomes);
  run->outcome = outcomes.front();
}

}  // namespace

std::string Runfile(std::string_view name) {
  const char* root = std::getenv("TEST_SRCDIR");
  return std::string(root == nullptr ? "." : root) + "/cpgcert/" +
         std::string(name);
}

std::vector<size_t> CasesDeciding(std::string_view requirement) {
  std::vector<size_t> indices;
  for (size_t i = 0; i < AllCases().size(); ++i) {
    const auto& ids = AllCases()[i].requirements;
    if (std::ranges::find(ids, requirement) != ids.end()) {
      indices.push_back(i);
    }
  }
  std::mt19937 generator(1);  // NOLINT: the same order in every run
  std::ranges::shuffle(indices, generator);
  std::ranges::partition(indices, [&](size_t index) {
    return AllCases()[index].requirements.front() == requirement;
  });
  return indices;
}

size_t CaseNamed(std::string_view name) {
  const auto found =
      std::ranges::find(AllCases(), name, &conformance::CaseInfo::name);
  if (found == AllCases().end()) {
    std::abort();
  }
  return found - AllCases().begin();
}

std::string RunTrials(
    const std::vector<Trial>& trials,
    const std::function<bool(const Trial&, const CaseRun&)>& on_run) {
  const StopSwitch stop;
  harness::PoolOptions options;
  options.stop_fd = stop.descriptor();
  std::vector<size_t> items(trials.size());
  std::iota(items.begin(), items.end(), 0);
  bool wanted = true;
  const harness::PoolResult result = harness::RunPool(
      options, items,
      [&trials](size_t item, const harness::WorkerPlace& place) {
        const Trial& trial = trials[item];
        conformance::RunCaseOptions run;
        run.library = trial.library;
        run.service_process = place.service_process;
        run.scratch_root = place.scratch_root;
        run.deadline = trial.deadline;
        return conformance::Encode(
            conformance::RunCase(AllCases().at(trial.case_index), run));
      },
      [&](const ItemEnd& end) {
        CaseRun run = RunOf(trials[end.item], end);
        MarkDeviation(trials[end.item], &run);
        if (wanted && !on_run(trials[end.item], run)) {
          wanted = false;
          stop.Stop();
        }
      });
  return result.error;
}

}  // namespace cpgcert::faults
