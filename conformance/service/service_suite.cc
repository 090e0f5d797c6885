#include "conformance/service/service_suite.h"

namespace cpgcert::conformance::service {

void RegisterServiceSuite() {
  RegisterDeathCases();
  RegisterPollCases();
  RegisterStandstillCases();
  RegisterRestartCases();
}

}  // namespace cpgcert::conformance::service
