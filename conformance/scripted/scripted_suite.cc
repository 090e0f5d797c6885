#include "conformance/scripted/scripted_suite.h"

#include "conformance/scripted/topics.h"

namespace cpgcert::conformance {

void RegisterScriptedSuite() {
  RegisterErrorCases();
  RegisterConnectCases();
  RegisterRequestCases();
  RegisterReplyCases();
  RegisterDeathCases();
  RegisterFragmentCases();
  RegisterFlowCases();
  RegisterEventCases();
}

}  // namespace cpgcert::conformance
