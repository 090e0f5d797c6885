#include "conformance/groups/groups_suite.h"

#include "conformance/groups/topics.h"

namespace cpgcert::conformance::groups {

void RegisterGroupsSuite() {
  RegisterNameCases();
  RegisterEmptyNameCases();
  RegisterJoinCases();
  RegisterRejoinCases();
  RegisterLeaveCases();
  RegisterLeaveNameCases();
  RegisterChangeCases();
  RegisterTotemCases();
}

}  // namespace cpgcert::conformance::groups
