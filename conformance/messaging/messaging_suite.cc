#include "conformance/messaging/messaging_suite.h"

#include "conformance/messaging/cases.h"

namespace cpgcert::conformance::messaging {

void RegisterMessagingSuite() {
  RegisterDeliveryCases();
  RegisterPiecesCases();
  RegisterMembershipCases();
  RegisterFragmentsCases();
  RegisterFlowControlCases();
  RegisterZeroCopyCases();
}

}  // namespace cpgcert::conformance::messaging
