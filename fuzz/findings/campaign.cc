#include "fuzz/findings/campaign.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <span>
#include <utility>

#include "fuzz/findings/inputs.h"
#include "fuzz/findings/minimise.h"
#include "fuzz/findings/runner.h"

namespace cpgcert::fuzz {

namespace {

using Clock = std::chrono::steady_clock;

constexpr size_t kBatch = 512;
constexpr size_t kMinimisingRuns = 400;
// Causes of one campaign; a library with more has other troubles.
constexpr size_t kCausesMax = 200;

class Campaign {
 public:
  Campaign(const harness::CpgApi& api, const CampaignOptions& options)
      : options_(options), runner_(api) {}

  CampaignResult Result() {
    const Clock::time_point begin = Clock::now();
    Systematic();
    AtRandom(Clock::now() + options_.duration);
    for (auto& [key, cause] : causes_) {
      result_.causes.push_back(std::move(cause));
    }
    result_.shadows = shadows_.all();
    result_.runs_alone = runner_.runs();
    result_.seconds =
        std::chrono::duration<double>(Clock::now() - begin).count();
    return std::move(result_);
  }

 private:
  void Systematic() {
    std::vector<std::string> inputs;
    for (const Sequence& sequence : SystematicSequences()) {
      inputs.push_back(BuildSequence(sequence));
    }
    Run(inputs);
  }

  void AtRandom(Clock::time_point end) {
    RandomInputs random(options_.seed, options_.tier);
    uint64_t made = 0;
    while (Clock::now() < end && made < options_.inputs_max &&
           causes_.size() < kCausesMax) {
      std::vector<std::string> inputs;
      const uint64_t size =
          std::min<uint64_t>(kBatch, options_.inputs_max - made);
      for (uint64_t i = 0; i < size; ++i) inputs.push_back(random.Next());
      made += size;
      Run(inputs);
    }
  }

  void Run(const std::vector<std::string>& inputs) {
    std::vector<BatchInput> batch;
    for (const std::string& input : inputs) {
      const Sequence sequence = ParseSequence(input);
      if (Admits(sequence)) batch.push_back({input, MayLeak(sequence)});
    }
    std::span<const BatchInput> left = batch;
    while (!left.empty() && causes_.size() < kCausesMax) {
      const Runner::BatchEnd end = runner_.RunBatch(
          left, [this](const Sequence& sequence, const Outcome& outcome) {
            return shadows_.Explain(sequence, outcome);
          });
      result_.inputs += end.right;
      left = left.subspan(end.right);
      if (left.empty()) break;
      const bool found = Look(ParseSequence(left.front().input), end.wrong);
      left = left.subspan(1);
      if (!found) continue;
      // With one more shadow, some of the rest need not be run.
      std::vector<BatchInput> rest;
      for (const BatchInput& input : left) {
        const Sequence sequence = ParseSequence(input.input);
        if (Admits(sequence)) rest.push_back({input.input, MayLeak(sequence)});
      }
      batch = std::move(rest);
      left = batch;
    }
  }

  bool Admits(const Sequence& sequence) {
    if (TierOf(RecordsOf(sequence)) > options_.tier ||
        !IsOfBearableSize(sequence)) {
      return false;
    }
    if (!shadows_.Hide(sequence)) return true;
    ++result_.hidden;
    return false;
  }

  bool MayLeak(const Sequence& sequence) const {
    return shadows_.Explain(sequence, {.damage = Damage::kLeak});
  }

  // At what went wrong in a batch. True if there is one shadow more.
  bool Look(const Sequence& sequence, const Outcome& after_others) {
    ++result_.inputs;
    const Outcome outcome = runner_.Run(sequence);
    if (outcome.ok()) {
      ++result_.not_reproduced[after_others.damage];
      return false;
    }
    if (shadows_.Explain(sequence, outcome)) return false;
    const Sequence minimised =
        Minimise(sequence, outcome, kMinimisingRuns, &runner_);
    const Outcome again = runner_.Run(minimised);
    RootCause cause = FindRootCause(minimised, again.ok() ? outcome : again,
                                    options_.tries, &runner_);
    cause.damages.insert(outcome.damage);
    Keep(std::move(cause));
    return true;
  }

  void Keep(RootCause cause) {
    shadows_.Add(cause);
    const std::string key = cause.Key();
    const auto [at, is_new] = causes_.try_emplace(key, cause);
    if (!is_new) {
      at->second.kinds.merge(cause.kinds);
      at->second.damages.merge(cause.damages);
    }
    if (options_.log) {
      options_.log(fmt::format("{}{}: {}", is_new ? "" : "again ", key,
                               NameOf(at->second.Worst())));
    }
  }

  const CampaignOptions& options_;
  Runner runner_;
  Shadows shadows_;
  std::map<std::string, RootCause> causes_;
  CampaignResult result_;
};

}  // namespace

CampaignResult RunCampaign(const harness::CpgApi& api,
                           const CampaignOptions& options) {
  return Campaign(api, options).Result();
}

}  // namespace cpgcert::fuzz
