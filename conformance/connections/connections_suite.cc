#include "conformance/connections/connections_suite.h"

#include "conformance/connections/topics.h"

namespace cpgcert::conformance::connections {

void RegisterConnectionsSuite() {
  RegisterLifecycle();
  RegisterInitialize();
  RegisterCallbackTables();
  RegisterFinalize();
  RegisterDepartures();
  RegisterDescriptor();
  RegisterContext();
  RegisterBadHandles();
  RegisterNullArguments();
  RegisterConcurrentHandles();
  RegisterLeaks();
}

}  // namespace cpgcert::conformance::connections
