// Ctrl-C and its like, as something that can be waited for.

#ifndef CPGCERT_CLI_STOP_SIGNALS_H_
#define CPGCERT_CLI_STOP_SIGNALS_H_

#include <signal.h>

namespace cpgcert::cli {

// While it lives, SIGINT, SIGTERM and SIGHUP end nothing: they make a
// descriptor readable. SIGPIPE is ignored: who reads the progress may go away.
// One at a time, in a process of one thread.
class StopSignals {
 public:
  StopSignals();
  // The signals that came are dropped.
  ~StopSignals();
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;

  // Readable (POLLIN) once such a signal has come. Owned.
  int descriptor() const { return descriptor_; }

 private:
  sigset_t mask_before_{};
  struct sigaction pipe_before_{};
  int descriptor_ = -1;
};

}  // namespace cpgcert::cli

#endif  // CPGCERT_CLI_STOP_SIGNALS_H_
