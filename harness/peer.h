// Another process that is a member of a group, remote controlled.
//
// A process has but one membership per group (node, process, group), so a
// second member needs a second process.

#ifndef CPGCERT_HARNESS_PEER_H_
#define CPGCERT_HARNESS_PEER_H_

#include <sys/types.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace cpgcert::harness {

// The process has the library loaded afresh and one connection with all
// callbacks. It dies with the thread that started it, at the latest. Methods
// return "" or one line that says what failed; each waits for its answer, and
// gives up after a deadline.
class Peer {
 public:
  // Forks. REQUIRES: one thread in the calling process, and that the library
  // is not loaded in it yet. Returns null and sets *error on failure.
  static std::unique_ptr<Peer> Start(const std::string& library,
                                     std::string* error);
  // SIGKILL; reaped.
  ~Peer();
  // The same to every peer that this process still has: what a case leaves to
  // the end of its process must not look like what a library left behind.
  static void EndAll();
  Peer(const Peer&) = delete;
  Peer& operator=(const Peer&) = delete;

  // Joins, and returns once the peer has seen its own configuration change:
  // by then the service has sent that change to all members of this node.
  std::string Join(std::string_view group);
  // Multicasts MakeMessage(name, size), and returns once the peer itself has
  // been given it and has made a round trip to the service.
  std::string Multicast(std::string_view name, size_t size);
  std::string Leave(std::string_view group);
  // Finalizes without leaving.
  std::string Finalize();
  // exit(3) without leaving or finalizing; reaped.
  std::string Exit();
  // SIGKILL; reaped.
  void Kill() { End(); }
  // What its callbacks were given since it was asked last, see DescribeRecord,
  // up to a message that it multicasts now and that is not among them: all
  // that was ordered before. REQUIRES: it has joined.
  std::string Seen(std::vector<std::string>* events);

  // As the service sees it.
  pid_t process() const { return process_; }

 private:
  Peer(pid_t process, int socket);
  std::string Ask(const std::string& request);
  std::string SendAndReceive(const std::string& request) const;

  void End();

  pid_t process_;
  int socket_;
};

}  // namespace cpgcert::harness

#endif  // CPGCERT_HARNESS_PEER_H_
