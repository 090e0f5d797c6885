// The parts of the suite, a file each.

#ifndef CPGCERT_CONFORMANCE_SCRIPTED_TOPICS_H_
#define CPGCERT_CONFORMANCE_SCRIPTED_TOPICS_H_

namespace cpgcert::conformance::scripted {

void RegisterErrorCases();      // ERR-01, ERR-04, ERR-06, JOIN-07, FIN-03
void RegisterConnectCases();    // INIT-05, INIT-07, ERR-05
void RegisterRequestCases();    // WIRE-01
void RegisterReplyCases();      // WIRE-02
void RegisterDeathCases();      // ERR-02, ERR-03, ITER-06
void RegisterFragmentCases();   // PART-02, PART-06, PART-07
void RegisterFlowCases();       // MCAST-06, MCAST-07, FLOW-01
void RegisterEventCases();      // DISPATCH-10, CONF-07, PART-03, PART-04
void RegisterChangeCases();     // CONF-01, TOTEM-02, TOTEM-03
void RegisterMalformedCases();  // WIRE-03

}  // namespace cpgcert::conformance::scripted

#endif  // CPGCERT_CONFORMANCE_SCRIPTED_TOPICS_H_
