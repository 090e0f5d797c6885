// A second service, to be started when a case has killed the first.

#ifndef CPGCERT_HARNESS_SPARE_SERVICE_H_
#define CPGCERT_HARNESS_SPARE_SERVICE_H_

#include <sys/types.h>

#include <memory>
#include <string>

#include "harness/service_choice.h"
#include "harness/service_control.h"

namespace cpgcert::harness {

// A process of its own starts the daemon and owns it: the library under test,
// with its threads and descriptors, has no part in it. Both die with the
// thread that called Prepare(), at the latest.
class SpareService {
 public:
  // Forks; nothing is started yet. Null and one line in *error on failure, and
  // for kRunning.
  // REQUIRES: one thread in the calling process, the library not loaded.
  static std::unique_ptr<SpareService> Prepare(const ServiceChoice& choice,
                                               std::string* error);
  // Kills the daemon and removes what it left in /run and /dev/shm.
  ~SpareService();
  SpareService(const SpareService&) = delete;
  SpareService& operator=(const SpareService&) = delete;

  // Starts it and waits until it answers; "" or one line.
  // REQUIRES: no other service runs in these namespaces.
  std::string Start();

  // REQUIRES: Start() returned "".
  ServiceControl control() const { return ServiceControl(service_); }

 private:
  SpareService(pid_t keeper, int socket) : keeper_(keeper), socket_(socket) {}

  pid_t keeper_;
  int socket_;
  pid_t service_ = 0;
};

}  // namespace cpgcert::harness

#endif  // CPGCERT_HARNESS_SPARE_SERVICE_H_
