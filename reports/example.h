// Certificates for tests.
#ifndef CPGCERT_REPORTS_EXAMPLE_H_
#define CPGCERT_REPORTS_EXAMPLE_H_

#include <string>
#include <vector>

#include "reports/certificate.h"

namespace cpgcert::reports {

// A case of profile "api" with this verdict; a fail names `requirement`.
Case ExampleCase(const std::string& name, const std::string& requirement,
                 const std::string& verdict);

// Not certified: requirement A-1 (documented) has a fail and a crash, A-2
// (header) one known deviation, A-3 (observed, optional) is unsupported, B-1
// (profile "faults") has one case each of hang, inconclusive, error, untested.
Certificate ExampleCertificate();

// The same with a small matrix of three cells, and two campaigns, one of which
// found something.
Certificate FullCertificate();

// FullCertificate with every text that a run can bring replaced by this one, or
// with it at the end of what must stay distinct.
Certificate HostileCertificate(const std::string& text);

// As broad as that of a real run: some 2,500 cases, a whole matrix, 132
// requirements. Defective: like one of corosync, with deviations, failures that
// are more than a page shows at once, and a root cause. Else: like one of the
// reference, nearly all of it passed and nothing found by fuzzing.
Certificate BroadCertificate(bool defective);

// Certified: two passes of A-1.
Certificate GoodCertificate();

}  // namespace cpgcert::reports

#endif  // CPGCERT_REPORTS_EXAMPLE_H_
