#include "fuzz/campaign/record_campaign.h"

#include <fmt/core.h>

#include <algorithm>
#include <cctype>
#include <map>
#include <nlohmann/json.hpp>
#include <span>
#include <string_view>
#include <utility>

#include "fuzz/campaign/child_run.h"
#include "fuzz/mutation/random_choice.h"

namespace cpgcert::fuzz {

namespace {

using Clock = std::chrono::steady_clock;

constexpr size_t kBatch = 256;
constexpr int kMinimisingRuns = 400;
// What goes wrong alike is minimised until it has led to what is known so many
// times in a row.
constexpr int kEnough = 4;
// A library with more has other troubles.
constexpr size_t kFindingsMax = 200;

std::string Pack(const Wrong& wrong) {
  return nlohmann::json{wrong.damage, wrong.part, wrong.owed, wrong.came}.dump(
      -1, ' ', true, nlohmann::json::error_handler_t::replace);
}

// Of each text, so that a child can say it all.
constexpr size_t kSaidMax = 4096;

Wrong Unpack(const ChildEnd& end) {
  if (end.lost) {
    return {.damage = end.hung ? "hang" : "crash",
            .owed = "calls that return\n",
            .came = end.death + "\n",
            .where = end.where};
  }
  if (end.said.empty()) return {};
  const nlohmann::json said = nlohmann::json::parse(end.said);
  return {.damage = said.at(0),
          .part = said.at(1),
          .owed = said.at(2),
          .came = said.at(3)};
}

Wrong Shortened(Wrong wrong) {
  for (std::string* text : {&wrong.owed, &wrong.came}) {
    if (text->size() > kSaidMax) *text = text->substr(0, kSaidMax) + "...\n";
  }
  return wrong;
}

// "reply-size-beyond-frame".
std::string FileName(std::string_view key) {
  std::string name;
  for (const char byte : key) {
    const auto code = static_cast<unsigned char>(byte);
    if (std::isalnum(code) != 0) {
      name += static_cast<char>(std::tolower(code));
    } else if (!name.empty() && name.back() != '-') {
      name += '-';
    }
  }
  while (!name.empty() && name.back() == '-') name.pop_back();
  return name;
}

class RecordCampaign {
 public:
  RecordCampaign(const RecordTarget& target,
                 const RecordCampaignOptions& options)
      : target_(target),
        options_(options),
        child_(target.in_library),
        end_(Clock::now() + options.duration) {}

  CampaignReport Result() {
    const Clock::time_point begin = Clock::now();
    RandomChoice choice(options_.seed);
    Systematic(&choice);
    AtRandom(&choice);
    CampaignReport report;
    report.target = target_.name;
    report.tier = options_.tier;
    report.seed = options_.seed;
    report.inputs = inputs_;
    report.hidden = hidden_;
    report.not_reproduced = std::move(not_reproduced_);
    for (auto& [key, finding] : findings_) {
      report.findings.push_back(std::move(finding));
    }
    report.seconds =
        std::chrono::duration<double>(Clock::now() - begin).count();
    return report;
  }

 private:
  bool Over() const {
    return Clock::now() >= end_ || findings_.size() >= kFindingsMax;
  }

  void Systematic(RandomChoice* choice) {
    std::vector<std::string> inputs = target_.systematic();
    for (size_t i = inputs.size(); i > 1; --i) {
      std::swap(inputs[i - 1], inputs[choice->Below(i)]);
    }
    std::span<const std::string> left = inputs;
    while (!left.empty() && !Over()) {
      const size_t size = std::min(kBatch, left.size());
      Play(left.first(size));
      left = left.subspan(size);
    }
  }

  void AtRandom(RandomChoice* choice) {
    const Trust worst = options_.tier.value_or(Trust::kHostile);
    uint64_t made = 0;
    while (made < options_.inputs_max && !Over()) {
      std::vector<std::string> inputs;
      while (inputs.size() < kBatch && made < options_.inputs_max) {
        inputs.push_back(target_.random(choice->Number(), worst));
        ++made;
      }
      Play(inputs);
    }
  }

  void Play(std::span<const std::string> inputs) {
    std::vector<std::string> left;
    for (const std::string& input : inputs) {
      if (!options_.tier || target_.tier_of(input) == *options_.tier) {
        left.push_back(input);
      }
    }
    while (!left.empty() && !Over()) {
      std::erase_if(left, [this](const auto& input) { return Hides(input); });
      const ChildEnd end = PlayBatch(left);
      inputs_ += end.done;
      left.erase(left.begin(), left.begin() + static_cast<ptrdiff_t>(end.done));
      if (left.empty()) return;
      Look(left.front(), Unpack(end));
      left.erase(left.begin());
    }
  }

