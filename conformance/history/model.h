// A group as it should be, for tests: what its members are given follows from
// one list of what happens.

#ifndef CPGCERT_CONFORMANCE_HISTORY_MODEL_H_
#define CPGCERT_CONFORMANCE_HISTORY_MODEL_H_

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "conformance/history/checker.h"
#include "conformance/history/history.h"

namespace cpgcert::conformance::history {

// Members are called by their names. A process is named by the part of the
// name before the first '.': "m1.2" is another session of m1's process. The
// first to join is the witness.
class Model {
 public:
  void Join(const std::string& name);
  // Accepted and given to all members.
  void Send(const std::string& name, const std::string& message,
            size_t size = 10);
  // A call of that result, of which nothing comes; see Give.
  void Call(const std::string& name, const std::string& message,
            cs_error_t result, size_t size = 10);
  // A call that has not returned when its process dies.
  void CallWithoutReturn(const std::string& name, const std::string& message,
                         size_t size = 10);
  // All members are given the message.
  void Give(const std::string& name, const std::string& message);

  void Leave(const std::string& name);
  void Finalize(const std::string& name);
  void Kill(const std::string& name);
  // From now on the member is given nothing more, though it is a member: its
  // process ended, and the others do not know it yet.
  void StopRecording(const std::string& name);

  // The witness sends "end", and whoever is a member has stayed.
  void End();

  const std::vector<std::string>& members() const { return members_; }
  const History& history() const { return history_; }
  Session& session(std::string_view name);

 private:
  void Depart(const std::string& name, uint32_t reason);
  void GiveAll(const Event& event);
  Event Change() const;

  History history_{.group = "group"};
  std::vector<std::string> members_;  // in the order of joining
  std::vector<std::string> silent_;
};

Address AddressOf(std::string_view name);

// Members m0, the witness, to m3.
Model Four();

// "pass"; "inconclusive: why"; "ORD-01: owed ...; came: ...".
std::string Text(const CheckResult& result);
std::string Judge(const Model& model);

// For tests that break a history. An event that somebody was given:
using EventTest = std::function<bool(const Event&)>;
EventTest Message(const std::string& message);
EventTest Joined(const std::string& name);  // nobody but this one
EventTest Left(const std::string& name);

// REQUIRES: the member was given it.
Event& Given(Model* model, std::string_view name, const EventTest& wanted);
// It and what the member was given next, exchanged.
void SwapWithNext(Model* model, std::string_view name, const EventTest& wanted);
void Remove(Model* model, std::string_view name, const EventTest& wanted);
// At all members that were given it.
void RemoveAtAll(Model* model, const EventTest& wanted);
void AtAll(Model* model, const EventTest& wanted,
           const std::function<void(Event& event)>& damage);

std::vector<Entry> EntriesOf(const std::vector<std::string>& names,
                             uint32_t reason);

}  // namespace cpgcert::conformance::history

#endif  // CPGCERT_CONFORMANCE_HISTORY_MODEL_H_
