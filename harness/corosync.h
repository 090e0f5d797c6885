#ifndef CPGCERT_HARNESS_COROSYNC_H_
#define CPGCERT_HARNESS_COROSYNC_H_

#include <sys/types.h>

#include <chrono>
#include <string>
#include <vector>

namespace cpgcert::harness {

struct CorosyncNode {
  int id = 1;  // >= 1
  std::string address = "127.0.0.1";
};

enum class CorosyncTransport { kUdpu, kKnet };

// The defaults give the quickest start of one node, without privileges.
struct CorosyncOptions {
  // The whole cluster. The daemon that is started is the node whose address
  // belongs to an interface of the calling process's network namespace.
  std::vector<CorosyncNode> nodes = {CorosyncNode{}};
  CorosyncTransport transport = CorosyncTransport::kUdpu;

  // Timers of totem, see corosync.conf(5); 0 stands for the default. That is
  // corosync's own (3000, 3600, 50) for one node: it starts no slower, and a
  // daemon that is stopped or starved for a while does not form a new ring.
  // For more nodes, which wait for each other, it is 300, 400, 30, about the
  // least allowed.
  std::chrono::milliseconds token{0};
  std::chrono::milliseconds consensus{0};
  std::chrono::milliseconds join{0};

  // Configuration, log and state are written here. Made if it's missing; it
  // isn't removed. Default: a directory below kScratchDirectory.
  std::string run_directory{};

  // The executable. Default: what FindCorosync() finds.
  std::string executable{};

  // False: the daemon runs in a user namespace in which our user is not root
  // but somebody it doesn't know: it refuses every client (CS_ERR_ACCESS).
  bool admit_clients = true;

  // Appended to the configuration as it is. One item per line.
  std::string extra_configuration{};
};

// One corosync daemon in the calling process's namespaces; meant for the body
// of a worker (namespaces.h), since a /run can hold but one corosync.
// Methods that return a string return "" on success, otherwise one line. If the
// daemon has died, its last words follow, indented, on lines of their own.
// Not thread-safe. The daemon dies with the *thread* that called Start().
class Corosync {
 public:
  using Deadline = std::chrono::steady_clock::time_point;

  explicit Corosync(CorosyncOptions options = {});
  // Kill().
  ~Corosync();
  Corosync(const Corosync&) = delete;
  Corosync& operator=(const Corosync&) = delete;

  // The path of the corosync in PATH or in /usr/sbin, or an error line.
  struct Found {
    std::string path;
    std::string error;
  };
  static Found FindCorosync();

  // Writes the configuration and starts the daemon; doesn't wait for it.
  // It's an error if the daemon is running.
  std::string Start();

  // Waits until the daemon serves "cpg": from then on a cpg_initialize or
  // cpg_join does not meet CS_ERR_TRY_AGAIN because of the start. Asks libqb,
  // not libcpg. With !admit_clients: until it refuses clients as it should.
  // Says nothing of other nodes: a node serves alone until they have met.
  std::string WaitReady(Deadline deadline);

  // SIGKILL, reaped when it returns; what the daemon left in /run and /dev/shm
  // is removed. Does nothing if it isn't running.
  void Kill();

  // SIGSTOP; when it returns, every thread of the daemon has stopped.
  std::string Stop();
  // SIGCONT; when it returns, the daemon has been continued.
  std::string Resume();

  // Kill(), Start(), WaitReady(deadline).
  std::string Restart(Deadline deadline);

  // True until the daemon has ended; a stopped one is alive.
  bool Alive();
  // -1 if there is none. The daemon may have ended by itself: see Alive().
  pid_t pid() const { return pid_; }
  // Readable (POLLIN) once the daemon has ended; -1 if there is none. Owned.
  int pidfd() const { return pidfd_; }

  // "3.1.7", from `corosync -v`; "" if that says nothing of the kind.
  std::string Version() const;

  // The last lines that the daemon wrote since Start(), each with its newline.
  std::string LogTail(int lines) const;

 private:
  std::string Configuration() const;
  std::string LogPath() const;
  std::string EndError() const;
  std::string SignalAndWait(int signal_number, int event);
  static void RemoveLeftovers(pid_t pid);

  CorosyncOptions options_;
  pid_t pid_ = -1;
  int pidfd_ = -1;
  // Set by Alive().
  bool ended_ = false;
  int wait_status_ = 0;
  bool stopped_ = false;
};

}  // namespace cpgcert::harness

#endif  // CPGCERT_HARNESS_COROSYNC_H_
