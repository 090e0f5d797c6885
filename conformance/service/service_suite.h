// Cases in which the service dies, stands still or comes back, before a call
// and in the middle of it.

#ifndef CPGCERT_CONFORMANCE_SERVICE_SERVICE_SUITE_H_
#define CPGCERT_CONFORMANCE_SERVICE_SERVICE_SUITE_H_

namespace cpgcert::conformance::service {

void RegisterServiceSuite();

// Its parts: ERR-02 and FIN-03; FD-02; ERR-03 and ERR-04; ERR-07.
void RegisterDeathCases();
void RegisterPollCases();
void RegisterStandstillCases();
void RegisterRestartCases();

}  // namespace cpgcert::conformance::service

#endif  // CPGCERT_CONFORMANCE_SERVICE_SERVICE_SUITE_H_
