// Cases about connections: initialize, finalize, handle, descriptor, context,
// and what a connection leaves behind.

#ifndef CPGCERT_CONFORMANCE_CONNECTIONS_CONNECTIONS_SUITE_H_
#define CPGCERT_CONFORMANCE_CONNECTIONS_CONNECTIONS_SUITE_H_

namespace cpgcert::conformance::connections {

void RegisterConnectionsSuite();

}  // namespace cpgcert::conformance::connections

#endif  // CPGCERT_CONFORMANCE_CONNECTIONS_CONNECTIONS_SUITE_H_
