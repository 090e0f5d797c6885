#include "fuzz/findings/root_cause.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "fuzz/findings/simpler_events.h"

namespace cpgcert::fuzz {

namespace {

// The relation whose honest value makes the outcome go away; if none does, the
// first whose honest value changes it, and else the first.
BrokenRelation GuiltyRelation(const Sequence& sequence, const Outcome& outcome,
                              const std::vector<BrokenRelation>& broken,
                              Runner* runner) {
  if (broken.size() == 1) return broken.front();
  const BrokenRelation* changes = nullptr;
  for (const BrokenRelation& candidate : broken) {
    const Outcome honest = runner->Run(WithHonestValue(sequence, candidate));
    if (honest.ok()) return candidate;
    if (changes == nullptr && !honest.IsLike(outcome)) changes = &candidate;
  }
  return changes == nullptr ? broken.front() : *changes;
}

struct GuiltyField {
  size_t event = 0;
  std::string field = "event";
};

GuiltyField FindGuiltyField(const Sequence& sequence, const Outcome& outcome,
                            Runner* runner) {
  for (size_t i = 0; i < sequence.size(); ++i) {
    for (const ChangedField& version : SimplerVersions(sequence[i].bytes)) {
      Sequence changed = sequence;
      changed[i].bytes = version.bytes;
      if (!BrokenRelations(changed).empty()) continue;
      if (!runner->Run(changed).IsLike(outcome)) return {i, version.field};
    }
  }
  const bool known = outcome.event >= 0 &&
                     static_cast<size_t>(outcome.event) < sequence.size();
  return {.event = known ? static_cast<size_t>(outcome.event) : 0};
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
    if (const Outcome outcome = runner->Run(other); !outcome.ok()) {
      cause->damages.insert(outcome.damage);
    }
  }
}

}  // namespace

std::string RootCause::Key() const {
  const bool any = broken.has_value() && IsOfEveryKind(*broken);
  return fmt::format("{}: {}: {}",
                     any || kinds.empty() ? "any event" : *kinds.begin(), field,
                     relation);
}

Damage RootCause::Worst() const {
  return damages.empty() ? Damage::kNone : *damages.rbegin();
}

RootCause FindRootCause(const Sequence& minimised, const Outcome& outcome,
                        int tries, Runner* runner) {
  RootCause cause{.tier = TierOf(RecordsOf(minimised)),
                  .damages = {outcome.damage},
                  .input = minimised,
                  .outcome = outcome,
                  .tries = tries};
  const std::vector<BrokenRelation> broken = BrokenRelations(minimised);
  if (!broken.empty()) {
    const BrokenRelation guilty =
        GuiltyRelation(minimised, outcome, broken, runner);
    cause.broken = guilty.relation;
    cause.event = guilty.event;
    cause.field = TextOf(guilty.relation).field;
    cause.relation = TextOf(guilty.relation).broken;
    SeeOtherDamages(guilty, runner, &cause);
  } else {
    const GuiltyField guilty = FindGuiltyField(minimised, outcome, runner);
    cause.event = guilty.event;
    cause.field = outcome.part.empty() ? guilty.field : outcome.part;
    cause.relation = fmt::format("honest, and yet {}", NameOf(outcome.damage));
  }
  cause.kinds = {EventKind(minimised[cause.event].bytes)};
  for (int i = 0; i < tries; ++i) {
    const Outcome again = runner->Run(minimised);
    cause.reproductions += again.IsLike(outcome) ? 1 : 0;
    if (again.IsLike(outcome)) cause.outcome = again;
  }
  return cause;
}

}  // namespace cpgcert::fuzz
