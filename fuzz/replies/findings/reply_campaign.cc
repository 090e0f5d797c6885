#include "fuzz/replies/findings/reply_campaign.h"

#include <fmt/core.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "fuzz/campaign/record_campaign.h"
#include "fuzz/replies/findings/reply_inputs.h"
#include "fuzz/replies/findings/reply_player.h"
#include "fuzz/replies/findings/reply_relation.h"
#include "fuzz/replies/findings/reply_reproducer.h"
#include "fuzz/replies/findings/simpler_replies.h"
#include "fuzz/replies/reply_input.h"
#include "fuzz/replies/reply_operations.h"

namespace cpgcert::fuzz {

namespace {

// A root cause with a relation, and what its examples have shown.
struct Shown {
  ReplyRelation relation = ReplyRelation::kId;
  std::set<Call> calls{};
  // Of the most trusted service, with the worst that came of it.
  std::string input{};
  Wrong wrong{};
  std::set<std::string> damages{};  // of all of them
};

class Campaign {
 public:
  Campaign(const harness::CpgApi& api, const ReplyCampaignOptions& options)
      : api_(api), options_(options) {}

  CampaignReport Result() {
    const RecordTarget target = Target();
    CampaignReport report =
        RunRecordCampaign(target, {.duration = options_.duration,
                                   .inputs_max = options_.inputs_max,
                                   .seed = options_.seed,
                                   .tier = options_.tier,
                                   .tries = options_.tries,
                                   .log = options_.log});
    for (Finding& finding : report.findings) Complete(&finding);
    return report;
  }

 private:
  RecordTarget Target() {
    RecordTarget target;
    target.name = "reply_decoder";
    target.in_library = reinterpret_cast<const void*>(api_.model_initialize);
    target.systematic = SystematicReplies;
    target.random = [this](uint64_t number, Trust worst) {
      return random_.Make(number, worst);
    };
    target.tier_of = [](const std::string& input) {
      return TrustOf(ParseReplyEntries(input));
    };
    target.play = [this](const std::string& input) {
      return PlayReplyInput(api_, input);
    };
    target.simpler = [](const std::string& input) {
      std::vector<std::string> simpler;
      for (const ReplyEntries& version :
           SimplerReplies(ParseReplyEntries(input))) {
        simpler.push_back(BuildReplyEntries(version));
      }
      return simpler;
    };
    target.explain = [this](const std::string& input, const Wrong& wrong,
                            const PlayAlone& play) {
      return Explain(ParseReplyEntries(input), wrong, play);
    };
    target.describe = [](const std::string& input) {
      return Describe(ParseReplyEntries(input));
    };
    target.hides = [this](const std::string& input, const Cause& known) {
      return Hides(ParseReplyEntries(input), known);
    };
    return target;
  }

  // --- The guilty relation.

  // The relation whose honest value makes it go away; if none does, the first
  // whose honest value changes it, and else the first. Nothing if none is
  // broken.
  static std::optional<BrokenReply> FindGuilty(const ReplyEntries& entries,
                                               const Wrong& wrong,
                                               const PlayAlone& play) {
    const std::vector<BrokenReply> all = AllBrokenRelations(entries);
    std::optional<BrokenReply> changes;
    for (const BrokenReply& candidate : all) {
      const Wrong then =
          play(BuildReplyEntries(WithHonestValue(entries, candidate)));
      if (then.ok()) return candidate;
      if (!changes.has_value() && !then.IsLike(wrong)) changes = candidate;
    }
    if (changes.has_value() || all.empty()) return changes;
    return all.front();
  }

  // Plays the examples of all calls: a check that is missing in one is missing
  // in others, if there is one for all.
  Shown ShowAll(ReplyRelation relation, const PlayAlone& play) {
    Shown shown{.relation = relation};
    std::pair<Trust, int> best;
    for (int i = 0; i < kCalls; ++i) {
      const auto call = static_cast<Call>(i);
      for (const ReplyEntries& example : ExampleInputs(call, relation)) {
        const std::string input = BuildReplyEntries(example);
        const Wrong wrong = play(input);
        if (wrong.ok()) continue;
        shown.calls.insert(call);
        shown.damages.insert(wrong.damage);
        const std::pair rank = {TrustOf(example), -SeverityOf(wrong.damage)};
        if (shown.input.empty() || rank < best) {
          best = rank;
          shown.input = input;
          shown.wrong = wrong;
        }
      }
    }
    return shown;
  }

