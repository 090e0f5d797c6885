#include "conformance/queries/queries_suite.h"

namespace cpgcert::conformance {

void RegisterQueriesSuite() {
  RegisterMembershipCases();
  RegisterIterationCases();
  RegisterIterationErrorCases();
}

}  // namespace cpgcert::conformance
