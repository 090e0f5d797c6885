// Killing, stopping and resuming the service from inside a case.
//
// The daemon is somebody else's child; this only sends signals to it and
// observes their effect. Whoever owns it starts it again after the case.

#ifndef CPGCERT_HARNESS_SERVICE_CONTROL_H_
#define CPGCERT_HARNESS_SERVICE_CONTROL_H_

#include <sys/types.h>

#include <string>

namespace cpgcert::harness {

class ServiceControl {
 public:
  // `process` is the daemon's, or 0 if the service is not ours to disturb.
  explicit ServiceControl(pid_t process = 0) : process_(process) {}

  bool allowed() const { return process_ > 0; }

  // Each returns "" once the effect is observed, else one line.
  std::string Kill() const;    // SIGKILL; the process has ended
  std::string Stop() const;    // SIGSTOP; every thread has stopped
  std::string Resume() const;  // SIGCONT; no thread is stopped
  // True while it is stopped, by whomever.
  bool IsStopped() const;

 private:
  pid_t process_;
};

}  // namespace cpgcert::harness

#endif  // CPGCERT_HARNESS_SERVICE_CONTROL_H_
