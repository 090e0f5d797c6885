// Messages: cpg_mcast_joined(3), the zero copy calls, and what is delivered.

#ifndef CPGCERT_CONFORMANCE_MESSAGING_MESSAGING_SUITE_H_
#define CPGCERT_CONFORMANCE_MESSAGING_MESSAGING_SUITE_H_

namespace cpgcert::conformance::messaging {

void RegisterMessagingSuite();

}  // namespace cpgcert::conformance::messaging

#endif  // CPGCERT_CONFORMANCE_MESSAGING_MESSAGING_SUITE_H_
