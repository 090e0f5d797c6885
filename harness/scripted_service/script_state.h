// How far a script has been played: which reaction is next, who is admitted.

#ifndef CPGCERT_HARNESS_SCRIPTED_SERVICE_SCRIPT_STATE_H_
#define CPGCERT_HARNESS_SCRIPTED_SERVICE_SCRIPT_STATE_H_

#include <sys/types.h>

#include <deque>

#include "harness/scripted_service/scripted_service.h"

namespace cpgcert::harness {

class ScriptState {
 public:
  explicit ScriptState(const Script& script);

  // Goes before all that there are.
  void AddReaction(const Reaction& reaction);
  void ForgetReactions();
  // What is to be done with a request that has arrived; uses it up.
  Reaction TakeReaction(wire::RequestId request);

  void SetAdmission(const Admission& admission) { admission_ = admission; }
  // 0 or a negative errno for a client that wants to connect; uses it up.
  int TakeAdmission(uid_t user);

 private:
  std::deque<Reaction> reactions_;
  Admission admission_;
};

}  // namespace cpgcert::harness

#endif  // CPGCERT_HARNESS_SCRIPTED_SERVICE_SCRIPT_STATE_H_
