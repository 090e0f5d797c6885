// From the outcomes of cases to the verdicts of requirements, and from those to
// what is certified. Pure logic: nothing here runs, reads or prints anything.
#ifndef CPGCERT_CONFORMANCE_CERTIFICATION_H_
#define CPGCERT_CONFORMANCE_CERTIFICATION_H_

#include <string>
#include <string_view>
#include <vector>

#include "harness/verdict.h"

namespace cpgcert::conformance {

// How binding the source of a requirement is.
enum class Tier {
  kDocumented,  // a manual page says so
  kHeader,      // corosync/cpg.h says so
  kObserved,    // neither, but programs rely on what corosync does
};

// "documented", "header", "observed".
std::string_view ToString(Tier tier);

// What certification needs to know of a requirement.
struct RequirementRow {
  std::string id;
  Tier tier = Tier::kDocumented;
  std::string profile;
  bool optional = false;  // an implementation may lack it
};

// What a case holds against one requirement.
struct CaseFailure {
  std::string requirement;
  std::string text;
};

struct CaseOutcome {
  std::string name;
  std::vector<std::string> requirements;  // the ids that it decides
  std::string profile;                    // as shown; rows decide what counts
  harness::Verdict verdict = harness::Verdict::kUntested;
  std::vector<CaseFailure> failures;
  bool is_deviation = false;     // set by Deviations::Apply
  std::string deviation_reason;  // likewise
  // It needs a capability that not every implementation has. Where it is
  // unsupported, the other cases of its requirements decide.
  bool needs_capability = false;
};

// The verdict of a case as a whole: its own, except that a pass, unsupported or
// untested case that holds failures has failed.
harness::Verdict EffectiveVerdict(const CaseOutcome& outcome);

// What the case says about `requirement`, which must be one of its own. A crash
// or hang, and everything short of a verdict, concerns all of its requirements.
// A fail concerns those that its failures name, and the others passed; but if
// it names none at all, or one that is not its own, it concerns them all.
harness::Verdict VerdictFor(const CaseOutcome& outcome,
                            std::string_view requirement);

// The ids among the case's own for which VerdictFor is kFail, in their order.
std::vector<std::string> FailingRequirements(const CaseOutcome& outcome);

// What was asked for. An empty list means all of them.
struct Scope {
  std::vector<std::string> profiles;
  std::vector<Tier> tiers;
  std::vector<std::string> requirements;  // e.g. those of `--only`'s cases
};

struct RequirementResult {
  std::string id;
  Tier tier = Tier::kDocumented;
  std::string profile;
  bool optional = false;
  // The worst that any of its cases says about it, in the order of
  // harness::Verdict: pass, unsupported, untested, inconclusive, fail, crash,
  // hang, error. kUntested if no case decides it.
  harness::Verdict verdict = harness::Verdict::kUntested;
  // It has predicted deviations, and without them it would be satisfied.
  bool is_deviation = false;
  std::vector<std::string> cases;  // names, in the order given
};

// Cases of one profile and tier by what they say about its requirements (the
// worst of VerdictFor). Each counts once: a predicted one under `deviation`
// alone. A requirement without any case counts as one `untested`.
struct Counts {
  int pass = 0;
  int unsupported = 0;
  int untested = 0;
  int inconclusive = 0;
  int fail = 0;
  int crash = 0;
  int hang = 0;
  int error = 0;
  int deviation = 0;

  friend bool operator==(const Counts&, const Counts&) = default;
};

struct TierResult {
  std::string profile;
  Tier tier = Tier::kDocumented;
  // Every requirement passed, or is optional and unsupported, or (header and
  // observed tiers only) is_deviation.
  bool certified = false;
  Counts counts;
};

struct Certification {
  // All tiers certified (and at least one), no problems, and a complete run.
  bool certified = false;
  // Those in scope, in the order of the rows.
  std::vector<RequirementResult> requirements;
  // One per profile and tier with a requirement in scope: profiles in the order
  // of the rows, tiers from documented to observed.
  std::vector<TierResult> tiers;
  // What makes the judgement itself unsound, one sentence each: a requirement
  // or case listed twice, a case of no or of an unknown requirement, a failure
  // that names a foreign requirement, a scope with nothing in it.
  std::vector<std::string> problems;
};

struct RunFacts {
  bool complete = false;               // every selected case has an outcome
  bool has_deviation_problems = true;  // Deviations::Apply returned any
};

Certification Certify(const std::vector<RequirementRow>& rows,
                      const std::vector<CaseOutcome>& outcomes,
                      const Scope& scope, const RunFacts& facts);

}  // namespace cpgcert::conformance

#endif  // CPGCERT_CONFORMANCE_CERTIFICATION_H_
