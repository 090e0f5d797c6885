// Cases about the totem callback that need no matrix.

#ifndef CPGCERT_CONFORMANCE_TOTEM_SUITE_H_
#define CPGCERT_CONFORMANCE_TOTEM_SUITE_H_

namespace cpgcert::conformance {

void RegisterTotemSuite();

}  // namespace cpgcert::conformance

#endif  // CPGCERT_CONFORMANCE_TOTEM_SUITE_H_
