// What became better and worse from one certificate to the next.
#ifndef CPGCERT_REPORTS_COMPARE_H_
#define CPGCERT_REPORTS_COMPARE_H_

#include <string>
#include <vector>

#include "reports/certificate.h"

namespace cpgcert::reports {

// One thing that is not as it was.
struct Change {
  std::string kind{};    // "case", "requirement", "profile", "root cause", ...
  std::string name{};    // "DISPATCH-02", "api documented"
  std::string before{};  // "pass", "fail, known deviation"; empty if it is new
  std::string after{};   // empty if it is gone
  std::string detail{};  // a requirement's sentence, a case's message, or empty
};

// Each change stands in one list only.
struct Comparison {
  // Differences that are neither good nor bad in themselves, a sentence each:
  // another library, another suite, another machine.
  std::vector<std::string> facts{};
  std::vector<Change> worse{};
  std::vector<Change> better{};
  std::vector<Change> changed{};  // neither, as far as anyone can tell
  std::vector<Change> appeared{};
  std::vector<Change> vanished{};
};

// From the best to the worst, a verdict is pass; unsupported; untested,
// inconclusive or error; fail; hang or crash. So a pass that became anything
// else is worse. Not better, but changed, is what was a fail, hang or crash and
// is not decided any more, and what only became a known deviation or ceased to
// be one. A profile is worse if it is not certified any more, and so is the
// whole. Worse is also: a root cause that fuzzing had not found before; a run
// that is not complete any more; a profile that was certified and is not judged
// any more; and, between certificates of the same suite, a case or requirement
// that passed and has vanished.
Comparison Compare(const Certificate& before, const Certificate& after);

// For a terminal or a log, plain; every change has its line.
std::string ComparisonText(const Certificate& before, const Certificate& after,
                           const Comparison& comparison);

// A page of one file, without scripts.
std::string ComparisonHtml(const Certificate& before, const Certificate& after,
                           const Comparison& comparison);

}  // namespace cpgcert::reports

#endif  // CPGCERT_REPORTS_COMPARE_H_
