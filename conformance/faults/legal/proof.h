// The proofs that variants differ; see legal_proofs.h.

#ifndef CPGCERT_CONFORMANCE_FAULTS_LEGAL_PROOF_H_
#define CPGCERT_CONFORMANCE_FAULTS_LEGAL_PROOF_H_

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "conformance/case.h"

namespace cpgcert::faults {

struct Proof {
  std::string_view variant;
  std::string_view requirement;  // one that the difference is about
  // "" if the library differs as the variant does, or what came instead.
  std::function<std::string(conformance::CaseContext&)> difference;
};

// Of other answers: answer_proofs.cc.
std::vector<Proof> AnswerProofs();
// Of everything else: behaviour_proofs.cc.
std::vector<Proof> BehaviourProofs();

// "one_takes_all" as "OneTakesAll".
std::string CamelCase(std::string_view name);

}  // namespace cpgcert::faults

#endif  // CPGCERT_CONFORMANCE_FAULTS_LEGAL_PROOF_H_
