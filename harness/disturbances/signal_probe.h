// Signals to one thread, each known to have been handled.

#ifndef CPGCERT_HARNESS_DISTURBANCES_SIGNAL_PROBE_H_
#define CPGCERT_HARNESS_DISTURBANCES_SIGNAL_PROBE_H_

#include <pthread.h>

#include <atomic>
#include <thread>

namespace cpgcert::harness {

// Installs a handler for SIGUSR1 that only counts. One at a time in a process;
// the handler stays until the process ends.
class SignalProbe {
 public:
  // `restarting`: SA_RESTART, see sigaction(2).
  explicit SignalProbe(bool restarting);
  // Stops the storm.
  ~SignalProbe();
  SignalProbe(const SignalProbe&) = delete;
  SignalProbe& operator=(const SignalProbe&) = delete;

  // Sends one signal and waits until a handler has run; false if none ran
  // within some seconds: the thread has ended, or blocks the signal.
  bool Send(pthread_t thread);

  // Sends one signal after the other from a thread of its own, until
  // StopStorm(). REQUIRES: `thread` does not end before.
  void StartStorm(pthread_t thread);
  void StopStorm();

  // Handlers that have run so far.
  static int Handled();

 private:
  bool SendAndWait(pthread_t thread);

  std::atomic<bool> stop_{false};
  std::thread storm_;
};

}  // namespace cpgcert::harness

#endif  // CPGCERT_HARNESS_DISTURBANCES_SIGNAL_PROBE_H_
