#include "fuzz/findings/shadow.h"

#include <fmt/format.h>

#include <algorithm>

namespace cpgcert::fuzz {

namespace {

// Where lists are mixed up, the reasons are too.
bool Covers(const std::string& known, const std::string& part) {
  return known == part || (known == "lists" && part == "reasons");
}

}  // namespace

bool Shadow::HidesInputs() const {
  return relation.has_value() && *relation != Relation::kUnfinished;
}

std::string Shadow::Describe() const {
  if (HidesInputs()) {
    return fmt::format("not run: {} with {}", kind, TextOf(*relation).broken);
  }
  return fmt::format("not told again: {}{}{} after {}{}", NameOf(damage),
                     part.empty() ? "" : ": ", part, kind,
                     relation.has_value()
                         ? fmt::format(" with {}", TextOf(*relation).broken)
                         : "");
}

void Shadows::Add(const RootCause& cause) {
  for (const std::string& kind : cause.kinds) {
    all_.push_back({.kind = kind,
                    .relation = cause.broken,
                    .damage = cause.outcome.damage,
                    .part = cause.outcome.part});
  }
}

bool Shadows::Hide(const Sequence& sequence) const {
  const std::vector<BrokenRelation> broken = BrokenRelations(sequence);
  return std::ranges::any_of(broken, [&](const BrokenRelation& relation) {
    return std::ranges::any_of(all_, [&](const Shadow& shadow) {
      return shadow.HidesInputs() && shadow.relation == relation.relation &&
             shadow.kind == EventKind(sequence[relation.event].bytes);
    });
  });
}

bool Shadows::Explain(const Sequence& sequence, const Outcome& outcome) const {
  if (outcome.ok()) return true;
  const std::vector<BrokenRelation> broken = BrokenRelations(sequence);
  return std::ranges::any_of(all_, [&](const Shadow& shadow) {
    if (shadow.HidesInputs() || shadow.damage != outcome.damage ||
        !Covers(shadow.part, outcome.part)) {
      return false;
    }
    const bool has_kind =
        std::ranges::any_of(sequence, [&](const SequenceEvent& event) {
          return EventKind(event.bytes) == shadow.kind;
        });
    const bool has_relation =
        !shadow.relation.has_value() ||
        std::ranges::any_of(broken, [&](const BrokenRelation& relation) {
          return relation.relation == *shadow.relation;
        });
    return has_kind && has_relation;
  });
}

}  // namespace cpgcert::fuzz
