#include "fuzz/events/findings/campaign.h"

#include <fmt/core.h>

#include <algorithm>
#include <map>
#include <utility>
#include <vector>

#include "fuzz/events/findings/inputs.h"
#include "fuzz/events/findings/minimise.h"
#include "fuzz/events/findings/reproducer.h"
#include "fuzz/events/findings/root_cause.h"
#include "fuzz/events/findings/runner.h"
#include "fuzz/events/findings/shadow.h"
#include "fuzz/mutation/random_choice.h"

namespace cpgcert::fuzz {

namespace {

using Clock = std::chrono::steady_clock;

constexpr size_t kBatch = 512;
constexpr size_t kMinimisingRuns = 400;
// Of an input that hangs, which takes seconds.
constexpr size_t kHangingRuns = 20;
constexpr int kHangingTries = 3;
// Causes of one campaign; a library with more has other troubles.
constexpr size_t kCausesMax = 200;

std::vector<Sequence> Shuffled(std::vector<Sequence> sequences, uint64_t seed) {
  RandomChoice choice(seed);
  for (size_t i = sequences.size(); i > 1; --i) {
    std::swap(sequences[i - 1], sequences[choice.Below(i)]);
  }
  return sequences;
}

// Where lists are mixed up, the reasons are too.
bool IsPartOf(const RootCause& cause, const RootCause& other) {
  return cause.outcome.part == "reasons" && other.outcome.part == "lists" &&
         cause.kinds == other.kinds &&
         cause.outcome.damage == other.outcome.damage;
}

Finding FindingOf(const RootCause& cause) {
  Finding finding{.key = cause.Key(),
                  .name = cause.Name(),
                  .tier = cause.tier,
                  .field = cause.FieldText(),
                  .relation = cause.RelationText(),
                  .owed = cause.outcome.owed,
                  .came = cause.outcome.came,
                  .where = cause.where,
                  .annotated = AnnotatedInput(cause),
                  .input = BuildSequence(cause.input),
                  .program = ReproducerSource(cause),
                  .reproductions = cause.reproductions,
                  .tries = cause.tries};
  for (const Damage damage : cause.damages) {
    finding.damages.emplace_back(NameOf(damage));
  }
  return finding;
}

class Campaign {
 public:
  Campaign(const harness::CpgApi& api, const EventCampaignOptions& options)
      : options_(options), runner_(api), begin_(Clock::now()) {}

  CampaignReport Report() {
    Search();
    for (const auto& [key, cause] : causes_) {
      const bool is_part = std::ranges::any_of(causes_, [&](const auto& other) {
        return IsPartOf(cause, other.second);
      });
      if (!is_part) report_.findings.push_back(FindingOf(cause));
    }
    report_.target = "event_decoder";
    report_.tier = options_.tier;
    report_.seed = options_.seed;
    report_.seconds =
        std::chrono::duration<double>(Clock::now() - begin_).count();
    return std::move(report_);
  }

 private:
  bool Full() const { return causes_.size() >= kCausesMax; }

  // As much at random as there is systematic, and then at random only.
  void Search() {
    const std::vector<Sequence> systematic =
        Shuffled(SystematicSequences(), options_.seed);
    RandomInputs random(options_.seed, options_.tier.value_or(Tier::kHostile));
    size_t next = 0;
    uint64_t made = 0;
    while (!Full()) {
      const bool more_at_random = made < options_.inputs_max &&
                                  Clock::now() < begin_ + options_.duration;
      if (next == systematic.size() && !more_at_random) return;
      std::vector<Candidate> batch;
      for (size_t i = 0; i < kBatch; ++i) {
        if (next < systematic.size() && (i % 2 == 0 || !more_at_random)) {
          Admit(systematic[next++], &batch);
        } else if (more_at_random && made < options_.inputs_max) {
          Admit(ParseSequence(random.Next()), &batch);
          ++made;
        }
      }
      Run(std::move(batch));
    }
  }

