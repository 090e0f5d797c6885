// Who does what in a case of the history suite.
//
// A plan knows what its coordinator, the first member, must wait for: the last
// message of each that stays and the departure of each that does not. Only then
// it multicasts its end message, after which nothing is owed to anybody.
// Whatever a member waits for is sent at least twice, so that a library that
// loses one message is judged by the history and not by a wait in vain.

#ifndef CPGCERT_CONFORMANCE_HISTORY_PLAN_H_
#define CPGCERT_CONFORMANCE_HISTORY_PLAN_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "harness/swarm/swarm.h"

namespace cpgcert::conformance::history {

// What a member multicasts. Names are "<text>-0" and so on.
struct Burst {
  std::string text{};
  int count = 1;
  std::vector<size_t> sizes{0};
  int dispatch_every = 1;
  int window = 0;
};

class Plan {
 public:
  explicit Plan(std::string group) : group_(std::move(group)) {}

  // Each adds a member that joins before the first message. Those that send
  // begin at the same time, once all are members.
  void Listen();
  // Stays until the end. With `amid_departures` the burst ends early once all
  // that depart have departed.
  void Send(const Burst& burst, bool amid_departures = false);
  // Joins again on a new connection `rounds` times, leaves each time, and stays
  // in the end. Sends each time.
  void LeaveAndRejoin(const std::string& text, int rounds);
  // Its process ends once it has been given its departure.
  void SendAndLeave(const Burst& burst);
  // Finalizes without a leave, joins again, sends, and stays.
  void SendAndFinalize(const Burst& burst);
  void SendAndExit(const Burst& burst);
  void SendAndKill(const Burst& burst);
  // Waits for so many departures, then sends one message; the case kills it
  // meanwhile. Returns its place among the members.
  int SendUntilKilled(const std::string& text, size_t size, int departures);
  // Sends a message of `size` bytes for each of so many permits, and stays.
  // The permit of round i is waited for after SendSteps(i) steps. Returns its
  // place among the members.
  int SendWhenPermitted(const std::string& text, size_t size, int rounds);
  static uint32_t SendSteps(int round) { return 3 + 2 * round; }
  // A process for the caller to start, that joins so many times, with a permit
  // for each, sends, and leaves; it stays in the end. The permit of round i is
  // waited for after JoinSteps(i) steps.
  harness::SwarmProgram JoinWhenPermitted(const std::string& text, int rounds);
  static uint32_t JoinSteps(int round) { return 1 + 7 * round; }
  // A process for the caller to start: it joins, sends, and stays.
  harness::SwarmProgram Latecomer(const std::string& text);

  // The programs of all, the coordinator's first.
  std::vector<harness::SwarmProgram> Programs() const;
  const std::string& group() const { return group_; }

 private:
  harness::SwarmProgram Begin() const;
  // Multicasts `text`'s last message and waits for the end.
  void Stay(const std::string& text, harness::SwarmProgram* program);
  void Add(harness::SwarmProgram program);

  std::string group_;
  std::vector<harness::SwarmProgram> programs_;  // without the coordinator's
  std::vector<std::string> last_;        // names of the messages to wait for
  std::vector<size_t> amid_departures_;  // programs that need the number
  int departures_ = 0;
};

// The same program in two groups at the same time, on two connections. In the
// other group every name has this at its end.
inline constexpr char kOtherGroup[] = "x";
// REQUIRES: connection 0 alone.
harness::SwarmProgram InTwoGroups(const harness::SwarmProgram& program);

}  // namespace cpgcert::conformance::history

#endif  // CPGCERT_CONFORMANCE_HISTORY_PLAN_H_
