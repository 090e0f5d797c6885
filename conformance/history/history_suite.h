// Many processes on one node: what all of them were given, compared.

#ifndef CPGCERT_CONFORMANCE_HISTORY_HISTORY_SUITE_H_
#define CPGCERT_CONFORMANCE_HISTORY_HISTORY_SUITE_H_

namespace cpgcert::conformance::history {

// Registers the cases whose judge is checker.h.
void RegisterHistorySuite();

}  // namespace cpgcert::conformance::history

#endif  // CPGCERT_CONFORMANCE_HISTORY_HISTORY_SUITE_H_
