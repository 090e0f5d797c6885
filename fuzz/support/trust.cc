#include "fuzz/support/trust.h"

namespace cpgcert::fuzz {

const char* NameOf(Trust tier) {
  switch (tier) {
    case Trust::kConformant:
      return "conformant";
    case Trust::kConsistent:
      return "consistent";
    case Trust::kHostile:
      break;
  }
  return "hostile";
}

std::map<std::string, Trust> TrustsByName() {
  std::map<std::string, Trust> trusts;
  for (const Trust tier :
       {Trust::kConformant, Trust::kConsistent, Trust::kHostile}) {
    trusts[NameOf(tier)] = tier;
  }
  return trusts;
}

std::optional<Trust> TrustNamed(std::string_view name) {
  const auto trusts = TrustsByName();
  const auto found = trusts.find(std::string(name));
  if (found == trusts.end()) return std::nullopt;
  return found->second;
}

}  // namespace cpgcert::fuzz
