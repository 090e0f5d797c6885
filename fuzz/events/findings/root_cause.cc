#include "fuzz/events/findings/root_cause.h"

#include <fmt/core.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "fuzz/events/findings/simpler_events.h"

namespace cpgcert::fuzz {

namespace {

// The relation whose honest value makes the outcome go away; if none does, the
// first whose honest value changes it, and else the first. What a correct
// service does too is guilty only by the first rule, or if it is alone.
BrokenRelation GuiltyRelation(const Sequence& sequence, const Outcome& outcome,
                              const std::vector<BrokenRelation>& broken,
                              Runner* runner) {
  const BrokenRelation* guilty = nullptr;
  bool changes = false;
  for (const BrokenRelation& candidate : broken) {
    if (broken.size() == 1) return candidate;
    const Outcome honest =
        runner->Run(WithHonestValue(sequence, candidate), outcome.later);
    if (honest.ok()) return candidate;
    if (candidate.relation == Relation::kUnfinished) continue;
    if (guilty == nullptr || (!changes && !honest.IsLike(outcome))) {
      guilty = &candidate;
      changes = !honest.IsLike(outcome);
    }
  }
  return guilty == nullptr ? broken.front() : *guilty;
}

struct GuiltyField {
  size_t event = 0;
  std::string field = kWholeEvent;
};

GuiltyField FindGuiltyField(const Sequence& sequence, const Outcome& outcome,
                            Runner* runner) {
  // First the event that is known to have gone wrong.
  std::vector<size_t> events(sequence.size());
  for (size_t i = 0; i < events.size(); ++i) events[i] = i;
  const auto known = static_cast<size_t>(std::max(outcome.event, 0));
  if (known < events.size()) std::swap(events[0], events[known]);
  for (const size_t i : events) {
    for (const ChangedField& version : SimplerVersions(sequence[i].bytes)) {
      Sequence changed = sequence;
      changed[i].bytes = version.bytes;
      if (!BrokenRelations(changed).empty()) continue;
      if (!runner->Run(changed, outcome.later).IsLike(outcome)) {
        return {i, version.field};
      }
    }
  }
  return {.event = events.empty() ? 0 : events[0]};
}

void SeeOtherDamages(const BrokenRelation& broken, Runner* runner,
                     RootCause* cause) {
  for (const Sequence& other : BrokenToOtherDegrees(cause->input, broken)) {
    const std::vector<BrokenRelation> relations = BrokenRelations(other);
    const bool same =
        std::ranges::all_of(relations, [&](const BrokenRelation& relation) {
          return relation.relation == broken.relation;
        });
    if (relations.empty() || !same) continue;
    const Outcome outcome = runner->Run(other, cause->outcome.later);
    if (outcome.ok()) continue;
    cause->damages.insert(outcome.damage);
    if (cause->where.empty()) cause->where = outcome.where;
  }
}

// All of these may be one mistake's.
bool IsNotAsOwed(Damage damage) {
  return damage == Damage::kUnowedError || damage == Damage::kErrorMissing ||
         damage == Damage::kMissingCallback ||
         damage == Damage::kUnowedCallback || damage == Damage::kSession;
}

std::string WithHyphens(std::string text) {
  std::ranges::replace(text, ' ', '-');
  return text;
}

}  // namespace

std::string RootCause::RelationText() const {
  if (broken.has_value()) return TextOf(*broken).broken;
  return fmt::format("honest, and yet {}",
                     IsNotAsOwed(outcome.damage)
                         ? "not the callbacks and errors that are owed"
                         : NameOf(outcome.damage));
}

std::string RootCause::Key() const {
  const bool any = broken.has_value() && IsOfEveryKind(*broken);
  const std::string kind = any || kinds.empty() ? "any event" : *kinds.begin();
  const bool has_part = !broken.has_value() && !outcome.part.empty();
  return fmt::format("{}: {}{}", kind, has_part ? outcome.part + ": " : "",
                     RelationText());
}

std::string RootCause::Name() const {
  const bool any = broken.has_value() && IsOfEveryKind(*broken);
  const std::string kind =
      any || kinds.empty() ? "event" : WithHyphens(*kinds.begin());
  if (broken.has_value()) {
    return fmt::format("{}-{}", kind, TextOf(*broken).name);
  }
  return WithHyphens(fmt::format(
      "{}-{}{}", kind, outcome.part.empty() ? "" : outcome.part + "-",
      IsNotAsOwed(outcome.damage) ? "not as owed"
                                  : ShortNameOf(outcome.damage)));
}

std::string RootCause::FieldText() const {
  return fmt::format("{}", fmt::join(fields, ", "));
}

void RootCause::Merge(RootCause other) {
  kinds.merge(other.kinds);
  fields.merge(other.fields);
  damages.merge(other.damages);
  if (where.empty()) where = other.where;
  if (other.tier >= tier) return;
  tier = other.tier;
  input = std::move(other.input);
  event = other.event;
  outcome = std::move(other.outcome);
  reproductions = other.reproductions;
  tries = other.tries;
}

RootCause FindRootCause(const Sequence& minimised, const Outcome& outcome,
                        int tries, Runner* runner) {
  RootCause cause{.tier = TierOf(RecordsOf(minimised)),
                  .damages = {outcome.damage},
                  .where = outcome.where,
                  .input = minimised,
                  .outcome = outcome,
                  .tries = tries};
  const std::vector<BrokenRelation> broken = BrokenRelations(minimised);
  if (!broken.empty()) {
    const BrokenRelation guilty =
        GuiltyRelation(minimised, outcome, broken, runner);
    cause.broken = guilty.relation;
    cause.event = guilty.event;
    cause.fields = {TextOf(guilty.relation).field};
    SeeOtherDamages(guilty, runner, &cause);
  } else {
    const GuiltyField guilty = FindGuiltyField(minimised, outcome, runner);
    cause.event = guilty.event;
    cause.fields = {guilty.field};
  }
  cause.kinds = {EventKind(minimised[cause.event].bytes)};
  for (int i = 0; i < tries; ++i) {
    const Outcome again = runner->Run(minimised, outcome.later);
    cause.reproductions += again.IsLike(outcome) ? 1 : 0;
    if (again.IsLike(outcome)) cause.outcome = again;
  }
  return cause;
}

}  // namespace cpgcert::fuzz
