#include "conformance/history/checker.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "conformance/history/facts.h"

namespace cpgcert::conformance::history {

namespace {

// Of two contradictions, the one with less before it; of equals, the first.
void KeepSmaller(std::optional<Contradiction> candidate,
                 std::optional<Contradiction>* smallest) {
  if (candidate.has_value() &&
      (!smallest->has_value() || candidate->at < (*smallest)->at)) {
    *smallest = std::move(candidate);
  }
}

std::optional<Contradiction> FindContradiction(const Facts& facts,
                                               size_t* excused) {
  std::optional<Contradiction> smallest;
  for (int i = 0; i < facts.session_count(); ++i) {
    KeepSmaller(CheckSession(facts, i), &smallest);
  }
  for (int i = 1; i < facts.session_count(); ++i) {
    KeepSmaller(CheckAgainstWitness(facts, i, excused), &smallest);
  }
  return smallest.has_value() ? smallest : CheckFates(facts);
}

CheckResult Inconclusive(const std::string& reason) {
  CheckResult result;
  result.outcome = CheckResult::Outcome::kInconclusive;
  result.reason = reason;
  return result;
}

}  // namespace

CheckResult Check(const History& history) {
  if (history.sessions.empty()) {
    return Inconclusive("nobody was there");
  }
  for (const Session& session : history.sessions) {
    if (session.overflowed) {
      return Inconclusive("the record of " + session.name + " is not whole");
    }
  }
  const Facts facts(history);
  if (!facts.ambiguous().empty()) {
    return Inconclusive("two messages have the name " + facts.ambiguous());
  }
  CheckResult result;
  if (auto found = FindContradiction(facts, &result.excused)) {
    result.outcome = CheckResult::Outcome::kFail;
    result.requirement = std::move(found->requirement);
    result.owed = std::move(found->owed);
    result.came = std::move(found->came);
    return result;
  }
  for (const Session& session : history.sessions) {
    if (session.end == Session::End::kCut) {
      return Inconclusive(session.name + ": " + session.cut);
    }
  }
  if (history.sessions.front().end != Session::End::kStayed) {
    return Inconclusive(history.sessions.front().name +
                        ", the witness, did not stay");
  }
  for (const Event* event : facts.Given(0)) {
    ++(event->kind == Event::Kind::kMessage ? result.messages : result.changes);
  }
  return result;
}

}  // namespace cpgcert::conformance::history
