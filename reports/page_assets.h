// What the pages are made of, as it stands in the files of this folder: the
// texts are put into the program when it is built.
#ifndef CPGCERT_REPORTS_PAGE_ASSETS_H_
#define CPGCERT_REPORTS_PAGE_ASSETS_H_

#include <string_view>

namespace cpgcert::reports {

// Mustache templates.
std::string_view CertificateTemplate();
std::string_view ComparisonTemplate();
std::string_view SideBySideTemplate();

std::string_view PageStyle();    // page/page.css, for all pages
std::string_view PageScripts();  // page/*.js: certificate.html, as one script
std::string_view VueLibrary();   // which they need
std::string_view VueLicence();   // to stand beside it

}  // namespace cpgcert::reports

#endif  // CPGCERT_REPORTS_PAGE_ASSETS_H_
