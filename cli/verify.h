// `certify verify`: is a certificate what this suite would have written for
// the cases that it lists?
//
// Runs nothing. Verdicts of requirements, counts and what is certified are
// worked out again from the cases; the requirements and the list of cases are
// those of this suite; the library is the one whose hash is named.

#ifndef CPGCERT_CLI_VERIFY_H_
#define CPGCERT_CLI_VERIFY_H_

#include <string>
#include <vector>

#include "conformance/deviations.h"
#include "reports/certificate.h"

namespace cpgcert::cli {

struct VerifyFacts {
  // SHA-256 of the library; empty: there is none to look at.
  std::string library_sha256{};
  // The file of known deviations that the certificate names.
  conformance::Deviations deviations{};
  std::string fingerprint{};  // of this suite
};

// Why the certificate is refused, one sentence each; none: it is as it should
// be. REQUIRES: the cases are registered.
std::vector<std::string> WhyRefused(const reports::Certificate& certificate,
                                    const VerifyFacts& facts);

// The command: `arguments` follow the word "verify". Prints, and returns the
// exit status: 0 nothing is wrong, 1 refused, 2 could not look.
int VerifyCommand(const std::vector<std::string>& arguments);

}  // namespace cpgcert::cli

#endif  // CPGCERT_CLI_VERIFY_H_
