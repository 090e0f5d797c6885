// Cases about connecting and closing.

#ifndef CPGCERT_CONFORMANCE_LIFECYCLE_SUITE_H_
#define CPGCERT_CONFORMANCE_LIFECYCLE_SUITE_H_

namespace cpgcert::conformance {

void RegisterLifecycleSuite();

}  // namespace cpgcert::conformance

#endif  // CPGCERT_CONFORMANCE_LIFECYCLE_SUITE_H_
