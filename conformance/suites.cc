#include "conformance/suites.h"

#include "conformance/concurrency/concurrency_suite.h"
#include "conformance/connections/connections_suite.h"
#include "conformance/dispatch/callback_cases.h"
#include "conformance/dispatch/cell_run.h"
#include "conformance/groups/groups_suite.h"
#include "conformance/history/history_suite.h"
#include "conformance/messaging/messaging_suite.h"
#include "conformance/queries/queries_suite.h"
#include "conformance/resources/resource_suite.h"
#include "conformance/scripted/scripted_suite.h"
#include "conformance/service/service_suite.h"

namespace cpgcert::conformance {

void RegisterSuites() {
  dispatch::RegisterDispatchMatrix();
  dispatch::RegisterCallbackCases();
  connections::RegisterConnectionsSuite();
  groups::RegisterGroupsSuite();
  history::RegisterHistorySuite();
  messaging::RegisterMessagingSuite();
  queries::RegisterQueriesSuite();
  resources::RegisterResourceSuite();
  scripted::RegisterScriptedSuite();
  service::RegisterServiceSuite();
  concurrency::RegisterConcurrencySuite();
}

}  // namespace cpgcert::conformance
