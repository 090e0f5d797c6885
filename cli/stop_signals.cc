#include "cli/stop_signals.h"

#include <sys/signalfd.h>
#include <unistd.h>

namespace cpgcert::cli {

StopSignals::StopSignals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGHUP);
  sigprocmask(SIG_BLOCK, &signals, &mask_before_);
  descriptor_ = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
  struct sigaction ignore{};
  ignore.sa_handler = SIG_IGN;
  sigaction(SIGPIPE, &ignore, &pipe_before_);
}

StopSignals::~StopSignals() {
  // One that still waits would end the process as soon as it is unblocked.
  signalfd_siginfo signal;
  while (read(descriptor_, &signal, sizeof(signal)) == sizeof(signal)) {
  }
  close(descriptor_);
  sigaction(SIGPIPE, &pipe_before_, nullptr);
  sigprocmask(SIG_SETMASK, &mask_before_, nullptr);
}

}  // namespace cpgcert::cli
