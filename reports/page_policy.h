// What a browser may do with a page.
#ifndef CPGCERT_REPORTS_PAGE_POLICY_H_
#define CPGCERT_REPORTS_PAGE_POLICY_H_

#include <string>
#include <string_view>
#include <vector>

namespace cpgcert::reports {

// A Content-Security-Policy: fetches nothing, and uses just this style and
// runs just these scripts, byte for byte as they stand between their tags.
// Whatever else got into the page stays text.
std::string PagePolicy(std::string_view style,
                       const std::vector<std::string_view>& scripts);

}  // namespace cpgcert::reports

#endif  // CPGCERT_REPORTS_PAGE_POLICY_H_
