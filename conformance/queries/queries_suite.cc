#include "conformance/queries/queries_suite.h"

namespace cpgcert::conformance::queries {

void RegisterQueriesSuite() {
  RegisterMembershipCases();
  RegisterIterationCases();
  RegisterIterationErrorCases();
}

}  // namespace cpgcert::conformance::queries
