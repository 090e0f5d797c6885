// What the members of one group called and were given, as plain values.

#ifndef CPGCERT_CONFORMANCE_HISTORY_HISTORY_H_
#define CPGCERT_CONFORMANCE_HISTORY_HISTORY_H_

#include <corosync/cpg.h>

#include <compare>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace cpgcert::conformance::history {

// A member as the service names it.
struct Address {
  uint32_t node = 0;
  uint32_t process = 0;
  friend auto operator<=>(const Address&, const Address&) = default;
};

// An entry of a list of a configuration change.
struct Entry {
  Address address;
  uint32_t reason = 0;
  friend auto operator<=>(const Entry&, const Entry&) = default;
};

struct Event {
  enum class Kind {
    kJoin,      // calls of this member
    kLeave,     //
    kFinalize,  //
    kMulticast,
    kMessage,  // what a callback was given
    kChange,   //
  };
  Kind kind = Kind::kMessage;
  // Of a call.
  bool returned = true;  // false: it was under way when the member ended
  cs_error_t result = CS_OK;
  // A message: its name, which is unique in the history, or what else was
  // given instead of one.
  std::string message{};
  size_t size = 0;   // kMulticast: in bytes
  Address sender{};  // kMessage
  // kMessage and kChange: the group that the callback was told.
  std::string group{};
  // kChange
  std::vector<Entry> members{};
  std::vector<Entry> left{};
  std::vector<Entry> joined{};
};

// One membership: of a process on one connection.
struct Session {
  enum class End {
    // Recorded until it was given a message that is ordered after all messages
    // and departures that the history is about.
    kStayed,
    // The membership ended before: by a leave, by a finalize, or because the
    // process ended.
    kEnded,
    // The record does not say how it went on.
    kCut,
  };
  std::string name;  // "m3"
  Address self;
  End end = End::kStayed;
  std::string cut{};            // kCut: why
  bool overflowed = false;      // events are missing anywhere
  std::vector<Event> events{};  // in the order of the member itself
};

// The first session is the witness: it joins before all others do. Sessions of
// one process come in the order of their joins.
struct History {
  std::string group;
  std::vector<Session> sessions{};
  // Nothing is said of a message in fragments that a member is not given
  // because it joined while the message was sent: the first from its sender.
  bool excuses_joins_amid_fragments = false;
};

// A message of more bytes than this is sent in fragments: corosync's
// cpg_max_atomic_msgsize_get(3).
inline constexpr size_t kAtomicSizeMax = 1047552;

}  // namespace cpgcert::conformance::history

#endif  // CPGCERT_CONFORMANCE_HISTORY_HISTORY_H_
