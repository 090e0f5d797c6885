#include "harness/service.h"

#include <fcntl.h>
#include <poll.h>
#include <qb/qbipcc.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <utility>
#include <vector>

namespace cpgcert::harness {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using std::chrono::steady_clock;

// What libcpg asks libqb for (lib/cpg.c, IPC_REQUEST_SIZE).
constexpr size_t kMessageSizeMax = 1024 * 1024;
// There is no event to wait for: the service must be asked again and again.
constexpr nanoseconds kPause{500'000};
// Until a signal took effect.
constexpr milliseconds kSignalLimit{10'000};
constexpr size_t kLogTailBytes = 65'536;

constexpr char kPidFile[] = "/run/corosync.pid";
constexpr char kSharedMemory[] = "/dev/shm";

// A child that can't become the service ends with this.
constexpr int kNotExecuted = 127;

std::string ErrnoText(const std::string& what) {
  return what + ": " + strerror(errno);
}

// Waits until an entry is ready, for `limit` at most. Not for long: a signal
// ends the wait early, so call it in a loop.
void PollFor(pollfd* entries, nfds_t count, nanoseconds limit) {
  auto limit_ns = std::max<int64_t>(0, limit.count());
  timespec timeout = {.tv_sec = limit_ns / 1'000'000'000,
                      .tv_nsec = limit_ns % 1'000'000'000};
  ppoll(entries, count, &timeout, nullptr);
}

std::string ReadFile(const std::string& path) {
  std::ifstream file(path);
  return std::string(std::istreambuf_iterator<char>(file), {});
}

std::string EndText(int wait_status) {
  if (WIFSIGNALED(wait_status)) {
    return "signal " + std::to_string(WTERMSIG(wait_status)) + " (" +
           strsignal(WTERMSIG(wait_status)) + ")";
  }
  return "exit status " + std::to_string(WEXITSTATUS(wait_status));
}

// One try to connect to "cpg". 0, or an errno; EINPROGRESS after the deadline.
int TryConnect(int pidfd, steady_clock::time_point deadline) {
  int fd = -1;
  // The plain connect would wait for ever for a daemon that is stopped.
  qb_ipcc_connection_t* connection =
      qb_ipcc_connect_async("cpg", kMessageSizeMax, &fd);
  if (connection == nullptr) return errno;
  bool answered = false;
  while (!answered) {
    pollfd entries[] = {{.fd = fd, .events = POLLIN, .revents = 0},
                        {.fd = pidfd, .events = POLLIN, .revents = 0}};
    nanoseconds left = deadline - steady_clock::now();
    PollFor(entries, 2, left);
    answered = entries[0].revents != 0;
    if (left.count() <= 0 || entries[1].revents != 0) break;
  }
  // This frees the connection if it fails, as it does without an answer.
  int result = qb_ipcc_connect_continue(connection);
  if (result == 0) qb_ipcc_disconnect(connection);
  return answered ? -result : EINPROGRESS;
}

// Asks until it is served, or refused if `admitted` is false. `name` is the
// service's, in the line that is returned if that does not come about; "ended"
// if the process behind `pidfd` ended meanwhile.
constexpr char kEnded[] = "ended";
std::string WaitUntilServed(const std::string& name, bool admitted, int pidfd,
                            steady_clock::time_point deadline) {
  for (;;) {
    pollfd entry = {.fd = pidfd, .events = POLLIN, .revents = 0};
    if (poll(&entry, 1, 0) > 0) return kEnded;
    int error = TryConnect(pidfd, deadline);
    if (error == 0 && admitted) return "";
    if (error == EACCES && !admitted) return "";
    if (error == 0 || error == EACCES) {
      return error == 0 ? name + " admits a client that it should refuse"
                        : name + " refuses its clients: not started by root?";
    }
    auto now = steady_clock::now();
    if (now >= deadline) {
      return name +
             " is not ready in time, its last answer: " + strerror(error);
    }
    PollFor(&entry, 1, std::min<nanoseconds>(kPause, deadline - now));
  }
}

}  // namespace

void DieInChild(const std::string& what) {
  dprintf(STDERR_FILENO, "%s: %s\n", what.c_str(), strerror(errno));
  _exit(kNotExecuted);
}

std::string WaitForAnyService(Service::Deadline deadline) {
  return WaitUntilServed("the service \"cpg\" of this machine", true, -1,
                         deadline);
}

Service::Service(std::string name, std::string run_directory)
    : name_(std::move(name)), run_directory_(std::move(run_directory)) {}

Service::~Service() { Kill(); }

std::string Service::LogPath() const { return run_directory_ + "/service.log"; }

std::string Service::Start() {
  if (Alive()) return name_ + " is already running";
  Kill();  // cleans up after a daemon that ended by itself
  std::error_code code;
  fs::create_directories(run_directory_, code);
  if (code) return "cannot make " + run_directory_ + ": " + code.message();
  std::string error = Prepare();
  if (!error.empty()) return error;
  int log_fd = open(LogPath().c_str(),
                    O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600);
  if (log_fd < 0) return ErrnoText("cannot write " + LogPath());
  pid_t parent = getpid();
  pid_t pid = fork();
  if (pid == 0) RunChild(log_fd, parent);
  close(log_fd);
  const std::string start = "cannot start " + name_ + ": ";
  if (pid < 0) return ErrnoText(start + "fork");
  setpgid(pid, pid);  // whoever of the two is first
  pid_ = pid;
  pidfd_ = static_cast<int>(syscall(SYS_pidfd_open, pid, 0));
  if (pidfd_ >= 0) return "";
  error = ErrnoText(start + "pidfd_open");
  Kill();
  return error;
}

// noexcept: nothing may unwind into the caller's frames, which are copies here.
void Service::RunChild(int log_fd, pid_t parent) noexcept {
  // corosync may set the priority of its whole process group.
  setpgid(0, 0);
  int null_fd = open("/dev/null", O_RDWR);
  dup2(null_fd, STDIN_FILENO);
  dup2(log_fd, STDOUT_FILENO);
  dup2(log_fd, STDERR_FILENO);
  ChangeCredentials();
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(kNotExecuted);
  for (int number = 1; number < SIGRTMIN; ++number) signal(number, SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  close_range(STDERR_FILENO + 1, UINT_MAX, 0);
  Become();
}

std::string Service::WaitReady(Deadline deadline) {
  if (pid_ < 0) return name_ + " was not started";
  const std::string error =
      WaitUntilServed(name_, AdmitsClients(), pidfd_, deadline);
  return error != kEnded || Alive() ? error : EndError();
}

bool Service::Alive() {
  if (pid_ < 0 || ended_) return false;
  pid_t pid = waitpid(pid_, &wait_status_, WNOHANG);
  // An error (ECHILD) means that somebody else has reaped it.
  ended_ = pid == pid_ || (pid < 0 && errno != EINTR);
  return !ended_;
}

void Service::Kill() {
  if (pid_ < 0) return;
  kill(-pid_, SIGKILL);  // with what it has started
  if (Alive()) {
    kill(pid_, SIGKILL);
    while (waitpid(pid_, &wait_status_, 0) < 0 && errno == EINTR) {
    }
  }
  // The others of its group, which may have become children of ours.
  const auto deadline = steady_clock::now() + kSignalLimit;
  while (kill(-pid_, 0) == 0 && steady_clock::now() < deadline) {
    if (waitpid(-pid_, nullptr, WNOHANG) <= 0) PollFor(nullptr, 0, kPause);
  }
  if (pidfd_ >= 0) close(pidfd_);
  RemoveLeftovers(pid_);
  pid_ = -1;
  pidfd_ = -1;
  ended_ = false;
  stopped_ = false;
}

void Service::RemoveLeftovers(pid_t pid) {
  if (atol(ReadFile(kPidFile).c_str()) == pid) unlink(kPidFile);
  // libqb: qb-PID-CLIENT-FD-RANDOM/, and qb-corosync-PID-blackbox-*.
  const std::string number = std::to_string(pid) + "-";
  std::vector<fs::path> leftovers;
  std::error_code code;
  for (const auto& entry : fs::directory_iterator(kSharedMemory, code)) {
    const std::string name = entry.path().filename();
    if (name.starts_with("qb-" + number) ||
        name.starts_with("qb-corosync-" + number)) {
      leftovers.push_back(entry.path());
    }
  }
  for (const fs::path& path : leftovers) fs::remove_all(path, code);
}

std::string Service::SignalAndWait(int signal_number, int event) {
  if (!Alive()) return pid_ < 0 ? name_ + " is not running" : EndError();
  kill(pid_, signal_number);
  auto deadline = steady_clock::now() + kSignalLimit;
  while (steady_clock::now() < deadline) {
    siginfo_t info = {};
    if (waitid(P_PID, static_cast<id_t>(pid_), &info, event | WNOHANG) == 0 &&
        info.si_pid == pid_) {
      return "";
    }
    if (!Alive()) return EndError();
    pollfd entry = {.fd = pidfd_, .events = POLLIN, .revents = 0};
    PollFor(&entry, 1, kPause);
  }
  return name_ + " did not follow signal " + std::to_string(signal_number);
}

std::string Service::Stop() {
  if (stopped_ && Alive()) return "";
  std::string error = SignalAndWait(SIGSTOP, WSTOPPED);
  stopped_ = error.empty();
  return error;
}

std::string Service::Resume() {
  if (!stopped_ && Alive()) return "";
  std::string error = SignalAndWait(SIGCONT, WCONTINUED);
  stopped_ = false;
  return error;
}

std::string Service::Restart(Deadline deadline) {
  Kill();
  std::string error = Start();
  return error.empty() ? WaitReady(deadline) : error;
}

std::string Service::EndError() const {
  std::string text =
      name_ + " ended with " + EndText(wait_status_) + "; its last words:\n";
  std::string tail = LogTail(10);
  if (tail.empty()) return text + "  (none)";
  for (size_t begin = 0; begin < tail.size();) {
    size_t end = std::min(tail.find('\n', begin), tail.size());
    text += "  " + tail.substr(begin, end - begin) + "\n";
    begin = end + 1;
  }
  text.pop_back();
  return text;
}

std::string Service::LogTail(int lines) const {
  std::ifstream file(LogPath(), std::ios::ate | std::ios::binary);
  if (!file) return "";
  auto size = static_cast<size_t>(file.tellg());
  size_t skipped = size > kLogTailBytes ? size - kLogTailBytes : 0;
  file.seekg(static_cast<std::streamoff>(skipped));
  std::string text(std::istreambuf_iterator<char>(file), {});
  size_t begin = text.size();
  for (int left = lines; begin > 0; --begin) {
    bool ends_line = text[begin - 1] == '\n' && begin < text.size();
    if (lines <= 0 || (ends_line && --left == 0)) break;
  }
  return text.substr(begin);
}

}  // namespace cpgcert::harness
