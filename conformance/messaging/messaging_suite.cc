#include "conformance/messaging/messaging_suite.h"

#include "conformance/messaging/cases.h"

namespace cpgcert::conformance {

void RegisterMessagingSuite() {
  messaging::RegisterDeliveryCases();
  messaging::RegisterPiecesCases();
  messaging::RegisterMembershipCases();
  messaging::RegisterFragmentsCases();
  messaging::RegisterFlowControlCases();
  messaging::RegisterZeroCopyCases();
}

}  // namespace cpgcert::conformance
