#include "conformance/suites.h"

#include "conformance/dispatch/cell_run.h"
#include "conformance/lifecycle_suite.h"
#include "conformance/totem_suite.h"

namespace cpgcert::conformance {

void RegisterSuites() {
  dispatch::RegisterDispatchMatrix();
  RegisterLifecycleSuite();
  RegisterTotemSuite();
}

}  // namespace cpgcert::conformance
