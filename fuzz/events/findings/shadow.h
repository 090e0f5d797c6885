// What is explained by root causes that are known: the campaign looks for what
// lies behind them.

#ifndef CPGCERT_FUZZ_EVENTS_FINDINGS_SHADOW_H_
#define CPGCERT_FUZZ_EVENTS_FINDINGS_SHADOW_H_

#include <optional>
#include <string>
#include <vector>

#include "fuzz/events/findings/outcome.h"
#include "fuzz/events/findings/relation.h"
#include "fuzz/events/findings/root_cause.h"
#include "fuzz/events/findings/sequence.h"
#include "fuzz/events/tier.h"

namespace cpgcert::fuzz {

// An input, and what can be said of it without running it.
struct Candidate {
  explicit Candidate(Sequence events);

  Sequence sequence;
  Tier tier;
  std::vector<BrokenRelation> broken;
};

// Each root cause has one, for each kind of event and field that led to it. It
// covers inputs of the same or a worse tier only, so that every cause is seen
// with the best service that it takes.
//
// An input is not run if it breaks the same relation in the same kind of event;
// nor if events of that kind, with that field, have made the library hang, and
// it waits as that one did.
// Other inputs are run, and an outcome is explained if the same damage was done
// to the same part of a callback, or in the same place, for the same kind of
// event with the same field.
class Shadows {
 public:
  void Add(const RootCause& cause);
  // It is not worth running.
  bool Hide(const Candidate& candidate) const;
  // This outcome of it is known. One that is all right is.
  bool Explain(const Candidate& candidate, const Outcome& outcome) const;

 private:
  struct Shadow {
    Tier tier = Tier::kConformant;
    std::string kind{};
    std::optional<Relation> relation{};
    std::string field{};
    bool waits = false;  // the input does
    Outcome outcome{};
    // Of the event that owed a callback; "" if that is not known.
    std::string owing_kind{};
  };
  static bool BreaksRelation(const Shadow& shadow, const Candidate& candidate);
  static bool HasItsField(const Shadow& shadow, const Candidate& candidate);
  static bool Hides(const Shadow& shadow, const Candidate& candidate);
  static bool Explains(const Shadow& shadow, const Candidate& candidate,
                       const Outcome& outcome);

  std::vector<Shadow> all_;
};

}  // namespace cpgcert::fuzz

#endif  // CPGCERT_FUZZ_EVENTS_FINDINGS_SHADOW_H_
