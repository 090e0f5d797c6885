// What a history says before it is judged: who sent what, and who is who.

#ifndef CPGCERT_CONFORMANCE_HISTORY_FACTS_H_
#define CPGCERT_CONFORMANCE_HISTORY_FACTS_H_

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "conformance/history/history.h"

namespace cpgcert::conformance::history {

// A broken promise.
struct Contradiction {
  size_t at = 0;  // the number of events of the member before it
  std::string requirement;
  std::string owed;
  std::string came;
};

// A message that a member multicast, in one call or in several.
struct Send {
  std::string name;
  int id = 0;       // 0, 1, ... of all sends
  int session = 0;  // whose
  int number = 0;   // 0, 1, ... of the session's
  size_t size = 0;
  bool accepted = false;  // a call answered CS_OK
  bool returned = true;   // false: the last call did not
};

// The history must outlive it.
class Facts {
 public:
  explicit Facts(const History& history);

  const History& history() const { return history_; }
  const Session& session(int index) const {
    return history_.sessions.at(index);
  }
  int session_count() const {
    return static_cast<int>(history_.sessions.size());
  }

  // Messages and changes that callbacks of the session were given, up to the
  // change of its own departure.
  const std::vector<const Event*>& Given(int session) const {
    return given_.at(session);
  }
  const std::vector<Send>& sends() const { return sends_; }
  // The sends of a session, as indices, in the order of the calls.
  const std::vector<int>& SendsOf(int session) const {
    return sends_of_.at(session);
  }
  // The message of that name; null if nobody sent it.
  const Send* FindSend(std::string_view name) const;
  // The sessions of a process whose join may have been announced, in order.
  const std::vector<int>& SessionsOf(const Address& address) const;
  bool IsKnown(const Address& address) const {
    return !SessionsOf(address).empty();
  }

  // "m3", or "process 4711 of node 1" for a stranger.
  std::string Name(const Address& address) const;
  // "message s1-4", "the change that m3 joined", "... that m3 left (LEAVE)".
  std::string Describe(const Event& event) const;

  // A name that two messages have: such a history cannot be judged.
  const std::string& ambiguous() const { return ambiguous_; }

 private:
  void AddSends(int session);
  void AddGiven(int session);

  const History& history_;
  std::vector<std::vector<const Event*>> given_;
  std::vector<Send> sends_;
  std::vector<std::vector<int>> sends_of_;
  std::unordered_map<std::string_view, int> by_name_;
  std::map<Address, std::vector<int>> sessions_of_;
  std::string ambiguous_;
};

// The call of that kind that the session made, if it made one.
const Event* FindCall(const Session& session, Event::Kind kind);

// True if `list` has an entry of that address.
bool Contains(const std::vector<Entry>& list, const Address& address);

// What one member was given is no sense by itself: lists that do not add up, a
// message that was altered or doubled, a sender that is no member.
std::optional<Contradiction> CheckSession(const Facts& facts, int session);

// What a member was given is not what the witness was given in its place.
// Counts in `*excused` what the history excuses. REQUIRES: session > 0.
std::optional<Contradiction> CheckAgainstWitness(const Facts& facts,
                                                 int session, size_t* excused);

// What was given to all is not what members sent and did. REQUIRES: the two
// checks above found nothing.
std::optional<Contradiction> CheckFates(const Facts& facts);

}  // namespace cpgcert::conformance::history

#endif  // CPGCERT_CONFORMANCE_HISTORY_FACTS_H_
