// junit.xml: the run as continuous integration shows it.
#ifndef CPGCERT_REPORTS_JUNIT_H_
#define CPGCERT_REPORTS_JUNIT_H_

#include <string>

#include "reports/certificate.h"

namespace cpgcert::reports {

// <testsuites> with a <testsuite> per profile of the cases, in order of first
// appearance, and a <testcase> per case, whose classname is its first
// requirement. A viewer's colours then mean:
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
std::string ToJunit(const Certificate& certificate);

}  // namespace cpgcert::reports

#endif  // CPGCERT_REPORTS_JUNIT_H_
