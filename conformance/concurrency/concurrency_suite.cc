#include "conformance/concurrency/concurrency_suite.h"

namespace cpgcert::conformance::concurrency {

void RegisterConcurrencySuite() {
  RegisterThreadCases();
  RegisterFinalizeBesideCases();
  RegisterSignalCases();
  RegisterForkCases();
}

}  // namespace cpgcert::conformance::concurrency
