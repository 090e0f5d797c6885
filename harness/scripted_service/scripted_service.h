// A cpg service that plays a script: an honest one, of one node, that departs
// from honesty exactly where the script says so.
//
// It speaks libqb's protocol as corosync does, in a process of its own, in
// network and mount namespaces in which it is the only "cpg": an unmodified
// libcpg connects to it. Nothing happens by time: what is late is let go by
// the case, and every method returns once its effect is there.

#ifndef CPGCERT_HARNESS_SCRIPTED_SERVICE_SCRIPTED_SERVICE_H_
#define CPGCERT_HARNESS_SCRIPTED_SERVICE_SCRIPTED_SERVICE_H_

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "harness/trace/trace.h"
#include "harness/wire/wire.h"

namespace cpgcert::harness {

// What a client may send, as libqb tells it before it sends.
enum class FlowControl : uint8_t {
  kOff,           // anything
  kMulticastOff,  // all but multicasts; nothing that is sent is read
  kAllOff,        // nothing
};

// What happens to a request instead of what an honest service does.
struct Reaction {
  enum class Answer : uint8_t {
    kHonest,  // does what is asked for, and replies
    kError,   // refuses with `error`, in a reply of the usual id and size
    kBytes,   // replies with `bytes`, and does nothing
    kNever,   // does nothing
    kClose,   // closes the connection
    kCrash,   // the process of the service kills itself
    kStop,    // stops itself; once resumed, does what is asked for
  };
  static constexpr int kAlways = -1;

  wire::RequestId request = wire::RequestId::kJoin;
  Answer answer = Answer::kHonest;
  int32_t error = 0;    // a cs_error_t
  std::string bytes{};  // of any length up to wire::kBufferSize
  int skip = 0;         // requests of this id that it leaves alone first
  int times = 1;        // requests that it applies to, or kAlways
  bool hold = false;    // only once the case calls Release()
  std::optional<size_t> cut{};  // the reply is cut to so many bytes
  // Sent to the connection before the reply, after what is honest.
  std::vector<std::string> events{};
  std::optional<FlowControl> flow_control{};  // set before the reply
};

// How it answers those who want to connect.
struct Admission {
  int refuse_errno = 0;  // refuses them with EACCES, EAGAIN, ...; 0: admits
  int times = Reaction::kAlways;     // whom it refuses; it admits the others
  std::optional<uid_t> only_user{};  // refuses others with EACCES
};

struct Script {
  uint32_t node = 1;
  bool listen = true;  // false: there is no service yet, see Listen()
  Admission admission{};
  // The first that fits a request applies to it.
  std::vector<Reaction> reactions{};
};

// A request as it arrived.
struct LoggedRequest {
  int connection = 0;   // counted from 0 in the order in which they were made
  pid_t process = 0;    // whose connection it is
  std::string bytes{};  // as many as its header says that there are
};

// Not for use by several threads at once. Methods that return a text return ""
// once the effect is there, else one line that says what failed; they fail
// when the service is dead or stopped, or the implementation has closed the
// descriptor that leads to it.
class ScriptedService {
 public:
  static constexpr int kNewest = -1;  // the connection that was made last

  // Moves the calling process to network and mount namespaces of its own, with
  // an empty /dev/shm, and starts the service there: whatever else listened as
  // "cpg" is out of reach from now on. REQUIRES: one thread in the calling
  // process, the right to make namespaces (a worker has it), and that the
  // library is not loaded yet. Returns null and sets *error on failure.
  static std::unique_ptr<ScriptedService> Start(const Script& script,
                                                std::string* error);
  // SIGKILL; reaped. It dies with the thread that started it, at the latest.
  ~ScriptedService();
  // The same to all that this process still has: what a case leaves to the end
  // of its process must not look like what a library left behind.
  static void EndAll();
  ScriptedService(const ScriptedService&) = delete;
  ScriptedService& operator=(const ScriptedService&) = delete;

  // --- What it has seen; works also when it is stopped or dead.
  std::vector<LoggedRequest> Requests() const;  // oldest first
  size_t RequestCount() const;
  // How many wanted to connect, refused ones included, and how many did.
  int ConnectionAttempts() const;
  int ConnectionsMade() const;
  // True if the log was too small for all requests.
  bool LogOverflowed() const;
  // Waits until there are so many requests; false at the deadline.
  bool WaitRequests(size_t count, std::chrono::milliseconds deadline) const;

  // --- What it does from now on.
  // Goes before all reactions that there are.
  std::string React(const Reaction& reaction);
  // Forgets all reactions.
  std::string BeHonest();
  std::string Admit(const Admission& admission);
  // The service begins to exist.
  std::string Listen();

  // --- What it does now.
  // For the connections that there are. A new one begins with kOff: libqb lets
  // a client send before a service can tell it otherwise.
  std::string SetFlowControl(FlowControl level);
  // Sends the bytes, of an event or not, to a connection.
  std::string Send(const std::string& event, int connection = kNewest);
  // Everything that was to be done with the requests in the log, but the held
  // ones, has been done.
  std::string Barrier();
  // Does with all held requests what is to be done with them.
  std::string Release();
  std::string Close(int connection = kNewest);

  // --- Its process.
  std::string Kill();    // SIGKILL; ended and reaped
  std::string Stop();    // SIGSTOP; stopped
  std::string Resume();  // SIGCONT; running
  // SIGCONT, whether it was stopped or not; false if it has ended.
  bool Continue();
  // Waits until it has ended by itself, and reaps it.
  bool WaitEnded(std::chrono::milliseconds deadline);
  // Waits until it has stopped by itself.
  bool WaitStopped(std::chrono::milliseconds deadline) const;
  pid_t process() const { return process_; }

 private:
  ScriptedService();
  std::string Launch(const Script& script);
  // Sends a command, and returns the answer's text.
  std::string Ask(const struct Command& command);
  std::string SendAndReceive(const struct Command& command);
  std::string Receive();
  size_t CountRequests() const;
  void Drop();
  void End();

  pid_t process_ = 0;
  int socket_ = -1;
  uint64_t socket_inode_ = 0;
  struct SharedState* shared_ = nullptr;
  mutable trace::Changing request_count_seen_{"requests"};
};

// Serves as "cpg" in the namespaces of the calling process: an honest service
// of one node, without a script, until the process is killed. If it cannot it
// ends the process with a line on standard error.
[[noreturn]] void RunSingleNode();

}  // namespace cpgcert::harness

#endif  // CPGCERT_HARNESS_SCRIPTED_SERVICE_SCRIPTED_SERVICE_H_
