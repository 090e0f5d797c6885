#include "conformance/certification.h"

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "harness/verdict.h"

namespace cpgcert::conformance {
namespace {

using harness::Verdict;

constexpr std::array<Tier, 3> kAllTiers = {Tier::kDocumented, Tier::kHeader,
                                           Tier::kObserved};

template <typename T, typename U>
bool Contains(const std::vector<T>& values, const U& value) {
  return std::find(values.begin(), values.end(), value) != values.end();
}

template <typename T>
bool Selects(const std::vector<T>& wanted, const T& value) {
  return wanted.empty() || Contains(wanted, value);
}

bool InScope(const RequirementRow& row, const Scope& scope) {
  return Selects(scope.profiles, row.profile) &&
         Selects(scope.tiers, row.tier) && Selects(scope.requirements, row.id);
}

// A fail whose failures do not say, in terms of the case's own requirements,
// what failed.
bool FailsIndistinctly(const CaseOutcome& outcome) {
  if (outcome.failures.empty()) return true;
  for (const CaseFailure& failure : outcome.failures) {
    if (!Contains(outcome.requirements, failure.requirement)) return true;
  }
  return false;
}

bool IsSatisfied(Verdict verdict, bool optional) {
  return verdict == Verdict::kPass ||
         (optional && verdict == Verdict::kUnsupported);
}

// The outcomes that decide each requirement id, in the order given.
using OutcomesById =
    std::map<std::string, std::vector<const CaseOutcome*>, std::less<>>;

OutcomesById IndexById(const std::vector<CaseOutcome>& outcomes) {
  OutcomesById by_id;
  for (const CaseOutcome& outcome : outcomes) {
    std::set<std::string_view> seen;
    for (const std::string& id : outcome.requirements) {
      if (seen.insert(id).second) by_id[id].push_back(&outcome);
    }
  }
  return by_id;
}

// Says nothing, since the implementation lacks what the case needs.
bool IsPassedOver(const CaseOutcome& outcome) {
  return outcome.needs_capability &&
         EffectiveVerdict(outcome) == Verdict::kUnsupported;
}

RequirementResult Judge(const RequirementRow& row,
                        const std::vector<const CaseOutcome*>& deciding) {
  RequirementResult result;
  result.id = row.id;
  result.tier = row.tier;
  result.profile = row.profile;
  result.optional = row.optional;
  result.verdict = deciding.empty() ? Verdict::kUntested : Verdict::kPass;
  bool has_deviation = false;
  const bool is_decided = std::ranges::any_of(
      deciding, [](const auto* outcome) { return !IsPassedOver(*outcome); });
  Verdict apart_from_deviations = Verdict::kPass;
  for (const CaseOutcome* outcome : deciding) {
    const Verdict verdict = VerdictFor(*outcome, row.id);
    result.cases.push_back(outcome->name);
    if (is_decided && IsPassedOver(*outcome)) {
      continue;
    }
    result.verdict = Worse(result.verdict, verdict);
    if (outcome->is_deviation && IsUnfavourable(verdict)) {
      has_deviation = true;
    } else {
      apart_from_deviations = Worse(apart_from_deviations, verdict);
    }
  }
  result.is_deviation =
      has_deviation && IsSatisfied(apart_from_deviations, row.optional);
  return result;
}

void Count(Verdict verdict, Counts& counts) {
  switch (verdict) {
    case Verdict::kPass:
      ++counts.pass;
      return;
    case Verdict::kUnsupported:
      ++counts.unsupported;
      return;
    case Verdict::kUntested:
      ++counts.untested;
      return;
    case Verdict::kInconclusive:
      ++counts.inconclusive;
      return;
    case Verdict::kFail:
      ++counts.fail;
      return;
    case Verdict::kCrash:
      ++counts.crash;
      return;
    case Verdict::kHang:
      ++counts.hang;
      return;
    case Verdict::kError:
      break;
  }
  ++counts.error;
}

Counts CountCases(const std::vector<CaseOutcome>& outcomes,
                  const std::vector<const RequirementResult*>& members) {
  Counts counts;
  std::set<std::string_view> ids;
  for (const RequirementResult* member : members) {
    ids.insert(member->id);
    if (member->cases.empty()) ++counts.untested;
  }
  for (const CaseOutcome& outcome : outcomes) {
    bool decides = false;
    Verdict worst = Verdict::kPass;
    for (const std::string& id : outcome.requirements) {
      if (!ids.contains(id)) continue;
      decides = true;
      worst = Worse(worst, VerdictFor(outcome, id));
    }
    if (!decides) continue;
    if (outcome.is_deviation && IsUnfavourable(worst)) {
      ++counts.deviation;
    } else {
      Count(worst, counts);
    }
  }
  return counts;
}

bool IsCertified(const RequirementResult& result) {
  if (IsSatisfied(result.verdict, result.optional)) return true;
  return result.is_deviation && result.tier != Tier::kDocumented;
}

std::vector<TierResult> JudgeTiers(
    const std::vector<RequirementResult>& results,
    const std::vector<CaseOutcome>& outcomes) {
  std::vector<std::string> profiles;
  for (const RequirementResult& result : results) {
    if (!Contains(profiles, result.profile)) profiles.push_back(result.profile);
  }
  std::vector<TierResult> tiers;
  for (const std::string& profile : profiles) {
    for (const Tier tier : kAllTiers) {
      std::vector<const RequirementResult*> members;
      for (const RequirementResult& result : results) {
        if (result.profile == profile && result.tier == tier) {
          members.push_back(&result);
        }
      }
      if (members.empty()) continue;
      const bool certified =
          std::all_of(members.begin(), members.end(),
                      [](const auto* member) { return IsCertified(*member); });
      tiers.push_back({.profile = profile,
                       .tier = tier,
                       .certified = certified,
                       .counts = CountCases(outcomes, members)});
    }
  }
  return tiers;
}

void CheckRows(const std::vector<RequirementRow>& rows,
               std::vector<std::string>& problems) {
  std::set<std::string_view> ids;
  for (const RequirementRow& row : rows) {
    if (!ids.insert(row.id).second) {
      problems.push_back("requirement " + row.id + " is listed twice");
    }
  }
}

void CheckOutcomes(const std::vector<RequirementRow>& rows,
                   const std::vector<CaseOutcome>& outcomes,
                   std::vector<std::string>& problems) {
  std::set<std::string_view> ids;
  for (const RequirementRow& row : rows) ids.insert(row.id);
  std::set<std::string_view> names;
  for (const CaseOutcome& outcome : outcomes) {
    const std::string subject = "case " + outcome.name;
    if (!names.insert(outcome.name).second) {
      problems.push_back(subject + " is listed twice");
    }
    if (outcome.requirements.empty()) {
      problems.push_back(subject + " decides no requirement");
    }
    for (const std::string& id : outcome.requirements) {
      if (ids.contains(id)) continue;
      problems.push_back(subject + " decides " + id +
                         ", which is not a requirement");
    }
    for (const CaseFailure& failure : outcome.failures) {
      if (Contains(outcome.requirements, failure.requirement)) continue;
      problems.push_back(subject + " fails \"" + failure.requirement +
                         "\", which is not among its requirements");
    }
  }
}

void CheckScope(const std::vector<RequirementRow>& rows, const Scope& scope,
                std::vector<std::string>& problems) {
  for (const std::string& profile : scope.profiles) {
    const bool found =
        std::any_of(rows.begin(), rows.end(), [&](const auto& row) {
          return row.profile == profile && InScope(row, scope);
        });
    if (found) continue;
    problems.push_back("profile " + profile +
                       " has no requirement among those asked for");
  }
  const bool found =
      std::any_of(rows.begin(), rows.end(),
                  [&](const auto& row) { return InScope(row, scope); });
  if (!found) problems.push_back("no requirement was asked for");
}

}  // namespace

std::string_view ToString(Tier tier) {
  switch (tier) {
    case Tier::kDocumented:
      return "documented";
    case Tier::kHeader:
      return "header";
    case Tier::kObserved:
      return "observed";
  }
  return "documented";  // the strictest
}

Verdict EffectiveVerdict(const CaseOutcome& outcome) {
  const bool contradicts_itself =
      outcome.verdict < Verdict::kInconclusive && !outcome.failures.empty();
  return contradicts_itself ? Verdict::kFail : outcome.verdict;
}

Verdict VerdictFor(const CaseOutcome& outcome, std::string_view requirement) {
  const Verdict verdict = EffectiveVerdict(outcome);
  if (verdict != Verdict::kFail || FailsIndistinctly(outcome)) return verdict;
  const bool named =
      std::any_of(outcome.failures.begin(), outcome.failures.end(),
                  [&](const CaseFailure& failure) {
                    return failure.requirement == requirement;
                  });
  return named ? Verdict::kFail : Verdict::kPass;
}

std::vector<std::string> FailingRequirements(const CaseOutcome& outcome) {
  std::vector<std::string> failing;
  for (const std::string& id : outcome.requirements) {
    if (VerdictFor(outcome, id) == Verdict::kFail) failing.push_back(id);
  }
  return failing;
}

Certification Certify(const std::vector<RequirementRow>& rows,
                      const std::vector<CaseOutcome>& outcomes,
                      const Scope& scope, const RunFacts& facts) {
  Certification certification;
  CheckRows(rows, certification.problems);
  CheckOutcomes(rows, outcomes, certification.problems);
  CheckScope(rows, scope, certification.problems);

  const OutcomesById by_id = IndexById(outcomes);
  for (const RequirementRow& row : rows) {
    if (!InScope(row, scope)) continue;
    const auto deciding = by_id.find(row.id);
    certification.requirements.push_back(
        Judge(row, deciding == by_id.end() ? std::vector<const CaseOutcome*>{}
                                           : deciding->second));
  }
  certification.tiers = JudgeTiers(certification.requirements, outcomes);
  certification.certified =
      facts.complete && !facts.has_deviation_problems &&
      certification.problems.empty() && !certification.tiers.empty() &&
      std::all_of(certification.tiers.begin(), certification.tiers.end(),
                  [](const TierResult& tier) { return tier.certified; });
  return certification;
}

}  // namespace cpgcert::conformance
