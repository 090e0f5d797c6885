// The descriptor that cpg_fd_get gives, and what a blocked dispatch sleeps on.
// It is readable when the service has sent something, when the connection has
// ended, or when the library itself has raised it: for an event that it keeps
// back, or to wake a dispatcher whose handle has been finalized.

#ifndef CPGCERT_HARNESS_REFERENCE_READINESS_H_
#define CPGCERT_HARNESS_REFERENCE_READINESS_H_

#include <corosync/corotypes.h>

namespace cpgcert::reference {

class Readiness {
 public:
  Readiness() = default;
  ~Readiness();
  Readiness(const Readiness&) = delete;
  Readiness& operator=(const Readiness&) = delete;

  // Watches the transport's descriptor, which stays the caller's.
  cs_error_t Open(int transport);

  // The same for the life of the object; closed on exec.
  int descriptor() const { return epoll_; }

  // Whether the library itself makes the descriptor readable. Not safe for
  // threads.
  void Raise(bool up);

  // Sleeps until the descriptor is readable. A signal does not end it.
  void Wait() const;

 private:
  int epoll_ = -1;  // watches the other two
  int signal_ = -1;
  bool is_raised_ = false;
};

}  // namespace cpgcert::reference

#endif  // CPGCERT_HARNESS_REFERENCE_READINESS_H_
