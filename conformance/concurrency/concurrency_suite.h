// Cases with several threads, signal handlers and forked children.

#ifndef CPGCERT_CONFORMANCE_CONCURRENCY_CONCURRENCY_SUITE_H_
#define CPGCERT_CONFORMANCE_CONCURRENCY_CONCURRENCY_SUITE_H_

namespace cpgcert::conformance::concurrency {

void RegisterConcurrencySuite();

// Its parts: THR-01 and THR-02; THR-03; SIG-01; FORK-01.
void RegisterThreadCases();
void RegisterFinalizeBesideCases();
void RegisterSignalCases();
void RegisterForkCases();

}  // namespace cpgcert::conformance::concurrency

#endif  // CPGCERT_CONFORMANCE_CONCURRENCY_CONCURRENCY_SUITE_H_
