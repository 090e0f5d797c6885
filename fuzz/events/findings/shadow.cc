#include "fuzz/events/findings/shadow.h"

#include <algorithm>
#include <utility>

#include "fuzz/events/findings/simpler_events.h"

namespace cpgcert::fuzz {

namespace {

// The kind of the event that owed a callback; "" if that is not known.
std::string OwingKind(const Sequence& sequence, const Outcome& outcome) {
  const auto event = static_cast<size_t>(outcome.event);
  return event < sequence.size() ? EventKind(sequence[event].bytes) : "";
}

}  // namespace

Candidate::Candidate(Sequence events)
    : sequence(std::move(events)),
      tier(TierOf(RecordsOf(sequence))),
      broken(BrokenRelations(sequence)) {}

void Shadows::Add(const RootCause& cause) {
  for (const std::string& kind : cause.kinds) {
    for (const std::string& field : cause.fields) {
      all_.push_back({.tier = cause.tier,
                      .kind = kind,
                      .relation = cause.broken,
                      .field = field,
                      .waits = Waits(cause.input),
                      .outcome = cause.outcome,
                      .owing_kind = OwingKind(cause.input, cause.outcome)});
    }
  }
}

bool Shadows::Hide(const Candidate& candidate) const {
  return std::ranges::any_of(
      all_, [&](const Shadow& shadow) { return Hides(shadow, candidate); });
}

bool Shadows::Explain(const Candidate& candidate,
                      const Outcome& outcome) const {
  return outcome.ok() || std::ranges::any_of(all_, [&](const Shadow& shadow) {
           return Explains(shadow, candidate, outcome);
         });
}

bool Shadows::BreaksRelation(const Shadow& shadow, const Candidate& candidate) {
  return std::ranges::any_of(
      candidate.broken, [&](const BrokenRelation& broken) {
        return broken.relation == shadow.relation &&
               EventKind(candidate.sequence[broken.event].bytes) == shadow.kind;
      });
}

bool Shadows::HasItsField(const Shadow& shadow, const Candidate& candidate) {
  return std::ranges::any_of(candidate.sequence,
                             [&](const SequenceEvent& event) {
                               return EventKind(event.bytes) == shadow.kind &&
                                      HasField(event.bytes, shadow.field);
                             });
}

bool Shadows::Hides(const Shadow& shadow, const Candidate& candidate) {
  if (candidate.tier < shadow.tier) return false;
  if (!shadow.relation.has_value()) {
    return shadow.outcome.damage == Damage::kHang &&
           (!shadow.waits || Waits(candidate.sequence)) &&
           HasItsField(shadow, candidate);
  }
  // Correct services leave messages unfinished, too.
  return shadow.relation != Relation::kUnfinished &&
         BreaksRelation(shadow, candidate);
}

bool Shadows::Explains(const Shadow& shadow, const Candidate& candidate,
                       const Outcome& outcome) {
  if (candidate.tier < shadow.tier || shadow.outcome.damage != outcome.damage ||
      shadow.outcome.where != outcome.where ||
      shadow.outcome.part != outcome.part) {
    return false;
  }
  if (shadow.relation.has_value()) return BreaksRelation(shadow, candidate);
  const std::string owing = OwingKind(candidate.sequence, outcome);
  return owing == shadow.owing_kind && HasItsField(shadow, candidate);
}

}  // namespace cpgcert::fuzz
