// What a finding is due to: the relation between fields that the library does
// not check, or the field of an honest event that it gets wrong.

#ifndef CPGCERT_FUZZ_EVENTS_FINDINGS_ROOT_CAUSE_H_
#define CPGCERT_FUZZ_EVENTS_FINDINGS_ROOT_CAUSE_H_

#include <optional>
#include <set>
#include <string>

#include "fuzz/events/findings/outcome.h"
#include "fuzz/events/findings/relation.h"
#include "fuzz/events/findings/runner.h"
#include "fuzz/events/findings/sequence.h"
#include "fuzz/events/tier.h"

namespace cpgcert::fuzz {

struct RootCause {
  // Of the guilty event. More than one only for what is checked at one place
  // for all of them.
  std::set<std::string> kinds{};
  // The guilty ones: more than one only if nothing is broken, and the same goes
  // wrong for each of them.
  std::set<std::string> fields{};
  // None: the sequence breaks nothing.
  std::optional<Relation> broken{};
  Tier tier = Tier::kConformant;
  std::set<Damage> damages{};  // seen, with this and with other values
  std::string where{};         // of a crash or hang among them

  Sequence input{};   // minimised
  size_t event = 0;   // the guilty one of it
  Outcome outcome{};  // of it
  int reproductions = 0;
  int tries = 0;

  // "message_size > bytes that follow", or what went wrong: "honest, and yet a
  // callback with wrong contents". What comes to other callbacks or errors than
  // are owed is one thing.
  std::string RelationText() const;
  // "deliver: message_size > bytes that follow". Two findings of the same root
  // cause have the same, whatever led to them.
  std::string Key() const;
  // For files: "deliver-message-size-beyond".
  std::string Name() const;
  std::string FieldText() const;

  // Takes over what `other`, with the same key, knows beyond this one, and its
  // input if that is of a better service.
  void Merge(RootCause other);
};

// Of a minimised finding. Tries the honest value of each broken relation, and
// if there is none the simplest one of each field: guilty is the first whose
// value makes the outcome go away. Runs the input `tries` times.
RootCause FindRootCause(const Sequence& minimised, const Outcome& outcome,
                        int tries, Runner* runner);

}  // namespace cpgcert::fuzz

#endif  // CPGCERT_FUZZ_EVENTS_FINDINGS_ROOT_CAUSE_H_