  void Admit(const Sequence& sequence, std::vector<Candidate>* batch) {
    if (!IsOfBearableSize(sequence)) return;
    Candidate candidate(waits_ ? sequence : WithoutWaits(sequence));
    if (options_.tier && candidate.tier != *options_.tier) return;
    batch->push_back(std::move(candidate));
  }

  void Run(std::vector<Candidate> left) {
    while (!left.empty() && !Full()) {
      // With one more shadow, some of the rest need not be run.
      report_.hidden += std::erase_if(left, [this](const auto& candidate) {
        return shadows_.Hide(candidate);
      });
      std::vector<BatchInput> inputs;
      for (const Candidate& candidate : left) {
        inputs.push_back({.sequence = &candidate.sequence,
                          .may_leak = shadows_.Explain(
                              candidate, {.damage = Damage::kLeak})});
      }
      const Runner::BatchEnd end =
          runner_.RunBatch(inputs, [&](size_t input, const Outcome& outcome) {
            return shadows_.Explain(left[input], outcome);
          });
      report_.inputs += end.right;
      if (end.right == left.size()) return;
      const bool waited = waits_;
      Look(left[end.right], end.wrong);
      left.erase(left.begin(),
                 left.begin() + static_cast<ptrdiff_t>(end.right) + 1);
      if (waits_ == waited) continue;
      for (Candidate& candidate : left) {
        candidate.sequence = WithoutWaits(std::move(candidate.sequence));
      }
    }
  }

  // At what went wrong in a batch.
  void Look(const Candidate& candidate, const Outcome& after_others) {
    ++report_.inputs;
    if (after_others.damage == Damage::kHang && waits_) {
      // A call that waits for a callback that does not come hangs. That is seen
      // sooner, and better, if it is not waited for.
      waits_ = false;
      const Candidate same(WithoutWaits(candidate.sequence));
      const Outcome outcome = runner_.Run(same.sequence);
      if (!outcome.ok()) return Explain(same, outcome);
    }
    const Outcome outcome = runner_.Run(candidate.sequence);
    if (outcome.ok()) {
      ++report_.not_reproduced[NameOf(after_others.damage)];
      return;
    }
    Explain(candidate, outcome);
  }

  void Explain(const Candidate& candidate, const Outcome& outcome) {
    if (shadows_.Explain(candidate, outcome)) return;
    const bool hangs = outcome.damage == Damage::kHang;
    const Sequence minimised =
        Minimise(candidate.sequence, outcome,
                 hangs ? kHangingRuns : kMinimisingRuns, &runner_);
    const Outcome again = runner_.Run(minimised);
    const int tries =
        hangs ? std::min(options_.tries, kHangingTries) : options_.tries;
    RootCause cause =
        FindRootCause(minimised, again.ok() ? outcome : again, tries, &runner_);
    cause.damages.insert(outcome.damage);
    shadows_.Add(cause);
    Keep(std::move(cause));
  }

  void Keep(RootCause cause) {
    const std::string key = cause.Key();
    const auto known = causes_.find(key);
    const bool is_new = known == causes_.end();
    if (options_.log && is_new) {
      options_.log(fmt::format("{}: {}", key, NameOf(*cause.damages.rbegin())));
    }
    if (is_new) {
      causes_.emplace(key, std::move(cause));
    } else {
      known->second.Merge(std::move(cause));
    }
  }

  const EventCampaignOptions& options_;
  Runner runner_;
  const Clock::time_point begin_;
  Shadows shadows_;
  bool waits_ = true;  // inputs may
  std::map<std::string, RootCause> causes_;
  CampaignReport report_;
};

}  // namespace

CampaignReport RunEventCampaign(const harness::CpgApi& api,
                                const EventCampaignOptions& options) {
  return Campaign(api, options).Report();
}

}  // namespace cpgcert::fuzz
