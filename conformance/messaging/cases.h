// The parts of the suite, one file each.

#ifndef CPGCERT_CONFORMANCE_MESSAGING_CASES_H_
#define CPGCERT_CONFORMANCE_MESSAGING_CASES_H_

namespace cpgcert::conformance::messaging {

void RegisterDeliveryCases();     // MCAST-01, -02: what arrives, in which order
void RegisterPiecesCases();       // MCAST-05, -09, -12: the iovec
void RegisterMembershipCases();   // MCAST-03, -04, -10: before, after, outside
void RegisterFragmentsCases();    // PART-01, -03, -05, -08 and MAX-01
void RegisterFlowControlCases();  // MCAST-06, -07: more than the service takes
void RegisterZeroCopyCases();     // ZCB-01, -03, -04

}  // namespace cpgcert::conformance::messaging

#endif  // CPGCERT_CONFORMANCE_MESSAGING_CASES_H_
