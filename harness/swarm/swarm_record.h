// What a member process of a swarm did and was given, written so that it
// survives the process, whatever kills it.

#ifndef CPGCERT_HARNESS_SWARM_SWARM_RECORD_H_
#define CPGCERT_HARNESS_SWARM_SWARM_RECORD_H_

#include <corosync/cpg.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace cpgcert::harness {

// One thing that a member did, or that a callback was given.
struct SwarmEvent {
  enum class Kind : uint8_t {
    kCallBegin,  // call, text, size
    kCallEnd,    // call, result: of the last call that began
    kMessage,    // group, sender, text
    kChange,     // group, members, left, joined
    kEnd,        // text: how the program ended, the last event of most
  };
  // Dispatching is not recorded: what it runs is.
  enum class Call : uint8_t {
    kNone,
    kInitialize,
    kJoin,
    kMulticast,
    kLeave,
    kFinalize
  };

  Kind kind = Kind::kEnd;
  Call call = Call::kNone;
  uint32_t connection = 0;
  // kCallBegin: the group that is joined or left, or the message's name.
  // kMessage: DescribeMessage() of it.
  std::string text{};
  uint64_t size = 0;          // in bytes, of a message that is multicast
  cs_error_t result = CS_OK;  // kCallEnd
  std::string group{};        // as the callback was told
  uint32_t node = 0;          // the sender's, as the callback was told
  uint32_t process = 0;
  std::vector<cpg_address> members{};
  std::vector<cpg_address> left{};
  std::vector<cpg_address> joined{};
};

// A list of events in memory that is shared with the processes forked since.
// One process writes; any may read at any time, and sees whole events only.
class SwarmRecord {
 public:
  // What the writer is about, and what others let it do.
  struct Progress {
    std::atomic<uint32_t> steps{0};  // of its program, completed
    std::atomic<SwarmEvent::Call> call{SwarmEvent::Call::kNone};  // under way
    std::atomic<uint64_t> call_size{0};  // of the multicast under way; 0: none
    std::atomic<uint32_t> node{0};       // its node id; 0: not known
    std::atomic<uint32_t> permits{0};    // that others gave it, not yet used
  };

  // Memory is used as it is written to. Aborts if it cannot be mapped.
  explicit SwarmRecord(size_t bytes_max);
  ~SwarmRecord();
  SwarmRecord(const SwarmRecord&) = delete;
  SwarmRecord& operator=(const SwarmRecord&) = delete;

  // An event for which there is no room is not recorded, nor is any later one.
  void Append(const SwarmEvent& event);
  std::vector<SwarmEvent> Events() const;
  // True if events are missing, or if what is there is not what was written.
  bool overflowed() const;
  Progress& progress() const;

 private:
  struct Shared;
  Shared* shared_;
  size_t bytes_max_;
};

}  // namespace cpgcert::harness

#endif  // CPGCERT_HARNESS_SWARM_SWARM_RECORD_H_
