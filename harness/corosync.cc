#include "harness/corosync.h"

#include <fcntl.h>
#include <poll.h>
#include <qb/qbipcc.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
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
#include <functional>
#include <iterator>
#include <string_view>
#include <utility>

#include "harness/namespaces.h"

namespace cpgcert::harness {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using std::chrono::steady_clock;

// What libcpg asks libqb for (lib/cpg.c, IPC_REQUEST_SIZE).
constexpr size_t kMessageSizeMax = 1024 * 1024;
// There is no event to wait for: corosync must be asked again and again.
constexpr nanoseconds kPause{500'000};
// Until a signal took effect, or `corosync -v` has spoken.
constexpr milliseconds kSignalLimit{10'000};
constexpr size_t kLogTailBytes = 65'536;

constexpr char kPidFile[] = "/run/corosync.pid";
constexpr char kSharedMemory[] = "/dev/shm";

// A child that can't execute corosync ends with this.
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

bool IsExecutable(const std::string& path) {
  struct stat status;
  return stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode) &&
         access(path.c_str(), X_OK) == 0;
}

std::string ReadFile(const std::string& path) {
  std::ifstream file(path);
  return std::string(std::istreambuf_iterator<char>(file), {});
}

// "" or why not.
std::string WriteFile(const std::string& path, const std::string& text) {
  std::ofstream file(path, std::ios::trunc);
  file << text;
  file.close();
  return file ? "" : ErrnoText("cannot write " + path);
}

std::string EndText(int wait_status) {
  if (WIFSIGNALED(wait_status)) {
    return "signal " + std::to_string(WTERMSIG(wait_status)) + " (" +
           strsignal(WTERMSIG(wait_status)) + ")";
  }
  return "exit status " + std::to_string(WEXITSTATUS(wait_status));
}

// --- The child --------------------------------------------------------------

// A user id that is not root's, in a user namespace of our own: for the daemon
// there, our clients have that id too.
bool LeaveRoot() {
  std::string uid_map = "1 " + std::to_string(geteuid()) + " 1";
  std::string gid_map = "1 " + std::to_string(getegid()) + " 1";
  if (unshare(CLONE_NEWUSER) != 0) return false;
  for (const auto& [path, text] :
       {std::pair<const char*, std::string>{"/proc/self/setgroups", "deny"},
        {"/proc/self/uid_map", uid_map},
        {"/proc/self/gid_map", gid_map}}) {
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0) return false;
    ssize_t size = write(fd, text.data(), text.size());
    close(fd);
    if (size != static_cast<ssize_t>(text.size())) return false;
  }
  return true;
}

[[noreturn]] void Die(const char* what) {
  dprintf(STDERR_FILENO, "%s: %s\n", what, strerror(errno));
  _exit(kNotExecuted);
}

// Becomes the daemon, which writes to `log_fd` and dies with the `parent`.
[[noreturn]] void Execute(const std::string& executable,
                          const std::string& configuration, int log_fd,
                          bool leave_root, pid_t parent) noexcept {
  // corosync may set the priority of its whole process group.
  setpgid(0, 0);
  int null_fd = open("/dev/null", O_RDWR);
  dup2(null_fd, STDIN_FILENO);
  dup2(log_fd, STDOUT_FILENO);
  dup2(log_fd, STDERR_FILENO);
  if (leave_root && !LeaveRoot()) Die("cannot leave root");
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(kNotExecuted);
  for (int number = 1; number < SIGRTMIN; ++number) signal(number, SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  close_range(STDERR_FILENO + 1, UINT_MAX, 0);
  const char* arguments[] = {executable.c_str(), "-f", "-c",
                             configuration.c_str(), nullptr};
  const char* environment[] = {
      "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
      "LC_ALL=C", nullptr};
  execve(executable.c_str(), const_cast<char**>(arguments),
         const_cast<char**>(environment));
  Die(("cannot execute " + executable).c_str());
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

}  // namespace

Corosync::Corosync(CorosyncOptions options) : options_(std::move(options)) {
  if (options_.run_directory.empty()) {
    options_.run_directory = std::string(kScratchDirectory) + "/corosync";
  }
}

Corosync::~Corosync() { Kill(); }

Corosync::Found Corosync::FindCorosync() {
  const char* path = getenv("PATH");
  std::string folders = std::string(path != nullptr ? path : "") + ":/usr/sbin";
  for (size_t begin = 0; begin <= folders.size();) {
    size_t end = std::min(folders.find(':', begin), folders.size());
    std::string candidate = folders.substr(begin, end - begin) + "/corosync";
    if (candidate[0] == '/' && IsExecutable(candidate)) return {candidate, ""};
    begin = end + 1;
  }
  return {"", "no corosync on this machine: install the package corosync"};
}

std::string Corosync::Configuration() const {
  std::string text;
  auto line = [&text](const std::string& item) { text += item + "\n"; };
  auto number = [&line](const char* key, int64_t value) {
    line("  " + std::string(key) + ": " + std::to_string(value));
  };
  line("totem {");
  line("  version: 2");
  line("  cluster_name: cpgcert");
  line(options_.transport == CorosyncTransport::kKnet ? "  transport: knet"
                                                      : "  transport: udpu");
  line("  crypto_cipher: none");
  line("  crypto_hash: none");
  bool alone = options_.nodes.size() == 1;
  if (alone && options_.transport == CorosyncTransport::kUdpu) {
    // Loopback takes large packets: a message of 3 MB is sent in half the
    // time, and the sender rarely meets a full queue.
    number("netmtu", 60000);
  }
  auto timer = [&](const char* key, milliseconds wanted, int one, int many) {
    number(key, wanted.count() > 0 ? wanted.count() : alone ? one : many);
  };
  timer("token", options_.token, 3000, 300);
  timer("consensus", options_.consensus, 3600, 400);
  timer("join", options_.join, 50, 30);
  line("}");
  line("nodelist {");
  for (const CorosyncNode& node : options_.nodes) {
    line("  node {");
    number("nodeid", node.id);
    line("  ring0_addr: " + node.address);
    line("  }");
  }
  line("}");
  line("logging {");
  line("  to_stderr: yes");
  line("  to_syslog: no");
  line("  timestamp: off");
  line("  blackbox: off");  // 7 ms and 8 MB of /dev/shm
  line("}");
  // Nothing that needs privileges, or that reaches beyond this daemon.
  line("system {");
  line("  sched_rr: no");
  line("  move_to_root_cgroup: no");
  line("  allow_knet_handle_fallback: yes");
  line("  state_dir: " + options_.run_directory);
  line("}");
  text += options_.extra_configuration;
  return text;
}

std::string Corosync::LogPath() const {
  return options_.run_directory + "/corosync.log";
}

std::string Corosync::Start() {
  if (Alive()) return "corosync is already running";
  Kill();  // cleans up after a daemon that ended by itself
  std::string executable = options_.executable;
  if (executable.empty()) {
    Found found = FindCorosync();
    if (!found.error.empty()) return found.error;
    executable = found.path;
  }
  std::error_code code;
  fs::create_directories(options_.run_directory, code);
  if (code) {
    return "cannot make " + options_.run_directory + ": " + code.message();
  }
  const std::string path = options_.run_directory + "/corosync.conf";
  std::string error = WriteFile(path, Configuration());
  if (!error.empty()) return error;
  int log_fd = open(LogPath().c_str(),
                    O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600);
  if (log_fd < 0) return ErrnoText("cannot write " + LogPath());
  pid_t parent = getpid();
  pid_t pid = fork();
  if (pid == 0) {
    Execute(executable, path, log_fd, !options_.admit_clients, parent);
  }
  close(log_fd);
  if (pid < 0) return ErrnoText("cannot start corosync: fork");
  pid_ = pid;
  pidfd_ = static_cast<int>(syscall(SYS_pidfd_open, pid, 0));
  if (pidfd_ >= 0) return "";
  error = ErrnoText("cannot start corosync: pidfd_open");
  Kill();
  return error;
}

std::string Corosync::WaitReady(Deadline deadline) {
  if (pid_ < 0) return "corosync was not started";
  for (;;) {
    if (!Alive()) return EndError();
    int error = TryConnect(pidfd_, deadline);
    if (error == 0 && options_.admit_clients) return "";
    if (error == EACCES && !options_.admit_clients) return "";
    if (error == 0 || error == EACCES) {
      return error == 0 ? "corosync admits a client that it should refuse"
                        : "corosync refuses its clients: not started by root?";
    }
    auto now = steady_clock::now();
    if (now >= deadline) {
      return std::string("corosync is not ready in time, its last answer: ") +
             strerror(error);
    }
    pollfd entry = {.fd = pidfd_, .events = POLLIN, .revents = 0};
    PollFor(&entry, 1, std::min<nanoseconds>(kPause, deadline - now));
  }
}

bool Corosync::Alive() {
  if (pid_ < 0 || ended_) return false;
  pid_t pid = waitpid(pid_, &wait_status_, WNOHANG);
  // An error (ECHILD) means that somebody else has reaped it.
  ended_ = pid == pid_ || (pid < 0 && errno != EINTR);
  return !ended_;
}

void Corosync::Kill() {
  if (pid_ < 0) return;
  if (Alive()) {
    kill(pid_, SIGKILL);
    while (waitpid(pid_, &wait_status_, 0) < 0 && errno == EINTR) {
    }
  }
  if (pidfd_ >= 0) close(pidfd_);
  RemoveLeftovers(pid_);
  pid_ = -1;
  pidfd_ = -1;
  ended_ = false;
  stopped_ = false;
}

void Corosync::RemoveLeftovers(pid_t pid) {
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

std::string Corosync::SignalAndWait(int signal_number, int event) {
  if (!Alive()) return pid_ < 0 ? "corosync is not running" : EndError();
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
  return "corosync did not follow signal " + std::to_string(signal_number);
}

std::string Corosync::Stop() {
  if (stopped_ && Alive()) return "";
  std::string error = SignalAndWait(SIGSTOP, WSTOPPED);
  stopped_ = error.empty();
  return error;
}

std::string Corosync::Resume() {
  if (!stopped_ && Alive()) return "";
  std::string error = SignalAndWait(SIGCONT, WCONTINUED);
  stopped_ = false;
  return error;
}

std::string Corosync::Restart(Deadline deadline) {
  Kill();
  std::string error = Start();
  return error.empty() ? WaitReady(deadline) : error;
}

std::string Corosync::EndError() const {
  std::string text =
      "corosync ended with " + EndText(wait_status_) + "; its last words:\n";
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

std::string Corosync::LogTail(int lines) const {
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

std::string Corosync::Version() const {
  std::string executable = options_.executable;
  if (executable.empty()) executable = FindCorosync().path;
  if (executable.empty()) return "";
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return "";
  pid_t pid = fork();
  if (pid == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    dup2(ends[1], STDOUT_FILENO);
    execl(executable.c_str(), executable.c_str(), "-v", nullptr);
    _exit(kNotExecuted);
  }
  close(ends[1]);
  std::string text;
  auto deadline = steady_clock::now() + kSignalLimit;
  while (pid > 0 && text.size() < kLogTailBytes) {
    pollfd entry = {.fd = ends[0], .events = POLLIN, .revents = 0};
    PollFor(&entry, 1, deadline - steady_clock::now());
    char chunk[4096];
    if (entry.revents == 0 && steady_clock::now() < deadline) continue;
    ssize_t size = entry.revents ? read(ends[0], chunk, sizeof(chunk)) : 0;
    if (size <= 0) break;
    text.append(chunk, static_cast<size_t>(size));
  }
  close(ends[0]);
  if (pid > 0) {
    kill(pid, SIGKILL);
    waitpid(pid, nullptr, 0);
  }
  constexpr std::string_view kBefore = "version '";
  size_t begin = text.find(kBefore);
  if (begin == std::string::npos) return "";
  begin += kBefore.size();
  return text.substr(begin, text.find('\'', begin) - begin);
}

}  // namespace cpgcert::harness
