#include "harness/scripted_service/script_state.h"

#include <cerrno>

namespace cpgcert::harness {

ScriptState::ScriptState(const Script& script)
    : reactions_(script.reactions.begin(), script.reactions.end()),
      admission_(script.admission) {}

void ScriptState::AddReaction(const Reaction& reaction) {
  reactions_.push_front(reaction);
}

void ScriptState::ForgetReactions() { reactions_.clear(); }

Reaction ScriptState::TakeReaction(wire::RequestId request) {
  for (Reaction& reaction : reactions_) {
    if (reaction.request != request || reaction.times == 0) {
      continue;
    }
    if (reaction.skip > 0) {
      --reaction.skip;
      continue;
    }
    reaction.times -= reaction.times > 0 ? 1 : 0;
    return reaction;
  }
  return {.request = request};
}

int ScriptState::TakeAdmission(uid_t user) {
  if (admission_.only_user.has_value() && *admission_.only_user != user) {
    return -EACCES;
  }
  if (admission_.refuse_errno == 0 || admission_.times == 0) {
    return 0;
  }
  admission_.times -= admission_.times > 0 ? 1 : 0;
  return -admission_.refuse_errno;
}

}  // namespace cpgcert::harness
