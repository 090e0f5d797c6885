// Cases on a scripted service: what the implementation makes of errors, faults
// and surprises of the service that a real one gives only by chance.

#ifndef CPGCERT_CONFORMANCE_SCRIPTED_SCRIPTED_SUITE_H_
#define CPGCERT_CONFORMANCE_SCRIPTED_SCRIPTED_SUITE_H_

namespace cpgcert::conformance::scripted {

void RegisterScriptedSuite();

}  // namespace cpgcert::conformance::scripted

#endif  // CPGCERT_CONFORMANCE_SCRIPTED_SCRIPTED_SUITE_H_
