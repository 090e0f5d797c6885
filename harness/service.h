// A process that serves "cpg" over libqb: corosync, or what stands in for it.

#ifndef CPGCERT_HARNESS_SERVICE_H_
#define CPGCERT_HARNESS_SERVICE_H_

#include <sys/types.h>

#include <chrono>
#include <string>

namespace cpgcert::harness {

// One daemon in the calling process's namespaces; meant for the body of a
// worker (namespaces.h), in which there is one "cpg".
// Methods that return a string return "" on success, otherwise one line. If the
// daemon has died, its last words follow, indented, on lines of their own.
// Not thread-safe. The daemon dies with the *thread* that called Start().
class Service {
 public:
  using Deadline = std::chrono::steady_clock::time_point;

  // Kill().
  virtual ~Service();
  Service(const Service&) = delete;
  Service& operator=(const Service&) = delete;

  // Starts the daemon; doesn't wait for it. It's an error if it is running.
  std::string Start();

  // Waits until the daemon serves "cpg": from then on a cpg_initialize or
  // cpg_join does not meet CS_ERR_TRY_AGAIN because of the start. Asks libqb,
  // not libcpg.
  std::string WaitReady(Deadline deadline);

  // SIGKILL to it and its process group, reaped when it returns; what it left
  // in /run and /dev/shm is removed. Does nothing if it isn't running.
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

  // The last lines that the daemon wrote since Start(), each with its newline.
  std::string LogTail(int lines) const;

 protected:
  // `name` stands in the error lines. Log and state are written to
  // `run_directory`: made if it's missing; it isn't removed.
  Service(std::string name, std::string run_directory);

  const std::string& run_directory() const { return run_directory_; }

  // Before each start, with the directory there: "", or why it can't start.
  virtual std::string Prepare() = 0;
  // In the child, whose output goes to the log: what changes its credentials;
  // then becomes the daemon.
  virtual void ChangeCredentials() {}
  [[noreturn]] virtual void Become() = 0;
  // False: the daemon is ready once it refuses its clients.
  virtual bool AdmitsClients() const { return true; }

 private:
  [[noreturn]] void RunChild(int log_fd, pid_t parent) noexcept;
  std::string LogPath() const;
  std::string EndError() const;
  std::string SignalAndWait(int signal_number, int event);
  static void RemoveLeftovers(pid_t pid);

  const std::string name_;
  const std::string run_directory_;
  pid_t pid_ = -1;
  int pidfd_ = -1;
  // Set by Alive().
  bool ended_ = false;
  int wait_status_ = 0;
  bool stopped_ = false;
};

// Waits until somebody serves "cpg" to the calling process. Returns "" or one
// line.
std::string WaitForAnyService(Service::Deadline deadline);

// For a child that becomes a program: ends it with a line on standard error,
// `what` and errno.
[[noreturn]] void DieInChild(const std::string& what);

}  // namespace cpgcert::harness

#endif  // CPGCERT_HARNESS_SERVICE_H_
