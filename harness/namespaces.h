#ifndef CPGCERT_HARNESS_NAMESPACES_H_
#define CPGCERT_HARNESS_NAMESPACES_H_

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

// A worker is a function that runs in a small Linux of its own: new user,
// mount, network, IPC, UTS and PID namespaces, made without root. Nothing
// that it does to the network, to /run or to /dev/shm is seen outside, and
// nothing that it starts outlives it.
//
// Three processes are made, and each end takes the next one with it:
//
//   caller ---> supervisor ---> init (pid 1 inside) ---> body (pid 2 inside)
//
//   supervisor  lives outside, in a session of its own (Ctrl-C on a terminal
//               reaches the caller only), waits, and ends as the body ended.
//               It ends at once when the calling *process* ends, however it
//               ends; the thread that called StartWorker may end before.
//   init        reaps every orphan. When it ends, the kernel kills all that
//               runs in the PID namespace.
//   body        runs the caller's function. It is not pid 1, so signals,
//               abort() and waitpid() mean what they mean elsewhere.
//
// What the body finds:
//   - uid and gid 0, with all capabilities over its own namespaces; the only
//     ids that are mapped. Outside they are the caller's own.
//   - lo up with 127.0.0.1 and ::1, and no other interface. Abstract sockets
//     (libqb's) belong to this network: no "cpg" service but its own.
//   - a fresh /proc, and fresh tmpfs on /run (with /run/lock), /dev/shm,
//     kScratchDirectory and, if they exist outside, /var/lib/corosync and
//     /var/log/corosync. All other files, /tmp among them, are the outer
//     ones: leave nothing there. What the caller keeps in /run or /dev/shm
//     (a Bazel sandbox_base, say) can't be opened by name any more.
//   - every descriptor of the caller (this is fork(2): no exec), signals
//     SIGHUP, SIGINT, SIGQUIT, SIGPIPE, SIGALRM, SIGTERM and SIGCHLD at their
//     default, and no signal blocked.
//
// More nodes, later: workers nest, so a body can be the network and the workers
// that it starts the nodes. It makes a bridge and veth pairs (CAP_NET_ADMIN is
// its own) and moves one end into each node: IFLA_NET_NS_PID takes
// Worker::supervisor_pid(), which is in the worker's network namespace. Tried
// by hand: three corosyncs of an ordinary user form a ring within 0.3 s.
namespace cpgcert::harness {

// A private tmpfs, mode 0700, inside every worker.
inline constexpr char kScratchDirectory[] = "/run/cpgcert/scratch";

// Runs inside; its result (0..255) is the worker's exit status. `control_fd`
// is the body's end of the control channel, open until the body ends. An
// exception that leaves it is SIGABRT.
using WorkerBody = std::function<int(int control_fd)>;

// A running worker. Move-only; a default-constructed or moved-from one is
// empty. Not thread-safe; different workers may be used by different threads.
class Worker {
 public:
  Worker() = default;
  Worker(Worker&& other) noexcept;
  Worker& operator=(Worker&& other) noexcept;
  // Kills everything inside, and waits until it's gone.
  ~Worker();

  // The caller's end of a SOCK_SEQPACKET pair: one send is one message, of at
  // most some 200 KB. Owned by the worker. The body sees end of file if the
  // caller does shutdown(2) on it. To learn that the worker has ended wait for
  // pidfd(): a process that was forked meanwhile may hold a copy of the
  // other end, so end of file can be late.
  int control_fd() const { return control_fd_; }

  // Readable (POLLIN) once the worker has ended. Owned by the worker.
  int pidfd() const { return pidfd_; }

  pid_t supervisor_pid() const { return supervisor_pid_; }

  // Waits for the end, until `deadline` at the latest. Returns what waitpid(2)
  // would say of the body (WIFEXITED, WTERMSIG, ...), or nothing if the
  // deadline passed or the worker is empty. May be called again.
  // REQUIRES: nobody else reaps the supervisor (no waitpid(-1), and SIGCHLD
  // is not ignored); otherwise the status is that of a SIGKILL.
  std::optional<int> Wait(std::chrono::steady_clock::time_point deadline);

  // SIGKILL to everything inside; returns once it's gone. The control channel
  // stays readable. Does nothing if the worker is empty or has ended.
  void Kill();

 private:
  friend struct WorkerStarter;
  void Reset();

  pid_t supervisor_pid_ = -1;
  int pidfd_ = -1;
  int control_fd_ = -1;
  std::optional<int> wait_status_;
};

struct StartWorkerResult {
  // Empty on success; otherwise one line: what is forbidden, and what to do.
  std::string error;
  Worker worker;
};

// Whose network, IPC and /dev/shm a worker has: its own, or the caller's, in
// which a service of the machine can be reached. All else is its own.
enum class WorkerNetwork : uint8_t { kOwn, kOuter };

// Starts a worker, and returns when its namespaces are complete and `body` is
// about to run (about 1 ms). May be called from several threads.
// Everything that `body` refers to is copied by fork(2), as it is at the call.
StartWorkerResult StartWorker(WorkerBody body,
                              WorkerNetwork network = WorkerNetwork::kOwn);

// Really starts an empty worker. Returns "" if that works, else the one line
// of StartWorkerResult::error.
std::string CheckNamespacesAllowed();

}  // namespace cpgcert::harness

#endif  // CPGCERT_HARNESS_NAMESPACES_H_
