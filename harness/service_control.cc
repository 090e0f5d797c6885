#include "harness/service_control.h"

#include <fmt/core.h>
#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>

#include "harness/process_tree.h"
#include "harness/trace/trace.h"

namespace cpgcert::harness {

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds kDeadline{10000};
// Process 0, to kill(2), would be our own process group.
constexpr char kNotOurs[] = "the service is not ours to disturb";

std::string ErrnoText(const char* what) {
  return fmt::format("{}: {}", what, std::strerror(errno));
}

// A descriptor that is readable once the process has ended.
class ProcessWatch {
 public:
  explicit ProcessWatch(pid_t process)
      : descriptor_(static_cast<int>(syscall(SYS_pidfd_open, process, 0))) {}
  ~ProcessWatch() {
    if (descriptor_ >= 0) {
      close(descriptor_);
    }
  }
  ProcessWatch(const ProcessWatch&) = delete;
  ProcessWatch& operator=(const ProcessWatch&) = delete;

  bool exists() const { return descriptor_ >= 0; }
  // True once it has ended; waits at most so long for that.
  bool Ended(int wait_ms) const {
    pollfd watched{descriptor_, POLLIN, 0};
    return poll(&watched, 1, wait_ms) > 0;
  }

 private:
  int descriptor_;
};

// Signals, then waits until every thread is stopped, or none is.
std::string SignalAndWait(pid_t process, int signal, bool stopped) {
  if (process <= 0) {
    return kNotOurs;
  }
  const ProcessWatch watch(process);
  if (!watch.exists() || kill(process, signal) != 0) {
    return ErrnoText("cannot signal the service");
  }
  const auto end = Clock::now() + kDeadline;
  int wait_ms = 0;
  while (Clock::now() < end) {
    if (watch.Ended(wait_ms)) {
      return "the service has ended";
    }
    const ThreadCounts counts = CountThreads(process);
    if (counts.all > 0 && counts.stopped == (stopped ? counts.all : 0)) {
      return "";
    }
    wait_ms = 1;
  }
  return stopped ? "the service did not stop" : "the service did not resume";
}

std::string KillAndWait(pid_t process) {
  if (process <= 0) {
    return kNotOurs;
  }
  const ProcessWatch watch(process);
  if (!watch.exists() || kill(process, SIGKILL) != 0) {
    return ErrnoText("cannot kill the service");
  }
  const auto end = Clock::now() + kDeadline;
  while (Clock::now() < end) {
    if (watch.Ended(100)) {
      return "";
    }
  }
  return "the service did not die";
}

}  // namespace

std::string ServiceControl::Kill() const {
  return trace::Observe("service_killed",
                        [this] { return KillAndWait(process_); });
}

std::string ServiceControl::Stop() const {
  return trace::Observe("service_stopped", [this] {
    return SignalAndWait(process_, SIGSTOP, true);
  });
}

std::string ServiceControl::Resume() const {
  return trace::Observe("service_resumed", [this] {
    return SignalAndWait(process_, SIGCONT, false);
  });
}

bool ServiceControl::IsStopped() const {
  return trace::Observe("service_is_stopped", [this] {
    return allowed() && CountThreads(process_).stopped > 0;
  });
}

}  // namespace cpgcert::harness
