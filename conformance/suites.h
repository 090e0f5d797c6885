// All cases of the suite.

#ifndef CPGCERT_CONFORMANCE_SUITES_H_
#define CPGCERT_CONFORMANCE_SUITES_H_

namespace cpgcert::conformance {

// Registers every case, in the order in which they are listed. Call it once.
void RegisterSuites();

}  // namespace cpgcert::conformance

#endif  // CPGCERT_CONFORMANCE_SUITES_H_
