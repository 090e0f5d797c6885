#include "harness/forked_call.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstring>

#include "harness/process_tree.h"

namespace cpgcert::harness {

ForkedCallResult RunInForkedChild(const std::function<std::string()>& call,
                                  std::chrono::milliseconds deadline) {
  constexpr size_t kTextMax = 4096;
  ForkedCallResult result;
  std::array<int, 2> pipes{};
  if (pipe2(pipes.data(), O_CLOEXEC) != 0) {
    result.end = std::string("cannot make a pipe: ") + std::strerror(errno);
    return result;
  }
  const pid_t child = fork();
  if (child == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    const std::string text = call() + "\n";  // never empty
    const ssize_t written =
        write(pipes[1], text.data(), std::min(text.size(), kTextMax));
    _exit(written > 0 ? 0 : 1);
  }
  close(pipes[1]);
  if (child < 0) {
    result.end = std::string("cannot fork: ") + std::strerror(errno);
    close(pipes[0]);
    return result;
  }
  pollfd watched{pipes[0], POLLIN, 0};
  std::array<char, kTextMax> buffer{};
  ssize_t size = 0;
  const bool ready = poll(&watched, 1, static_cast<int>(deadline.count())) > 0;
  if (ready) {
    size = read(pipes[0], buffer.data(), buffer.size());
  }
  close(pipes[0]);
  kill(child, SIGKILL);  // it has written its text, has ended, or is late
  int status = 0;
  waitpid(child, &status, 0);
  result.returned = size > 0;
  if (result.returned) {
    result.text.assign(buffer.data(), size - 1);
  } else {
    result.end = ready ? DescribeEnd(status) : "still running at the deadline";
  }
  return result;
}

}  // namespace cpgcert::harness
