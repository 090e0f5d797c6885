#include "harness/service_control.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>

#include "harness/process_tree.h"

namespace cpgcert::harness {

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds kDeadline{10000};

std::string ErrnoText(const char* what) {
  return fmt::format("{}: {}", what, std::strerror(errno));
}

// Signals, then waits until every thread is stopped, or none is.
std::string SignalAndWait(pid_t process, int signal, bool stopped) {
  if (kill(process, signal) != 0) {
    return ErrnoText("cannot signal the service");
  }
  const auto end = Clock::now() + kDeadline;
  while (Clock::now() < end) {
    const ThreadCounts counts = CountThreads(process);
    if (counts.all > 0 && counts.stopped == (stopped ? counts.all : 0)) {
      return "";
    }
    poll(nullptr, 0, 1);
  }
  return stopped ? "the service did not stop" : "the service did not resume";
}

}  // namespace

std::string ServiceControl::Kill() const {
  const int process = static_cast<int>(syscall(SYS_pidfd_open, process_, 0));
  if (process < 0 || kill(process_, SIGKILL) != 0) {
    return ErrnoText("cannot kill the service");
  }
  pollfd watched{process, POLLIN, 0};
  const auto end = Clock::now() + kDeadline;
  int ready = 0;
  while (ready <= 0 && Clock::now() < end) {
    ready = poll(&watched, 1, 100);
  }
  close(process);
  return ready > 0 ? "" : "the service did not die";
}

std::string ServiceControl::Stop() const {
  return SignalAndWait(process_, SIGSTOP, true);
}

std::string ServiceControl::Resume() const {
  return SignalAndWait(process_, SIGCONT, false);
}

}  // namespace cpgcert::harness
