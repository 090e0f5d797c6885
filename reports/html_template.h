// The Mustache template of certificate.html.
#ifndef CPGCERT_REPORTS_HTML_TEMPLATE_H_
#define CPGCERT_REPORTS_HTML_TEMPLATE_H_

#include <string_view>

namespace cpgcert::reports {

// The content of certificate.html.tmpl; BUILD makes the .cc file from it.
std::string_view HtmlTemplate();

}  // namespace cpgcert::reports

#endif  // CPGCERT_REPORTS_HTML_TEMPLATE_H_
