// Which service stands behind the library under test.

#ifndef CPGCERT_HARNESS_SERVICE_CHOICE_H_
#define CPGCERT_HARNESS_SERVICE_CHOICE_H_

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "harness/service.h"

namespace cpgcert::harness {

struct ServiceChoice {
  enum class Kind : uint8_t {
    kCorosync,  // this machine's corosync, with a configuration of ours
    kScripted,  // the honest service of one node of scripted_service.h
    kCommand,   // `command`
    kRunning,   // what already serves this machine; it is not ours to disturb
  };

  Kind kind = Kind::kCorosync;
  // A line for sh(1): a program with its arguments. It must
  //   - stay in the foreground, and serve "cpg" over libqb in the network and
  //     mount namespaces in which it is started: it is ready once it accepts a
  //     client, and has 20 s for that;
  //   - survive neither SIGKILL nor SIGSTOP: no other process may go on serving
  //     for it. It is killed and stopped at any time, is never asked to end,
  //     and need not clean up: what it left in /run and /dev/shm goes with it.
  // Standard output and error are a log, whose end is shown if it dies. It has
  // the caller's environment and working directory, and a directory of its own,
  // $CPGCERT_RUN_DIRECTORY. Many run at once, each in namespaces of its own.
  std::string command{};
};

// "corosync", "scripted", "running" or "exec:COMMAND". Returns "" or one line.
std::string ParseServiceChoice(std::string_view text, ServiceChoice* choice);

// The service, not yet started, which keeps its files below `run_directory`.
// Null for kRunning.
std::unique_ptr<Service> MakeService(const ServiceChoice& choice,
                                     const std::string& run_directory);

}  // namespace cpgcert::harness

#endif  // CPGCERT_HARNESS_SERVICE_CHOICE_H_
