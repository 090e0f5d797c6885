// Asks a corosync, past any libcpg, whether a process is a member of a group.
//
// A process that has ended stays a member until the daemon has seen that and
// told the other members, which disturbs whoever connects meanwhile (observed
// in corosync 3.1.7). So the next case waits until nobody is left.
// Speaks the service's protocol over libqb: request ids 5 to 7.

#ifndef CPGCERT_HARNESS_MEMBER_CENSUS_H_
#define CPGCERT_HARNESS_MEMBER_CENSUS_H_

#include <qb/qbipcc.h>

#include <chrono>
#include <string>

namespace cpgcert::harness {

// Keeps one connection to the service. Not thread-safe.
class MemberCensus {
 public:
  MemberCensus() = default;
  ~MemberCensus();
  MemberCensus(const MemberCensus&) = delete;
  MemberCensus& operator=(const MemberCensus&) = delete;

  // Waits until no process is a member of any group. Returns "", or one line:
  // somebody still was at the deadline, or the service does not answer.
  std::string WaitNobody(std::chrono::milliseconds deadline);

  // Forgets the connection: the service behind it has ended.
  void Disconnect();

 private:
  enum class Answer { kNobody, kSomebody, kNoAnswer };
  Answer Ask();
  bool Call(const void* request, size_t request_size, void* reply,
            size_t reply_size);

  qb_ipcc_connection_t* connection_ = nullptr;
};

}  // namespace cpgcert::harness

#endif  // CPGCERT_HARNESS_MEMBER_CENSUS_H_
