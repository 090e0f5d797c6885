#include "fuzz/calls/call_campaign.h"

#include <fmt/core.h>
#include <sys/mman.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <set>
#include <string>
#include <vector>

#include "fuzz/calls/call_mutator.h"
#include "fuzz/calls/call_seeds.h"
#include "fuzz/calls/program.h"
#include "fuzz/calls/session.h"
#include "fuzz/calls/systematic_programs.h"
#include "fuzz/mutation/random_choice.h"

namespace cpgcert::fuzz {

namespace {

constexpr int kMutantsOfEachSeed = 10;

// The library, and what is known of it.
class CallTarget {
 public:
  explicit CallTarget(const harness::CpgApi& api) : api_(api) {
    for (auto& [name, input] : CallSeeds()) {
      seeds_.push_back(ParseProgram(input));
    }
    PrepareToPlayCalls();
    // A child writes there what it is at.
    void* const shared = mmap(nullptr, sizeof(Progress), PROT_READ | PROT_WRITE,
                              MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED) {
      std::perror("mmap");
      std::abort();
    }
    progress_ = static_cast<Progress*>(shared);
  }
  ~CallTarget() { munmap(progress_, sizeof(Progress)); }
  CallTarget(const CallTarget&) = delete;
  CallTarget& operator=(const CallTarget&) = delete;

  std::vector<std::string> Systematic() const {
    std::vector<std::string> inputs;
    for (const Program& program : SystematicPrograms()) {
      inputs.push_back(BuildProgram(program));
    }
    for (const Program& seed : seeds_) {
      inputs.push_back(BuildProgram(seed));
      for (int i = 0; i < kMutantsOfEachSeed; ++i) {
        inputs.push_back(
            BuildProgram(MutateProgram(seed, static_cast<uint64_t>(i))));
      }
    }
    return inputs;
  }

  std::string Random(uint64_t number) const {
    RandomChoice choice(number);
    switch (choice.Below(4)) {
      case 0:
        return BuildProgram(RandomProgram(choice.Number()));
      case 1:
        return BuildProgram(CrossPrograms(choice.Of(seeds_), choice.Of(seeds_),
                                          choice.Number()));
      case 2:
        return BuildProgram(MutateProgram(
            CrossPrograms(choice.Of(seeds_), RandomProgram(choice.Number()),
                          choice.Number()),
            choice.Number()));
      default:
        return BuildProgram(MutateProgram(choice.Of(seeds_), choice.Number()));
    }
  }

  Wrong Play(const std::string& input) const {
    *progress_ = {};
    const CallProblem problem =
        PlayCallsThoroughly(api_, ParseProgram(input),
                            {.known = &known_, .progress = progress_})
            .problem;
    if (problem.ok()) return {};
    return {.damage = problem.damage,
            .part = problem.Key(),
            .owed = problem.owed + "\n",
            .came = problem.came + "\n"};
  }

  // Right after the program has been played.
  Cause Explain(const Wrong& wrong) {
    const bool is_lost = wrong.part.empty();  // a crash, or a hang
    // What is left of the program is needed: its unusual spot is, too.
    const Progress::At& at = progress_->unusual.requirement[0] != '\0'
                                 ? progress_->unusual
                                 : progress_->now;
    const std::string spot = at.spot;
    const std::string own = at.requirement;
    Cause cause{.field = spot, .relation = own.empty() ? wrong.damage : own};
    if (!is_lost && own.empty()) {
      const size_t colon = wrong.part.rfind(": ");
      cause.field = wrong.part.substr(0, colon);
      cause.relation = wrong.part.substr(colon + 2);
    }
    cause.key = cause.field + ": " + cause.relation;
    if (is_lost || !own.empty()) left_out_.insert(cause.key);
    return cause;
  }

  // From now on it is stepped over.
  void Know(const Cause& cause) {
    known_.insert(cause.key);
    if (left_out_.contains(cause.key)) known_.insert(cause.field);
  }

 private:
  const harness::CpgApi& api_;
  std::vector<Program> seeds_;
  Progress* progress_ = nullptr;
  std::set<std::string> known_;     // spots and keys
  std::set<std::string> left_out_;  // keys of spots that are not gone to
};

std::vector<std::string> SimplerInputs(const std::string& input) {
  std::vector<std::string> simpler;
  for (const Program& program : SimplerPrograms(ParseProgram(input))) {
    simpler.push_back(BuildProgram(program));
  }
  return simpler;
}

}  // namespace

CampaignReport RunCallCampaign(const harness::CpgApi& api,
                               const RecordCampaignOptions& options) {
  CallTarget calls(api);
  RecordTarget target;
  target.name = "call_sequence";
  target.in_library = reinterpret_cast<const void*>(api.initialize);
  target.systematic = [&] { return calls.Systematic(); };
  target.random = [&](uint64_t number, Trust /*worst*/) {
    return calls.Random(number);
  };
  target.tier_of = [](const std::string& /*input*/) {
    return Trust::kConformant;
  };
  target.play = [&](const std::string& input) { return calls.Play(input); };
  target.simpler = SimplerInputs;
  target.explain = [&](const std::string& /*input*/, const Wrong& wrong,
                       const PlayAlone& /*play*/) {
    return calls.Explain(wrong);
  };
  target.describe = [](const std::string& input) {
    return Describe(ParseProgram(input));
  };
  // No input is worthless for what it has of something known: the calls behind
  // it are played.
  target.hides = [&](const std::string& /*input*/, const Cause& known) {
    calls.Know(known);
    return false;
  };
  if (options.tier.value_or(Trust::kConformant) != Trust::kConformant) {
    return {.target = target.name, .tier = options.tier, .seed = options.seed};
  }
  return RunRecordCampaign(target, options);
}

}  // namespace cpgcert::fuzz