  bool Hides(const std::string& input) {
    if (target_.hides == nullptr ||
        std::ranges::none_of(known_, [&](const Cause& known) {
          return target_.hides(input, known);
        })) {
      return false;
    }
    ++hidden_;
    return true;
  }

  ChildEnd PlayBatch(const std::vector<std::string>& inputs) {
    return child_.Run([&](ChildRun::Voice* voice) {
      for (const std::string& input : inputs) {
        const Wrong wrong = target_.play(input);
        if (!wrong.ok() && !IsExplained(wrong)) {
          voice->Say(Pack(Shortened(wrong)));
          return;
        }
        voice->Done();
      }
    });
  }

  Wrong PlayOne(const std::string& input) {
    return Unpack(child_.Run([&](ChildRun::Voice* voice) {
      const Wrong wrong = target_.play(input);
      if (!wrong.ok()) voice->Say(Pack(Shortened(wrong)));
    }));
  }

  static std::pair<std::string, std::string> WayOf(const Wrong& wrong) {
    return {wrong.damage, wrong.part + wrong.where};
  }

  bool IsExplained(const Wrong& wrong) const {
    const auto way = known_ways_.find(WayOf(wrong));
    return way != known_ways_.end() && way->second >= kEnough;
  }

  // At what went wrong in a batch; it may have suffered from those before it.
  void Look(const std::string& input, const Wrong& after_others) {
    ++inputs_;
    const Wrong wrong = PlayOne(input);
    if (wrong.ok()) {
      ++not_reproduced_[after_others.damage];
      return;
    }
    if (IsExplained(wrong)) return;
    const std::string minimised = Minimised(input, wrong);
    const Wrong again = PlayOne(minimised);
    const Wrong& shown = again.ok() ? wrong : again;
    const Cause cause = target_.explain(
        minimised, shown,
        [this](const std::string& other) { return PlayOne(other); });
    int& times = known_ways_[WayOf(wrong)];
    const bool is_new = Keep(minimised, shown, cause);
    times = is_new ? 0 : times + 1;
  }

  std::string Minimised(std::string best, const Wrong& wrong) {
    const Trust tier = target_.tier_of(best);
    int runs_left = kMinimisingRuns;
    for (bool changed = true; changed && runs_left > 0;) {
      changed = false;
      for (const std::string& simpler : target_.simpler(best)) {
        if (runs_left == 0) break;
        if (simpler == best || target_.tier_of(simpler) > tier) continue;
        --runs_left;
        if (!PlayOne(simpler).IsLike(wrong)) continue;
        best = simpler;
        changed = true;
        break;
      }
    }
    return best;
  }

  // True if nothing was known of it.
  bool Keep(const std::string& input, const Wrong& wrong, const Cause& cause) {
    const auto [at, is_new] = findings_.try_emplace(cause.key);
    Finding& finding = at->second;
    if (std::ranges::find(finding.damages, wrong.damage) ==
        finding.damages.end()) {
      finding.damages.push_back(wrong.damage);
    }
    if (!is_new) return false;
    known_.push_back(cause);
    finding.key = cause.key;
    finding.name = FileName(cause.key);
    finding.tier = target_.tier_of(input);
    finding.field = cause.field;
    finding.relation = cause.relation;
    finding.owed = wrong.owed;
    finding.came = wrong.came;
    finding.where = wrong.where;
    finding.annotated = target_.describe(input);
    finding.input = input;
    if (target_.program_of) finding.program = target_.program_of(input);
    finding.tries = options_.tries;
    for (int i = 0; i < options_.tries; ++i) {
      finding.reproductions += PlayOne(input).IsLike(wrong) ? 1 : 0;
    }
    if (options_.log) {
      options_.log(fmt::format("{}: {}", cause.key, wrong.damage));
    }
    return true;
  }

  const RecordTarget& target_;
  const RecordCampaignOptions& options_;
  ChildRun child_;
  const Clock::time_point end_;
  uint64_t inputs_ = 0;
  uint64_t hidden_ = 0;
  std::vector<Cause> known_;
  std::map<std::pair<std::string, std::string>, int> known_ways_;
  std::map<std::string, Finding> findings_;
  std::map<std::string, uint64_t> not_reproduced_;
};

}  // namespace

CampaignReport RunRecordCampaign(const RecordTarget& target,
                                 const RecordCampaignOptions& options) {
  return RecordCampaign(target, options).Result();
}

}  // namespace cpgcert::fuzz