  // Calls for which the relation can be broken, and matter: cpg_finalize may
  // answer anything.
  static std::set<Call> CallsWith(ReplyRelation relation) {
    std::set<Call> calls;
    for (int i = 0; i < kCalls; ++i) {
      const auto call = static_cast<Call>(i);
      if (call != Call::kFinalize && !Examples(call, relation).empty()) {
        calls.insert(call);
      }
    }
    return calls;
  }

  static std::string NameOfCalls(const Shown& shown) {
    const std::set<Call> all = CallsWith(shown.relation);
    std::set<Call> others;
    std::ranges::set_difference(all, shown.calls,
                                std::inserter(others, others.end()));
    if (all.size() > 1 && others.empty()) return "any reply";
    // Most of them.
    if (shown.calls.size() > 1 && others.size() == 1) {
      return fmt::format("any reply but that of {}", NameOf(*others.begin()));
    }
    std::string names;
    for (const Call call : shown.calls) {
      names += (names.empty() ? "" : ", ") + std::string(NameOf(call));
    }
    return names;
  }

  Cause Explain(const ReplyEntries& entries, const Wrong& wrong,
                const PlayAlone& play) {
    const std::optional<BrokenReply> guilty = FindGuilty(entries, wrong, play);
    if (!guilty.has_value()) {
      const std::string call = wrong.part.empty() && !entries.empty()
                                   ? NameOf(entries.back().call)
                                   : wrong.part;
      const std::string relation =
          fmt::format("honestly answered, and yet {}", wrong.damage);
      return {.key = fmt::format("{}: {}", call, relation),
              .field = call,
              .relation = relation};
    }
    Shown shown = ShowAll(guilty->relation, play);
    const Call call = entries[guilty->at].call;
    if (!shown.calls.contains(call)) {
      // It takes more than the relation alone.
      shown = {.relation = guilty->relation,
               .calls = {call},
               .input = BuildReplyEntries(entries),
               .wrong = wrong,
               .damages = {}};
    }
    shown.damages.insert(wrong.damage);
    const ReplyRelationText text = TextOf(guilty->relation);
    const Cause cause = {
        .key = fmt::format("{}: {}", NameOfCalls(shown), text.broken),
        .field = text.field,
        .relation = text.broken};
    shown_.try_emplace(cause.key, std::move(shown));
    return cause;
  }

  // --- What is known.

  bool Hides(const ReplyEntries& entries, const Cause& known) const {
    const auto shown = shown_.find(known.key);
    return shown != shown_.end() &&
           std::ranges::any_of(
               AllBrokenRelations(entries), [&](const BrokenReply& broken) {
                 return shown->second.calls.contains(entries[broken.at].call) &&
                        shown->second.relation == broken.relation;
               });
  }

  static std::string Describe(const ReplyEntries& entries) {
    std::string text;
    for (const ReplyEntry& entry : entries) {
      text += DescribeReplyInput({RecordOf(entry)});
      for (const ReplyRelation relation : BrokenRelations(entry)) {
        text += fmt::format("  {}\n", TextOf(relation).broken);
      }
    }
    return text;
  }

  // Its example in the place of whatever was found first.
  void Complete(Finding* finding) {
    const auto found = shown_.find(finding->key);
    if (found != shown_.end()) {
      const Shown& shown = found->second;
      const ReplyEntries entries = ParseReplyEntries(shown.input);
      finding->tier = TrustOf(entries);
      finding->damages.assign(shown.damages.begin(), shown.damages.end());
      std::ranges::sort(finding->damages, {}, SeverityOf);
      finding->owed = shown.wrong.owed;
      finding->came = shown.wrong.came;
      finding->where = shown.wrong.where;
      finding->annotated = Describe(entries);
      finding->input = shown.input;
    }
    finding->program = ReplyReproducer(*finding);
  }

  const harness::CpgApi& api_;
  const ReplyCampaignOptions& options_;
  const RandomReplies random_;
  std::map<std::string, Shown> shown_;  // by the keys of their causes
};

}  // namespace

CampaignReport RunReplyCampaign(const harness::CpgApi& api,
                                const ReplyCampaignOptions& options) {
  return Campaign(api, options).Result();
}

}  // namespace cpgcert::fuzz
