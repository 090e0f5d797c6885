// The GoogleTest test of a case, for the process in which it is the only one
// that runs; and what that process says to the one that made it.

#ifndef CPGCERT_CONFORMANCE_CASE_TEST_H_
#define CPGCERT_CONFORMANCE_CASE_TEST_H_

#include <string>

#include "conformance/case.h"
#include "conformance/case_census.h"
#include "conformance/case_run.h"

namespace cpgcert::conformance {

// Runs the case, and puts together its report.
std::string RunTest(const CaseInfo& info, CaseContext* context,
                    const KeptForProcess& kept);

// Brings GoogleTest up. Call it once, before any thread or case, in a program
// that is no GoogleTest program itself.
void InitializeCases();

// Ends the processes that the case itself started: they must not look like
// what a library left behind, and nothing of theirs can hold up the census.
void EndHelpers();

// Reads what RunTest wrote; `*reason` gets the one given for a verdict.
void ReadReport(const std::string& text, CaseRun* run, std::string* reason);

}  // namespace cpgcert::conformance

#endif  // CPGCERT_CONFORMANCE_CASE_TEST_H_
