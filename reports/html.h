// certificate.html: the certificate as a person reads it.
#ifndef CPGCERT_REPORTS_HTML_H_
#define CPGCERT_REPORTS_HTML_H_

#include <string>

#include "reports/certificate.h"

namespace cpgcert::reports {

// One self-contained page: no script, nothing fetched, light or dark as the
// reader's system is, and no colour without a word. All text of the certificate
// is escaped, with invisible characters shown.
std::string ToHtml(const Certificate& certificate);

}  // namespace cpgcert::reports

#endif  // CPGCERT_REPORTS_HTML_H_
