// The certificate as the scripts of certificate.html read it: the same facts
// as certificate.json, without what repeats itself.
#ifndef CPGCERT_REPORTS_PAGE_DATA_H_
#define CPGCERT_REPORTS_PAGE_DATA_H_

#include <cstddef>
#include <string>

#include "reports/certificate.h"

namespace cpgcert::reports {

// JSON that can stand inside of a <script> element whatever the texts of the
// certificate are: without '<', '>' and '&', all text made visible.
//
// Messages, notes and steps are shortened, and say so, if the whole would be
// more than `bytes_max`: each to the greatest of some lengths that will do. It
// can still be more if there are very many cases.
std::string PageData(const Certificate& certificate, std::size_t bytes_max);

}  // namespace cpgcert::reports

#endif  // CPGCERT_REPORTS_PAGE_DATA_H_
