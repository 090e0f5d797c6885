// A "cpg" service for libraries with a transport of their own: libqb's server,
// in a process of its own, in a network in which it is the only one.
//
// It sends what it is told to send, and answers cpg_local_get(3) and
// cpg_finalize(3); any other request is refused. Every method returns once its
// effect is there.

#ifndef CPGCERT_FUZZ_EVENTS_EVENT_SERVER_H_
#define CPGCERT_FUZZ_EVENTS_EVENT_SERVER_H_

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace cpgcert::fuzz {

class EventServer {
 public:
  static constexpr uint32_t kNode = 4711;

  // Moves the calling process to network and mount namespaces of its own, with
  // an empty /dev/shm, and starts the server there. Null and *error, one line,
  // if that is not allowed here. REQUIRES: one thread.
  static std::unique_ptr<EventServer> Start(std::string* error);
  // SIGKILL, and reaped. It ends with the thread that started it, at the
  // latest.
  ~EventServer();
  EventServer(const EventServer&) = delete;
  EventServer& operator=(const EventServer&) = delete;

  // --- The connection that was made last; nothing happens if it is closed.
  // Not empty, 1 MiB at most; all that wait together are to be less.
  void Send(std::string_view event);
  size_t Waiting();
  void Disconnect();

  // Waits until no connection is open, for some seconds at most.
  bool AllAreClosed();

 private:
  EventServer(pid_t process, int socket) : process_(process), socket_(socket) {}
  // False if there is no answer. Ends the program if the server is gone.
  bool Ask(uint32_t verb, std::string_view bytes, uint64_t* answer);

  pid_t process_;
  int socket_;
  uint32_t asked_ = 0;  // questions
};

}  // namespace cpgcert::fuzz

#endif  // CPGCERT_FUZZ_EVENTS_EVENT_SERVER_H_
