// junit.xml: the run as continuous integration shows it.
#ifndef CPGCERT_REPORTS_JUNIT_H_
#define CPGCERT_REPORTS_JUNIT_H_

#include <string>

#include "reports/certificate.h"

namespace cpgcert::reports {

// <testsuites> with a <testsuite> per requirement, in order of first
// appearance, and in it a <testcase> per case that names the requirement first.
// The suite's name, which is the classname of its cases too, is
// "PROFILE.TIER.REQUIREMENT", so that viewers show a tree; the three are its
// <properties> as well. What else a case decides, and what it noted, is its
// <system-out>. A viewer's colours mean:
//
//     fail                                 <failure>
//     crash, hang, error, inconclusive     <error>
//     unsupported, untested                <skipped>
//     a known deviation                    <skipped>, "known deviation: why"
//
// What withholds the certificate without being a case (findings.h, Objections)
// is a <failure> each in a further suite "certificate", which is absent if
// there is nothing of the kind. Times are in seconds. Always well-formed
// XML 1.0 in UTF-8: characters that XML forbids are shown as \xHH or \uHHHH.
// Valid by the schema of Jenkins (junit-10.xsd of its xUnit plugin), which
// knows properties of suites but not of cases.
std::string ToJunit(const Certificate& certificate);

}  // namespace cpgcert::reports

#endif  // CPGCERT_REPORTS_JUNIT_H_
