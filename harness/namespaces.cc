#include "harness/namespaces.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <cstdio>
#include <mutex>
#include <utility>

#include "harness/namespace_setup.h"

namespace cpgcert::harness {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

// Namespaces are made in a few milliseconds; a machine that needs longer than
// this for it is out of order.
constexpr milliseconds kSetUpLimit{30'000};
// How long the kernel may take to kill all that runs in a PID namespace.
constexpr milliseconds kKillLimit{10'000};
constexpr char kReady = '+';

// --- Small things -----------------------------------------------------------

void CloseAndForget(int* fd) {
  if (*fd >= 0) close(*fd);
  *fd = -1;
}

int OpenPidfd(pid_t pid) {
  return static_cast<int>(syscall(SYS_pidfd_open, pid, 0));  // CLOEXEC
}

// Closes every descriptor of this process but those in `keep`.
template <size_t N>
void CloseAllExcept(std::array<int, N> keep) {
  std::sort(keep.begin(), keep.end());
  unsigned first = 0;
  for (int fd : keep) {
    auto kept = static_cast<unsigned>(fd);
    if (kept > first) close_range(first, kept - 1, 0);
    first = kept + 1;
  }
  close_range(first, UINT_MAX, 0);
}

// poll(2) of one descriptor for POLLIN, repeated after a signal.
bool WaitReadable(int fd, steady_clock::time_point deadline) {
  for (;;) {
    auto left = deadline - steady_clock::now();
    auto left_ns = std::max<long long>(
        0, std::chrono::duration_cast<std::chrono::nanoseconds>(left).count());
    timespec timeout = {.tv_sec = static_cast<time_t>(left_ns / 1'000'000'000),
                        .tv_nsec = static_cast<long>(left_ns % 1'000'000'000)};
    pollfd entry = {.fd = fd, .events = POLLIN, .revents = 0};
    int ready = ppoll(&entry, 1, &timeout, nullptr);
    if (ready > 0) return true;
    if (ready == 0 || errno != EINTR) return false;
  }
}

// --- The three processes ----------------------------------------------------

struct Pipe {
  int read_end = -1;
  int write_end = -1;
  bool Open() {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) return false;
    read_end = ends[0];
    write_end = ends[1];
    return true;
  }
};

// What the processes share. Each closes the ends that are not its own.
struct Channels {
  int caller_pidfd = -1;
  int control_outer = -1;
  int control_inner = -1;
  Pipe set_up;    // to the caller: kReady or the error line, once
  Pipe lifeline;  // held open by the supervisor alone
  Pipe status;    // from init to the supervisor: the body's wait status

  void CloseAll() {
    for (int* fd : {&caller_pidfd, &control_outer, &control_inner,
                    &set_up.read_end, &set_up.write_end, &lifeline.read_end,
                    &lifeline.write_end, &status.read_end, &status.write_end}) {
      CloseAndForget(fd);
    }
  }
};

// Ends this process with an error line for the caller.
[[noreturn]] void FailSetUp(const Channels& channels, std::string error) {
  error.resize(std::min<size_t>(error.size(), PIPE_BUF));
  (void)!write(channels.set_up.write_end, error.data(), error.size());
  _exit(1);
}

void UseDefaultSignals() {
  for (int signal_number :
       {SIGHUP, SIGINT, SIGQUIT, SIGPIPE, SIGALRM, SIGTERM, SIGCHLD}) {
    signal(signal_number, SIG_DFL);
  }
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
}

[[noreturn]] void RunBody(Channels& channels, const WorkerBody& body) {
  // Not the supervisor's process group: kill(0, ...) must not reach it.
  setsid();
  int control = std::exchange(channels.control_inner, -1);
  channels.CloseAll();
  int code = body(control);
  fflush(stdout);
  fflush(stderr);
  _exit(code);
}

[[noreturn]] void RunInit(Channels& channels, const WorkerBody& body,
                          WorkerNetwork network) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  // Did the supervisor die before that? Its descriptors close first.
  CloseAndForget(&channels.lifeline.write_end);
  if (WaitReadable(channels.lifeline.read_end, steady_clock::now())) _exit(1);
  UseDefaultSignals();

  std::string error = MountForWorker(network);
  if (error.empty() && network == WorkerNetwork::kOwn) {
    error = BringUpLoopback();
  }
  if (!error.empty()) FailSetUp(channels, error);
  pid_t body_pid = fork();
  if (body_pid < 0) FailSetUp(channels, DescribeSetUpFailure("fork", errno));
  if (body_pid == 0) RunBody(channels, body);

  (void)!write(channels.set_up.write_end, &kReady, 1);
  CloseAllExcept(std::array{channels.status.write_end});
  for (;;) {
    int status = 0;
    pid_t pid = wait(&status);
    if (pid < 0 && errno != EINTR) _exit(1);
    if (pid != body_pid) continue;  // an orphan of the body's
    (void)!write(channels.status.write_end, &status, sizeof(status));
    _exit(0);
  }
}

// Written before SIGTERM is unblocked.
volatile pid_t g_init_pid = -1;

void KillInit(int) { kill(g_init_pid, SIGKILL); }

// Ends this process as `status` says that another one ended.
[[noreturn]] void EndLike(int status) {
  if (WIFEXITED(status)) _exit(WEXITSTATUS(status));
  rlimit no_core = {.rlim_cur = 0, .rlim_max = 0};
  setrlimit(RLIMIT_CORE, &no_core);
  prctl(PR_SET_DUMPABLE, 0);
  int signal_number = WTERMSIG(status);
  signal(signal_number, SIG_DFL);
  sigset_t only;
  sigemptyset(&only);
  sigaddset(&only, signal_number);
  sigprocmask(SIG_UNBLOCK, &only, nullptr);
  raise(signal_number);
  _exit(128 + signal_number);
}

// Waits for the end of init or of the caller.
[[noreturn]] void Supervise(const Channels& channels, int init_pidfd) {
  for (;;) {
    pollfd entries[] = {
        {.fd = channels.caller_pidfd, .events = POLLIN, .revents = 0},
        {.fd = init_pidfd, .events = POLLIN, .revents = 0}};
    if (poll(entries, 2, -1) < 0) {
      if (errno == EINTR) continue;
      _exit(1);  // takes init along
    }
    if (entries[1].revents != 0) break;
    if (entries[0].revents != 0) _exit(1);
  }
  int init_status = 0;
  waitpid(g_init_pid, &init_status, 0);
  int body_status = 0;
  // Empty if init was killed: with init the body.
  ssize_t size =
      read(channels.status.read_end, &body_status, sizeof(body_status));
  EndLike(size == sizeof(body_status) ? body_status : init_status);
}

// noexcept: nothing may unwind into the caller's frames, which are copies here.
[[noreturn]] void RunSupervisor(Channels& channels, const WorkerBody& body,
                                WorkerNetwork network) noexcept {
  setsid();
  UseDefaultSignals();
  CloseAndForget(&channels.control_outer);
  CloseAndForget(&channels.set_up.read_end);

  std::string error = UnshareForWorker(network);
  if (!error.empty()) FailSetUp(channels, error);
  if (!channels.lifeline.Open() || !channels.status.Open()) {
    FailSetUp(channels, DescribeSetUpFailure("pipe", errno));
  }
  sigset_t term;
  sigemptyset(&term);
  sigaddset(&term, SIGTERM);
  sigprocmask(SIG_BLOCK, &term, nullptr);
  signal(SIGTERM, KillInit);
  pid_t init_pid = fork();
  if (init_pid < 0) FailSetUp(channels, DescribeSetUpFailure("fork", errno));
  if (init_pid == 0) {
    CloseAndForget(&channels.caller_pidfd);
    CloseAndForget(&channels.status.read_end);
    RunInit(channels, body, network);
  }
  g_init_pid = init_pid;
  sigprocmask(SIG_UNBLOCK, &term, nullptr);
  int init_pidfd = OpenPidfd(init_pid);
  if (init_pidfd < 0)
    FailSetUp(channels, DescribeSetUpFailure("pidfd_open", errno));
  CloseAllExcept(std::array{channels.caller_pidfd, channels.lifeline.write_end,
                            channels.status.read_end, init_pidfd});
  Supervise(channels, init_pidfd);
}

bool OpenForStart(Channels* channels) {
  channels->caller_pidfd = OpenPidfd(getpid());
  if (channels->caller_pidfd < 0) return false;
  int control[2];
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, control) != 0) {
    return false;
  }
  channels->control_outer = control[0];
  channels->control_inner = control[1];
  return channels->set_up.Open();
}

// "" if the worker is complete.
std::string WaitForSetUp(int set_up_fd, int supervisor_pidfd) {
  auto deadline = steady_clock::now() + kSetUpLimit;
  for (;;) {
    pollfd entries[] = {
        {.fd = set_up_fd, .events = POLLIN, .revents = 0},
        {.fd = supervisor_pidfd, .events = POLLIN, .revents = 0}};
    auto left = std::chrono::duration_cast<milliseconds>(deadline -
                                                         steady_clock::now());
    int ready = poll(entries, 2, std::max(0, static_cast<int>(left.count())));
    if (ready < 0 && errno == EINTR) continue;
    if (ready <= 0) return "cannot make namespaces: no answer from the worker";
    if (entries[0].revents & POLLIN) break;
    if (entries[0].revents != 0 || entries[1].revents != 0) {
      return "cannot make namespaces: the worker was killed while it started";
    }
  }
  std::string text(PIPE_BUF, '\0');
  ssize_t size = read(set_up_fd, text.data(), text.size());
  text.resize(static_cast<size_t>(std::max<ssize_t>(0, size)));
  return text == std::string(1, kReady) ? "" : text;
}

}  // namespace

// --- The caller's side ------------------------------------------------------

struct WorkerStarter {
  static StartWorkerResult Start(const WorkerBody& body,
                                 WorkerNetwork network) {
    // A worker that is forked between our socketpair() and our close() would
    // hold a copy of the other end.
    static std::mutex one_at_a_time;
    StartWorkerResult result;
    Channels channels;
    std::unique_lock lock(one_at_a_time);
    if (!OpenForStart(&channels)) {
      result.error = DescribeSetUpFailure("descriptors", errno);
      channels.CloseAll();
      return result;
    }
    fflush(stdout);
    fflush(stderr);
    pid_t pid = fork();
    if (pid < 0) {
      result.error = DescribeSetUpFailure("fork", errno);
      channels.CloseAll();
      return result;
    }
    if (pid == 0) {
      lock.unlock();  // the body may start workers of its own
      RunSupervisor(channels, body, network);
    }
    Worker& worker = result.worker;
    worker.supervisor_pid_ = pid;
    worker.pidfd_ = OpenPidfd(pid);
    worker.control_fd_ = std::exchange(channels.control_outer, -1);
    int set_up_fd = std::exchange(channels.set_up.read_end, -1);
    channels.CloseAll();
    lock.unlock();
    result.error = WaitForSetUp(set_up_fd, worker.pidfd_);
    close(set_up_fd);
    if (!result.error.empty()) worker = Worker();
    return result;
  }
};

StartWorkerResult StartWorker(WorkerBody body, WorkerNetwork network) {
  return WorkerStarter::Start(body, network);
}

std::string CheckNamespacesAllowed() {
  return StartWorker([](int) { return 0; }).error;
}

Worker::Worker(Worker&& other) noexcept { *this = std::move(other); }

Worker& Worker::operator=(Worker&& other) noexcept {
  if (this == &other) return *this;
  Reset();
  supervisor_pid_ = std::exchange(other.supervisor_pid_, -1);
  pidfd_ = std::exchange(other.pidfd_, -1);
  control_fd_ = std::exchange(other.control_fd_, -1);
  wait_status_ = std::exchange(other.wait_status_, std::nullopt);
  return *this;
}

Worker::~Worker() { Reset(); }

void Worker::Reset() {
  Kill();
  CloseAndForget(&control_fd_);
  CloseAndForget(&pidfd_);
  supervisor_pid_ = -1;
  wait_status_.reset();
}

std::optional<int> Worker::Wait(steady_clock::time_point deadline) {
  if (supervisor_pid_ < 0 || wait_status_) return wait_status_;
  if (!WaitReadable(pidfd_, deadline)) return std::nullopt;
  int status = 0;
  pid_t pid;
  do {
    pid = waitpid(supervisor_pid_, &status, 0);
  } while (pid < 0 && errno == EINTR);
  wait_status_ = pid == supervisor_pid_ ? status : SIGKILL;
  return wait_status_;
}

void Worker::Kill() {
  if (supervisor_pid_ < 0 || wait_status_) return;
  // Asked by SIGTERM the supervisor kills init and waits until the kernel has
  // killed the rest; SIGKILL would take them along too, but a moment later.
  kill(supervisor_pid_, SIGTERM);
  kill(supervisor_pid_, SIGCONT);
  if (Wait(steady_clock::now() + kKillLimit)) return;
  kill(supervisor_pid_, SIGKILL);
  Wait(steady_clock::time_point::max());
}

}  // namespace cpgcert::harness
