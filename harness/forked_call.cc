#include "harness/forked_call.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>

#include "harness/process_tree.h"
#include "harness/trace/trace_event.h"

namespace cpgcert::harness {

namespace {

using Clock = std::chrono::steady_clock;

constexpr size_t kTextMax = 4096;

// An exception that leaves the call must not unwind into the parent's code.
[[noreturn]] void RunChild(const std::function<std::string()>& call,
                           int pipe) noexcept {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  const std::string text = call() + "\n";  // never empty
  const ssize_t written =
      write(pipe, text.data(), std::min(text.size(), kTextMax));
  _exit(written > 0 ? 0 : 1);
}

// Waits until the pipe is readable or the child has ended; the grandchildren
// may hold the pipe open. False if the deadline passed first.
bool WaitForTextOrEnd(int pipe, pid_t child, Clock::time_point end) {
  const int pidfd = static_cast<int>(syscall(SYS_pidfd_open, child, 0));
  std::array<pollfd, 2> watched{{{pipe, POLLIN, 0}, {pidfd, POLLIN, 0}}};
  int ready = 0;
  for (auto now = Clock::now(); ready <= 0 && now < end; now = Clock::now()) {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(end - now);
    ready = poll(watched.data(), watched.size(),
                 static_cast<int>(left.count()) + 1);
  }
  close(pidfd);
  return ready > 0;
}

ForkedCallResult ForkAndRun(const std::function<std::string()>& call,
                            std::chrono::milliseconds deadline) {
  ForkedCallResult result;
  std::array<int, 2> pipes{};
  if (pipe2(pipes.data(), O_CLOEXEC) != 0) {
    result.end = std::string("cannot make a pipe: ") + std::strerror(errno);
    return result;
  }
  const pid_t child = fork();
  if (child == 0) {
    RunChild(call, pipes[1]);
  }
  close(pipes[1]);
  if (child < 0) {
    result.end = std::string("cannot fork: ") + std::strerror(errno);
    close(pipes[0]);
    return result;
  }
  const bool ready = WaitForTextOrEnd(pipes[0], child, Clock::now() + deadline);
  kill(child, SIGKILL);  // it has written its text, has ended, or is late
  int status = 0;
  waitpid(child, &status, 0);
  std::array<char, kTextMax> buffer{};
  fcntl(pipes[0], F_SETFL, O_NONBLOCK);
  const ssize_t size = read(pipes[0], buffer.data(), buffer.size());
  close(pipes[0]);
  result.returned = size > 0;
  if (result.returned) {
    result.text.assign(buffer.data(), size - 1);
  } else {
    result.end = ready ? DescribeEnd(status) : "still running at the deadline";
  }
  return result;
}

}  // namespace

ForkedCallResult RunInForkedChild(const std::function<std::string()>& call,
                                  std::chrono::milliseconds deadline) {
  return trace::ObserveAs(
      "forked_child", [&] { return ForkAndRun(call, deadline); },
      [](const ForkedCallResult& result) {
        return trace::Json{{"returned", result.returned},
                           {"text", result.text},
                           {"end", result.end}};
      },
      [](const trace::Json& json) {
        return ForkedCallResult{.returned = json.at("returned").get<bool>(),
                                .text = json.at("text").get<std::string>(),
                                .end = json.at("end").get<std::string>()};
      });
}

}  // namespace cpgcert::harness
