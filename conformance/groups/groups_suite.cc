#include "conformance/groups/groups_suite.h"

#include "conformance/groups/topics.h"

namespace cpgcert::conformance {

void RegisterGroupsSuite() {
  groups::RegisterNameCases();
  groups::RegisterEmptyNameCases();
  groups::RegisterJoinCases();
  groups::RegisterRejoinCases();
  groups::RegisterLeaveCases();
  groups::RegisterLeaveNameCases();
  groups::RegisterChangeCases();
  groups::RegisterTotemCases();
}

}  // namespace cpgcert::conformance
