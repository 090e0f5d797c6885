// The verdicts of a case: one vocabulary for whatever runs, judges or reports.
#ifndef CPGCERT_HARNESS_VERDICT_H_
#define CPGCERT_HARNESS_VERDICT_H_

#include <array>
#include <optional>
#include <string_view>

namespace cpgcert::harness {

// Ordered from best to worst: where several cases decide one requirement, the
// greatest counts. `kError` is last because it says that the suite itself is
// broken, so that nothing else it said about the requirement can be relied on.
enum class Verdict {
  kPass,          // ran, and everything owed was observed
  kUnsupported,   // a capability declared absent that is absent
  kUntested,      // never ran to its trigger
  kInconclusive,  // a control on the same host failed or was too noisy
  kFail,          // ran, and something owed was not observed
  kCrash,         // the implementation died
  kHang,          // the deadline passed
  kError,         // the suite's own fault
};

// All of them, best first.
inline constexpr std::array<Verdict, 8> kAllVerdicts = {
    Verdict::kPass,         Verdict::kUnsupported, Verdict::kUntested,
    Verdict::kInconclusive, Verdict::kFail,        Verdict::kCrash,
    Verdict::kHang,         Verdict::kError};

// "pass", "unsupported", "untested", "inconclusive", "fail", "crash", "hang"
// or "error". A value outside the enumeration is "error".
std::string_view ToString(Verdict verdict);

// The inverse, exact and case sensitive; nullopt for any other text.
std::optional<Verdict> FromString(std::string_view text);

// The worse of the two.
constexpr Verdict Worse(Verdict a, Verdict b) { return a < b ? b : a; }

// Fail, crash or hang: the implementation broke its promise. These are the
// verdicts that a deviation may predict.
constexpr bool IsUnfavourable(Verdict verdict) {
  return verdict == Verdict::kFail || verdict == Verdict::kCrash ||
         verdict == Verdict::kHang;
}

}  // namespace cpgcert::harness

#endif  // CPGCERT_HARNESS_VERDICT_H_
