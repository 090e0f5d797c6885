// The service of call_sequence: an honest one of one node, with other members,
// that departs from honesty exactly where a program says so, and writes down
// what each call made it do.

#ifndef CPGCERT_FUZZ_CALLS_CALL_SERVICE_H_
#define CPGCERT_FUZZ_CALLS_CALL_SERVICE_H_

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "fuzz/calls/program.h"
#include "fuzz/calls/zero_copy_maps.h"
#include "harness/qb_in_process/in_process_service.h"
#include "harness/scripted_service/single_node.h"
#include "harness/wire/wire.h"

namespace cpgcert::fuzz {

// What the service did during a call.
struct CallRecord {
  // Of the requests that this call is there for:
  int asked = 0;
  std::optional<int32_t> answered{};  // the code of the last reply
  std::optional<harness::wire::Request> request{};  // the last, no messages
  // A refusal that the program planted, or a send that found no room, was met.
  bool disturbed = false;
  // Effects, of whatever request.
  int connected = 0;
  int joined = 0;
  int left = 0;
  int fragments = 0;
  // Whole ones that were accepted.
  std::vector<std::string> messages{};
};

class CallService {
 public:
  static constexpr uint32_t kNode = 7;

  // An event that is on its way to a connection.
  using OnEvent = std::function<void(int connection, std::string_view event)>;
  explicit CallService(OnEvent on_event);

  // --- Around a call. `about` are the requests that it is there for.
  using Requests = std::set<harness::wire::RequestId>;
  void Begin(int connection, const Requests& about);
  // What was planted for this call is forgotten.
  CallRecord End();

  // --- Disturbances, for the next call.
  void Refuse(int32_t error, int skip);
  void RefuseConnection(int error_number);
  void FindNoRoom(int skip);
  // One of these waits for the next call.
  bool WillRefuse() const { return refusal_.has_value(); }
  bool WillFindNoRoom() const { return no_room_; }
  // --- and from now on.
  void SetFlowControl(int connection, int level);
  void EndConnection(int connection);
  void CutConnection(int connection);

  // --- The other members, processes of the same node.
  void PeerJoins(int peer, const std::string& group);
  void PeerLeaves(int peer);
  void PeerSends(int peer, std::string_view message);
  // The next of the three fragments of a message whose size is thrice that of
  // each; it begins anew when the group changes, or with another size.
  void PeerSendsFragment(int peer, std::string_view message);
  void PeerEnds(int peer);

  // --- What is true at the moment.
  std::vector<harness::wire::Address> Members(const std::string& group);
  // All members with their groups; or each group's name once.
  std::vector<harness::wire::IterationNextReply> Census(
      harness::wire::IterationType type, const std::string& group);
  bool IsOpen(int connection) const { return service_.IsOpen(connection); }
  int open() const { return service_.counters().open; }
  // Of the next connection.
  int next_connection() const {
    return static_cast<int>(service_.counters().connects);
  }

 private:
  struct Peer {
    bool joined = false;
    std::string group{};
    size_t sent = 0;  // fragments of the message under way
    size_t size = 0;  // of each of them
  };

  harness::InProcessService::Answer Take(int connection,
                                         std::string_view bytes);
  // What an honest service does.
  std::string Honest(int connection, const harness::wire::Request& request,
                     std::string_view bytes);
  std::optional<std::string> ZeroCopy(int connection,
                                      const harness::wire::Request& request);
  void NoteEffect(int connection, const harness::wire::Request& request,
                  std::string_view reply);
  void Deliver(const harness::SingleNode::Answer& answer);
  // By a peer.
  void Ask(int peer, const harness::wire::Request& request);

  const OnEvent on_event_;
  harness::InProcessService service_;
  harness::SingleNode node_{kNode};
  ZeroCopyMaps maps_;
  std::set<int> silent_;  // that have ended or are cut
  std::vector<Peer> peers_{kPeers};
  // Fragments of the library's own messages, by their connection.
  std::map<int, std::string> under_way_;

  int connection_ = -1;
  Requests about_;
  CallRecord record_;
  struct Refusal {
    int32_t error = 0;
    int skip = 0;
  };
  std::optional<Refusal> refusal_;
  int refuse_connection_ = 0;
  bool no_room_ = false;
};

}  // namespace cpgcert::fuzz

#endif  // CPGCERT_FUZZ_CALLS_CALL_SERVICE_H_
