// What a finding is due to: the relation between fields that the library does
// not check, or the field of an honest event that it gets wrong.

#ifndef CPGCERT_FUZZ_FINDINGS_ROOT_CAUSE_H_
#define CPGCERT_FUZZ_FINDINGS_ROOT_CAUSE_H_

#include <optional>
#include <set>
#include <string>

#include "fuzz/findings/outcome.h"
#include "fuzz/findings/relation.h"
#include "fuzz/findings/runner.h"
#include "fuzz/findings/sequence.h"
#include "fuzz/mutation/tier.h"

namespace cpgcert::fuzz {

struct RootCause {
  // More than one only for what is checked at one place for all of them.
  std::set<std::string> kinds{};
  std::string field{};
  // "message_size > bytes that follow", or, of a sequence that breaks nothing,
  // what went wrong and in what: "a callback with wrong contents: group".
  std::string relation{};
  // None: the sequence breaks nothing.
  std::optional<Relation> broken{};
  Tier tier = Tier::kConformant;
  std::set<Damage> damages{};  // seen, with this and with other values

  Sequence input{};   // minimised
  size_t event = 0;   // the guilty one of it
  Outcome outcome{};  // of it
  int reproductions = 0;
  int tries = 0;

  // Two findings of the same root cause have the same.
  std::string Key() const;
  Damage Worst() const;
};

// Of a minimised finding. Tries the honest value of each broken relation, and
// if there is none the simplest one of each field: guilty is the first whose
// value makes the outcome go away. Runs the input `tries` times.
RootCause FindRootCause(const Sequence& minimised, const Outcome& outcome,
                        int tries, Runner* runner);

}  // namespace cpgcert::fuzz

#endif  // CPGCERT_FUZZ_FINDINGS_ROOT_CAUSE_H_
