// What proves that a legal variant is one: a difference that can be seen.
//
// Each proof is a case beside those of the suite, `<requirement>/LegalVariant/
// <Name>`; it passes on the variant and fails where the difference is not.

#ifndef CPGCERT_CONFORMANCE_FAULTS_LEGAL_LEGAL_PROOFS_H_
#define CPGCERT_CONFORMANCE_FAULTS_LEGAL_LEGAL_PROOFS_H_

#include <string>
#include <string_view>

namespace cpgcert::faults {

// The name of the proof of a variant, or "" if it has none.
std::string ProofOf(std::string_view variant);

// Registers all proofs. Call it once, after the suites.
void RegisterProofs();

}  // namespace cpgcert::faults

#endif  // CPGCERT_CONFORMANCE_FAULTS_LEGAL_LEGAL_PROOFS_H_
