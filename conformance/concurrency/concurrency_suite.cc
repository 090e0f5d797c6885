#include "conformance/concurrency/concurrency_suite.h"

namespace cpgcert::conformance {

void RegisterConcurrencySuite() {
  RegisterThreadCases();
  RegisterFinalizeBesideCases();
  RegisterSignalCases();
  RegisterForkCases();
}

}  // namespace cpgcert::conformance
