// Plays the records of an input as the clients that they tell of, and keeps
// what others may be expected to see of it.

#ifndef CPGCERT_FUZZ_REQUESTS_REQUEST_PLAYER_H_
#define CPGCERT_FUZZ_REQUESTS_REQUEST_PLAYER_H_

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "fuzz/requests/request_input.h"
#include "fuzz/requests/request_service.h"
#include "fuzz/support/trust.h"
#include "harness/wire/wire.h"

namespace cpgcert::fuzz {

// What an honest client has, and requests may name (Filled::kOthers).
struct HonestThings {
  uint64_t iteration = 0;
  uint64_t server_address = 0;
  std::string path{};  // of a file
};

// Of one input. Connections are 0 to kRequestConnections - 1.
class RequestPlayer {
 public:
  // `group` is the neighbour's. `wait_told` returns when all members have been
  // told of what has changed so far: what a request is answered depends on
  // whether a join before it has come to pass.
  RequestPlayer(RequestService* service, HonestThings others, std::string group,
                std::function<void()> wait_told)
      : service_(*service),
        others_(std::move(others)),
        group_(std::move(group)),
        wait_told_(std::move(wait_told)) {}
  // Closes what is open.
  ~RequestPlayer();
  RequestPlayer(const RequestPlayer&) = delete;
  RequestPlayer& operator=(const RequestPlayer&) = delete;

  // A reply that comes must have a size that is that of its bytes and an id
  // that fits the request; one that grants something must be well-formed. A
  // well-formed request of a conformant input must be answered. The first of
  // the replies that is not so.
  RequestDamage Play(const RequestRecords& records);

  // What was sent before has been dealt with.
  void WaitDealtWith();
  void CloseAll();

  // Processes that were asked to be joined to any group.
  const std::set<uint32_t>& processes() const { return processes_; }
  // A join without all of its fields: the process can be any.
  bool any_process() const { return any_process_; }
  // What may be delivered once each, from any process: messages, fragments.
  std::multiset<std::string>& messages() { return messages_; }
  std::multiset<std::string>& fragments() { return fragments_; }
  // Of `messages`, those that must be delivered to `group`: multicasts of its
  // members, in a conformant input.
  const std::vector<std::string>& owed() const { return owed_; }

  // For each answer a number that is the same for the same kind of request,
  // answer and error.
  const std::set<uint16_t>& behaviours() const { return behaviours_; }

 private:
  // An area for zero copy.
  struct Area {
    int file = -1;
    uint64_t address = 0;
    uint64_t size = 0;
    std::string written{};
  };
  struct Client {
    bool open = false;
    bool in_group = false;
    std::vector<uint64_t> iterations{};
    std::vector<uint64_t> spent_iterations{};
    std::vector<Area> areas{};
    uint64_t spent_address = 0;
  };

  bool Open(int connection);
  void Close(int connection);
  RequestDamage Send(const RequestRecord& record);
  // The request as it is sent.
  std::string FillIn(const RequestRecord& record);
  std::string FillPath(const RequestRecord& record, std::string bytes);
  void Write(const RequestRecord& record);
  void Expect(const RequestRecord& record, std::string_view request);
  RequestDamage Judge(std::string_view request,
                      const RequestService::Answer& answer) const;
  void Note(const RequestRecord& record, std::string_view request,
            const RequestService::Answer& answer);
  static void Forget(Area* area);

  RequestService& service_;
  const HonestThings others_;
  const std::string group_;
  const std::function<void()> wait_told_;
  bool is_conformant_ = false;
  size_t size_max_ = 0;
  std::array<Client, kRequestConnections> clients_{};
  std::optional<Area> coming_{};  // the file of an allocation under way
  int files_ = 0;
  std::set<uint32_t> processes_{};
  bool any_process_ = false;
  std::multiset<std::string> messages_{};
  std::multiset<std::string> fragments_{};
  std::vector<std::string> owed_{};
  std::set<uint16_t> behaviours_{};
};

}  // namespace cpgcert::fuzz

#endif  // CPGCERT_FUZZ_REQUESTS_REQUEST_PLAYER_H_
