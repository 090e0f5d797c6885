#include "conformance/faults/legal/legal_proofs.h"

#include <algorithm>
#include <iterator>

#include "conformance/case.h"
#include "conformance/faults/legal/proof.h"

namespace cpgcert::faults {

std::string ProofOf(std::string_view variant) {
  for (const auto& proofs : {AnswerProofs(), BehaviourProofs()}) {
    for (const Proof& proof : proofs) {
      if (proof.variant == variant) {
        return std::string(proof.requirement) + "/LegalVariant/" +
               CamelCase(variant);
      }
    }
  }
  return "";
}

void RegisterProofs() {
  for (const auto& proofs : {AnswerProofs(), BehaviourProofs()}) {
    for (const Proof& proof : proofs) {
      conformance::RegisterCase(
          {ProofOf(proof.variant), {std::string(proof.requirement)}, "api"},
          [proof](conformance::CaseContext& context) {
            context.SkipCensus("it asks for a difference only");
            const std::string came = proof.difference(context);
            if (!came.empty()) {
              context.Fail(proof.requirement, came);
            }
          });
    }
  }
}

std::string CamelCase(std::string_view name) {
  std::string camel;
  bool upper = true;
  for (const char c : name) {
    if (c == '_') {
      upper = true;
    } else {
      camel += upper ? static_cast<char>(c - 'a' + 'A') : c;
      upper = false;
    }
  }
  return camel;
}

}  // namespace cpgcert::faults
