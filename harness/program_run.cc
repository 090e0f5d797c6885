#include "harness/program_run.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>

namespace cpgcert::harness {

namespace {

[[noreturn]] void Become(char* const* arguments, int input, int output,
                         int failure, pid_t parent) {
  if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != parent ||
      dup2(input, STDIN_FILENO) < 0 || dup2(output, STDOUT_FILENO) < 0 ||
      dup2(output, STDERR_FILENO) < 0) {
    _exit(1);
  }
  execv(arguments[0], arguments);
  const int error = errno;
  (void)!write(failure, &error, sizeof(error));
  _exit(1);
}

}  // namespace

ProgramEnd RunProgram(const std::vector<std::string>& arguments,
                      const std::string& output) {
  std::vector<char*> pointers;
  for (const std::string& argument : arguments) {
    pointers.push_back(const_cast<char*>(argument.c_str()));
  }
  pointers.push_back(nullptr);
  const int input = open("/dev/null", O_RDONLY | O_CLOEXEC);
  const int file =
      open(output.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  int failure[2] = {-1, -1};
  if (input < 0 || file < 0 || pipe2(failure, O_CLOEXEC) != 0) {
    ProgramEnd end{.error = fmt::format("{}: {}", output, strerror(errno))};
    close(input);
    close(file);
    return end;
  }
  const pid_t parent = getpid();
  const pid_t child = fork();
  if (child == 0) Become(pointers.data(), input, file, failure[1], parent);
  ProgramEnd end;
  if (child < 0) end.error = fmt::format("fork: {}", strerror(errno));
  for (const int descriptor : {input, file, failure[1]}) close(descriptor);
  // Closed by the exec that succeeds.
  int error = 0;
  const bool failed = child > 0 && read(failure[0], &error, sizeof(error)) ==
                                       static_cast<ssize_t>(sizeof(error));
  close(failure[0]);
  if (child < 0) return end;
  while (waitpid(child, &end.status, 0) < 0 && errno == EINTR) {
  }
  if (failed) {
    end.error = fmt::format("{}: {}", arguments.front(), strerror(error));
  }
  return end;
}

std::string DescribeStatus(int status) {
  if (WIFEXITED(status)) {
    return fmt::format("exit status {}", WEXITSTATUS(status));
  }
  const int signal = WTERMSIG(status);
  const char* const name = sigabbrev_np(signal);
  return fmt::format("killed by signal {} (SIG{})", signal,
                     name == nullptr ? "?" : name);
}

}  // namespace cpgcert::harness
