// What is explained by root causes that are known: the campaign looks for what
// lies behind them.

#ifndef CPGCERT_FUZZ_FINDINGS_SHADOW_H_
#define CPGCERT_FUZZ_FINDINGS_SHADOW_H_

#include <optional>
#include <string>
#include <vector>

#include "fuzz/findings/outcome.h"
#include "fuzz/findings/relation.h"
#include "fuzz/findings/root_cause.h"
#include "fuzz/findings/sequence.h"

namespace cpgcert::fuzz {

// Of one root cause.
struct Shadow {
  std::string kind{};                  // of the guilty event
  std::optional<Relation> relation{};  // that is broken
  // A sequence without a broken relation, or one that a correct service sends
  // too, is run; this outcome of it is explained.
  Damage damage = Damage::kNone;
  std::string part{};

  bool HidesInputs() const;
  // "not run: deliver event with message_size > bytes that follow".
  std::string Describe() const;
};

class Shadows {
 public:
  void Add(const RootCause& cause);
  // It is not worth running.
  bool Hide(const Sequence& sequence) const;
  // This outcome of it is known.
  bool Explain(const Sequence& sequence, const Outcome& outcome) const;
  const std::vector<Shadow>& all() const { return all_; }

 private:
  std::vector<Shadow> all_;
};

}  // namespace cpgcert::fuzz

#endif  // CPGCERT_FUZZ_FINDINGS_SHADOW_H_
