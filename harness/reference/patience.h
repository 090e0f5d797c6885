// A service that is busy for a moment is asked again; one that stays busy is
// not asked for ever.

#ifndef CPGCERT_HARNESS_REFERENCE_PATIENCE_H_
#define CPGCERT_HARNESS_REFERENCE_PATIENCE_H_

#include <corosync/corotypes.h>
#include <unistd.h>

namespace cpgcert::reference {

// Calls `ask` until it answers something else than `busy`, for about a second;
// then that is the answer.
template <class Ask>
cs_error_t AskAgainWhile(cs_error_t busy, Ask ask) {
  constexpr int kTries = 1000;
  constexpr useconds_t kPauseMicroseconds = 1000;
  cs_error_t error = ask();
  for (int i = 1; i < kTries && error == busy; ++i) {
    usleep(kPauseMicroseconds);  // sleep: the service needs the time
    error = ask();
  }
  return error;
}

}  // namespace cpgcert::reference

#endif  // CPGCERT_HARNESS_REFERENCE_PATIENCE_H_
