// The parts of the suite, a file each.

#ifndef CPGCERT_CONFORMANCE_CONNECTIONS_TOPICS_H_
#define CPGCERT_CONFORMANCE_CONNECTIONS_TOPICS_H_

namespace cpgcert::conformance::connections {

void RegisterLifecycle();          // INIT-01
void RegisterInitialize();         // INIT-02 to INIT-07
void RegisterCallbackTables();     // INIT-04, INIT-06
void RegisterFinalize();           // FIN-01 to FIN-03, FIN-08
void RegisterDepartures();         // FIN-04
void RegisterDescriptor();         // FD-01 to FD-03
void RegisterContext();            // CTX-01
void RegisterBadHandles();         // HND-01 to HND-04
void RegisterNullArguments();      // HND-05
void RegisterConcurrentHandles();  // FIN-02, HND-06
void RegisterLeaks();              // LEAK-01 to LEAK-03

}  // namespace cpgcert::conformance::connections

#endif  // CPGCERT_CONFORMANCE_CONNECTIONS_TOPICS_H_
