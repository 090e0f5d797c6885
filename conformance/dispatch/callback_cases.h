// Cases of cpg_dispatch that are no cells of the matrix: what its types are
// called in the header, and what a deliver callback may do with its message.

#ifndef CPGCERT_CONFORMANCE_DISPATCH_CALLBACK_CASES_H_
#define CPGCERT_CONFORMANCE_DISPATCH_CALLBACK_CASES_H_

namespace cpgcert::conformance::dispatch {

void RegisterCallbackCases();

}  // namespace cpgcert::conformance::dispatch

#endif  // CPGCERT_CONFORMANCE_DISPATCH_CALLBACK_CASES_H_
