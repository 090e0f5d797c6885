// Cases that ask the service: memberships, the local node, flow control,
// iterations.

#ifndef CPGCERT_CONFORMANCE_QUERIES_QUERIES_SUITE_H_
#define CPGCERT_CONFORMANCE_QUERIES_QUERIES_SUITE_H_

namespace cpgcert::conformance::queries {

void RegisterQueriesSuite();

// Its parts: MEMB, LOCAL, FLOW; ITER-01 to ITER-05; ITER-06.
void RegisterMembershipCases();
void RegisterIterationCases();
void RegisterIterationErrorCases();

}  // namespace cpgcert::conformance::queries

#endif  // CPGCERT_CONFORMANCE_QUERIES_QUERIES_SUITE_H_
