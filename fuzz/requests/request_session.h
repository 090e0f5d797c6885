// Plays inputs of request_decoder on a service beside honest clients, and sees
// what they suffer.
//
// Which answer a malformed request is owed no page says: an error, a closed
// connection, and for a multicast silence are all right. What must hold:
//
//   - the service lives, answers and sleeps again, with no descriptor more
//   - replies are replies (RequestPlayer::Play)
//   - a member of another group sees nothing
//   - a member of the same group stays one, is told of joins of processes that
//     asked, of leaves of members, and is given what a client has sent: no
//     other bytes, each at most once, all of it if the input is conformant
//   - an iteration, an area for zero copy and a file of another remain
//   - afterwards a client can join a group, multicast to itself, ask for the
//     members and leave, and those that are gone are no members

#ifndef CPGCERT_FUZZ_REQUESTS_REQUEST_SESSION_H_
#define CPGCERT_FUZZ_REQUESTS_REQUEST_SESSION_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "fuzz/requests/request_honest.h"
#include "fuzz/requests/request_input.h"
#include "fuzz/requests/request_player.h"
#include "fuzz/requests/request_service.h"
#include "harness/wire/wire.h"

namespace cpgcert::fuzz {

// Not for use by several threads at once.
class RequestSession {
 public:
  // Starts the service with the first input.
  explicit RequestSession(std::unique_ptr<RequestService> service);
  RequestSession(const RequestSession&) = delete;
  RequestSession& operator=(const RequestSession&) = delete;

  // The service is a new one after each damage, else the one of the last input.
  RequestDamage Play(const RequestRecords& records);
  // "" or why there is no service to play on.
  std::string Prepare();
  // Of the last input (RequestPlayer).
  const std::set<uint16_t>& behaviours() const { return behaviours_; }
  const RequestService& service() const { return *service_; }

 private:
  RequestDamage PlayOn(const RequestRecords& records);
  RequestDamage FirstOf(
      const std::vector<std::function<RequestDamage()>>& steps);
  std::string NewMessage();

  HonestThings MakeThings(const RequestRecords& records, RequestDamage* damage);
  RequestDamage LookAtThings(const HonestThings& things);
  RequestDamage LookAsBystander();
  RequestDamage LookAsNeighbour(RequestPlayer* player, bool all);
  RequestDamage LookAtLeftovers();
  RequestDamage LookAtProcess();
  RequestDamage BeServed();
  // What the neighbour sees, and what is wrong with it.
  RequestDamage See(const harness::wire::ConfigurationEvent& event,
                    const RequestPlayer& player);
  RequestDamage See(const harness::wire::DeliverEvent& event,
                    RequestPlayer* player);
  RequestDamage See(const harness::wire::PartialDeliverEvent& event,
                    RequestPlayer* player);

  const std::unique_ptr<RequestService> service_;
  HonestClient bystander_;  // in another group
  HonestClient neighbour_;
  bool prepared_ = false;
  uint64_t number_ = 0;  // of messages, so that no two are the same
  uint32_t guests_ = 0;
  std::set<uint32_t> members_{};  // as the neighbour knows them
  std::multiset<std::string> delivered_{};
  RequestService::Look before_{};
  std::set<uint16_t> behaviours_{};
};

}  // namespace cpgcert::fuzz

#endif  // CPGCERT_FUZZ_REQUESTS_REQUEST_SESSION_H_
