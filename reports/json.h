// certificate.json: the certificate as others read and compare it.
#ifndef CPGCERT_REPORTS_JSON_H_
#define CPGCERT_REPORTS_JSON_H_

#include <optional>
#include <string>
#include <string_view>

#include "reports/certificate.h"

namespace cpgcert::reports {

// Two spaces of indentation, keys in the order of the structs, a newline at the
// end. Keys are never renamed or removed within one schema; more may be added.
// Ill-formed UTF-8 becomes U+FFFD, a duration that is no number becomes 0.
std::string ToJson(const Certificate& certificate);

// Reads back what ToJson writes. Every key must be there with the right type,
// verdicts and tiers must be known words, counts must not be negative, and the
// schema must be 1; keys that are not known are passed over. If not, nullopt,
// and *error is one line that says where: `cases[3].verdict: "passed" is not a
// verdict`.
std::optional<Certificate> FromJson(std::string_view text, std::string* error);

}  // namespace cpgcert::reports

#endif  // CPGCERT_REPORTS_JSON_H_
