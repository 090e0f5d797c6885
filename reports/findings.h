// What the reports for people have in common: which requirements withhold a
// certificate and by which cases, the known deviations, and how to say it.
#ifndef CPGCERT_REPORTS_FINDINGS_H_
#define CPGCERT_REPORTS_FINDINGS_H_

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "reports/certificate.h"

namespace cpgcert::reports {

// Fail, crash, hang, inconclusive or error, and no known deviation.
bool IsUnfavourable(const Case& result);

// What the case says about one of its requirements: its verdict; but a fail
// whose failures name only others of its requirements says "pass".
std::string VerdictFor(const Case& result, std::string_view requirement);

// A requirement that withholds a certificate: not passed, not optional and
// unsupported, and not held back by known deviations alone.
struct Finding {
  const Requirement* requirement;
  // Those of its cases that did not pass and are no known deviation, in order.
  // Empty if no case decides it.
  std::vector<const Case*> cases;
};

// In the order of the certificate. Points into `certificate`.
std::vector<Finding> Findings(const Certificate& certificate);

// Known deviations of one reason, by first appearance. Points likewise.
struct DeviationGroup {
  std::string reason;
  std::vector<const Case*> cases;
  std::string reproducer;  // of the first of the cases that has one, or ""
};

std::vector<DeviationGroup> DeviationsByReason(const Certificate& certificate);

// How many requirements there are of one profile and tier.
struct RequirementCounts {
  std::string label;  // "api documented"; "all" for the sum
  // In the order of the columns, as many for each label.
  std::vector<std::size_t> counts;
};

// Requirements by profile, tier and verdict. A requirement that only known
// deviations hold back is counted under "deviation".
struct RequirementTable {
  std::vector<std::string> columns;  // "requirements", then verdicts that occur
  std::vector<RequirementCounts>
      rows;  // as the profiles; the sum if it is news
};

RequirementTable TabulateRequirements(const Certificate& certificate);

// "9 pass, 2 fail, 1 deviation": every case once, what is zero left out;
// "no cases" if there are none.
std::string DescribeCases(const std::vector<Case>& cases);

// "CERTIFIED", "CERTIFIED, with 2 deviations" or "NOT CERTIFIED: 3 fail,
// 1 crash, 2 documented deviations": everything but the passes.
std::string DescribeProfile(const Profile& profile);

// "CERTIFIED" or "NOT CERTIFIED", and in brackets what narrows it: an
// interrupted run, and what was asked for if that was not everything.
std::string DescribeCertificate(const Certificate& certificate);

// Everything that speaks against the certificate and is no verdict of a case,
// one line each: an interrupted run, requirements without cases (one line for
// all), problems with the deviations file, other problems.
std::vector<std::string> Objections(const Certificate& certificate);

// The message of a case, or, if it has none, the texts of its failures.
std::string MessageOf(const Case& result);

}  // namespace cpgcert::reports

#endif  // CPGCERT_REPORTS_FINDINGS_H_
