// Many processes that are members of a group at the same time. Each follows a
// program and records all that it calls and is given.
//
// The programs know each other by what they are given alone: one waits for a
// message or for a change, never for time to pass. Source of what they may wait
// for: messages are delivered to their sender too, in the one order that all
// members see, cpg_mcast_joined(3).

#ifndef CPGCERT_HARNESS_SWARM_SWARM_H_
#define CPGCERT_HARNESS_SWARM_SWARM_H_

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "harness/swarm/swarm_record.h"

namespace cpgcert::harness {

// One step of a program. While a step waits, all connections of the member
// dispatch.
struct SwarmStep {
  enum class Kind {
    kConnect,          // connection
    kJoin,             // connection, text: the group; waits for the own join
    kAwaitPermit,      // until the owner of the swarm permits one more step
    kAwaitMembers,     // until a change named at least `count` members
    kAwaitDepartures,  // until changes named `count` that left, all told
    kAwaitMessages,    // until `count` messages "<text>-<n>" were given
    // Multicasts "<text>-0", "<text>-1", ... and so on, `count` of them, as
    // MakeMessage() makes them.
    kMulticast,
    kLeave,     // waits for the own leave change
    kFinalize,  // without a leave, unless one came before
    kExit,      // the process, as it stands
    kKill,      // SIGKILL to itself
  };
  Kind kind = Kind::kExit;
  int connection = 0;
  std::string text{};
  int count = 1;
  // kMulticast: sizes in bytes, taken in turn; 0 for a small message.
  std::vector<size_t> sizes{0};
  // kMulticast: what is given is dispatched after so many; 0: not at all.
  int dispatch_every = 1;
  // kMulticast: at most so many own messages are on their way; 0: any number.
  int window = 0;
  // kMulticast: ends early once so many have left; 0: does not.
  int until_departures = 0;
  // kLeave: does not wait.
  bool without_waiting = false;
};

using SwarmProgram = std::vector<SwarmStep>;

// What a library must export for that. A member whose library lacks one gives
// up before its first call.
const std::vector<std::string_view>& SwarmSymbols();

// What became of a member.
struct SwarmMember {
  enum class End {
    kRunning,
    kCompleted,  // its program, to the end
    kExited,     // by kExit
    kKilled,     // by kKill, or by KillDuring
    kGaveUp,     // a call failed, or it waited in vain: see end_text
    kCrashed,    // ended in a way that no step asked for: see end_text
    kTakenDown,  // it had not ended at the deadline, or when another had
                 // crashed or given up; end_text: what its threads were doing
  };
  pid_t process = 0;
  uint32_t node = 0;  // 0: it never learned it
  End end = End::kRunning;
  std::string end_text{};
  bool overflowed = false;  // the record is not whole
  std::vector<SwarmEvent> events{};
};

class Swarm {
 public:
  // A program may use as many connections, each once.
  static constexpr int kConnectionsMax = 8;
  // Bounds every wait of a member; a member that waited so long gives up.
  static constexpr std::chrono::seconds kMemberDeadline{20};
  // Bounds all that a swarm does, from its construction. Longer than a member
  // waits, so that it says itself what it waited for.
  static constexpr std::chrono::seconds kSwarmDeadline{40};

  explicit Swarm(std::string library);
  // SIGKILL to all members; reaped.
  ~Swarm();
  Swarm(const Swarm&) = delete;
  Swarm& operator=(const Swarm&) = delete;

  // Forks a member, which loads the library afresh. It dies with the calling
  // thread. Returns its index, or -1 if there can be no further process.
  // REQUIRES: one thread in the calling process, and that the library is not
  // loaded in it.
  int Start(SwarmProgram program);

  // Waits until the member has completed so many steps; false if it ended
  // before, or at the deadline.
  bool WaitSteps(int member, uint32_t steps);
  // Lets the member go on from its next kAwaitPermit.
  void Permit(int member);
  // Waits until the member sleeps inside a call of that kind; false if it ended
  // before, or at the deadline.
  bool WaitAsleepIn(int member, SwarmEvent::Call call);
  // Waits until the process has ended, and takes it down at the deadline.
  void WaitEnded(int member);
  // The same for all; when one has crashed or given up, the others are taken
  // down.
  void WaitAllEnded();
  // Waits until a multicast of at least `size` bytes is under way and then
  // until the member went to sleep `sleeps` times more, and kills it. True if
  // the call had not returned when it died.
  bool KillDuring(int member, size_t size, uint64_t sleeps);

  int size() const { return static_cast<int>(members_.size()); }
  // REQUIRES: the member has ended.
  SwarmMember Member(int member) const;

  // Ends all members of all swarms of this process, see Peer::EndAll().
  static void EndAll();

 private:
  struct Process {
    pid_t process = 0;
    bool reaped = false;
    bool killed = false;      // by KillDuring
    bool taken_down = false;  // by us, before it had come to its end
    int status = 0;
    std::string threads{};  // of one that was taken down
    std::unique_ptr<SwarmRecord> record;
  };

  int Fork(const SwarmProgram& program);
  bool SeeSteps(int member, uint32_t steps);
  bool SeeAsleepIn(int member, SwarmEvent::Call call);
  bool KillInside(int member, size_t size, uint64_t sleeps);
  SwarmMember Look(int member) const;
  // Reaps if it has ended.
  static bool HasEnded(Process* process);
  static void End(Process* process);
  static void TakeDown(Process* process);

  std::string library_;
  std::chrono::steady_clock::time_point end_;
  std::vector<Process> members_;
};

}  // namespace cpgcert::harness

#endif  // CPGCERT_HARNESS_SWARM_SWARM_H_
