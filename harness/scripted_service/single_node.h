// What an honest cpg service of one node does with requests, without the
// transport: the least that <corosync/cpg.h> needs, and the default from which
// scripts and fuzzing depart.

#ifndef CPGCERT_HARNESS_SCRIPTED_SERVICE_SINGLE_NODE_H_
#define CPGCERT_HARNESS_SCRIPTED_SERVICE_SINGLE_NODE_H_

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "harness/wire/wire.h"

namespace cpgcert::harness {

// The groups and members of one node. Connections are numbers of the caller's
// choice. There is no zero copy: it is answered with CS_ERR_NOT_SUPPORTED.
class SingleNode {
 public:
  struct Outgoing {
    int connection = 0;
    std::string event{};  // its bytes
  };
  struct Answer {
    std::string reply{};  // its bytes; empty if the request has none
    std::vector<Outgoing> events{};
  };

  explicit SingleNode(uint32_t node) : node_(node) {}

  // A connection that is not known yet begins with its first request.
  Answer Process(int connection, std::string_view request);
  // Tells the other members of its group, unless it has left.
  std::vector<Outgoing> Disconnect(int connection);

 private:
  // A join of a connection.
  struct Membership {
    std::string group{};
    uint32_t process = 0;
  };
  // The entries that an iteration has still to give, last first.
  using Iteration = std::vector<wire::IterationNextReply>;
  struct Connection {
    bool joined = false;
    Membership membership{};
    // Since a message in fragments began, another has joined the group, who
    // could not put it together.
    bool message_interrupted = false;
    // Those that it has begun, by what the service calls them.
    std::map<uint64_t, Iteration> iterations{};
  };

  Answer On(int connection, const wire::JoinRequest& request);
  Answer On(int connection, const wire::LeaveRequest& request);
  Answer On(int connection, const wire::MulticastRequest& request);
  Answer On(int connection, const wire::MembershipRequest& request);
  Answer On(int connection, const wire::LocalGetRequest& request);
  Answer On(int connection, const wire::IterationInitializeRequest& request);
  Answer On(int connection, const wire::IterationNextRequest& request);
  Answer On(int connection, const wire::IterationFinalizeRequest& request);
  Answer On(int connection, const wire::FinalizeRequest& request);
  Answer On(int connection, const wire::ZeroCopyAllocateRequest& request);
  Answer On(int connection, const wire::ZeroCopyFreeRequest& request);
  Answer On(int connection, const wire::ZeroCopyExecuteRequest& request);
  Answer On(int connection, const wire::PartialMulticastRequest& request);

  std::vector<wire::Address> Members(const std::string& group) const;
  void SendToGroup(const std::string& group, const wire::Event& event,
                   std::vector<Outgoing>* events) const;

  const uint32_t node_;
  std::map<int, Connection> connections_;
  uint64_t next_iteration_ = 1;
};

// A reply that refuses the request of this id, as large as the one that grants
// it, with nothing in it; "" for a request that has no reply.
std::string RefusalOf(wire::RequestId request, int32_t error);

}  // namespace cpgcert::harness

#endif  // CPGCERT_HARNESS_SCRIPTED_SERVICE_SINGLE_NODE_H_
