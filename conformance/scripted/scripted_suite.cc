#include "conformance/scripted/scripted_suite.h"

#include "conformance/scripted/topics.h"

namespace cpgcert::conformance::scripted {

void RegisterScriptedSuite() {
  RegisterErrorCases();
  RegisterConnectCases();
  RegisterRequestCases();
  RegisterReplyCases();
  RegisterDeathCases();
  RegisterFragmentCases();
  RegisterFlowCases();
  RegisterEventCases();
  RegisterChangeCases();
  RegisterMalformedCases();
}

}  // namespace cpgcert::conformance::scripted
