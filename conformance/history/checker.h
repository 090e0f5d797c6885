// Judges a history: were all members given the same, in one order, and only
// what was sent?
//
// Nothing is demanded that the pages or the requirement table do not promise:
// what a member had sent when its process ended may be lost, from any point on;
// what comes after the own leave is not looked at; what a member that ended was
// not given yet is not missed.

#ifndef CPGCERT_CONFORMANCE_HISTORY_CHECKER_H_
#define CPGCERT_CONFORMANCE_HISTORY_CHECKER_H_

#include <cstddef>
#include <string>

#include "conformance/history/history.h"

namespace cpgcert::conformance::history {

struct CheckResult {
  enum class Outcome { kPass, kFail, kInconclusive };
  Outcome outcome = Outcome::kPass;
  // kFail: the promise that was broken, what it owed, and the contradiction:
  // of several, the one after the least number of events.
  std::string requirement{};
  std::string owed{};
  std::string came{};
  // kInconclusive: why.
  std::string reason{};
  // What was given to all members together.
  size_t messages = 0;
  size_t changes = 0;
  // See History::excuses_joins_amid_fragments.
  size_t excused = 0;
};

CheckResult Check(const History& history);

}  // namespace cpgcert::conformance::history

#endif  // CPGCERT_CONFORMANCE_HISTORY_CHECKER_H_
