// Which suite made a certificate.

#ifndef CPGCERT_CLI_FINGERPRINT_H_
#define CPGCERT_CLI_FINGERPRINT_H_

#include <string>

namespace cpgcert::cli {

// SHA-256 over the version, the table of requirements and the list of cases:
// suites that have the same owe and ask the same. REQUIRES: the cases are
// registered.
std::string SuiteFingerprint();

}  // namespace cpgcert::cli

#endif  // CPGCERT_CLI_FINGERPRINT_H_
