// What a campaign has found: the same for every target, and all that reports
// and certificates are made from.

#ifndef CPGCERT_FUZZ_CAMPAIGN_FINDING_H_
#define CPGCERT_FUZZ_CAMPAIGN_FINDING_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "fuzz/support/trust.h"

namespace cpgcert::fuzz {

// The damage of what is wrong in no other way.
inline constexpr const char* kLeakDamage = "memory that is never freed";

// One root cause.
struct Finding {
  // "deliver: message_size > bytes that follow". Two inputs with the same root
  // cause have the same.
  std::string key{};
  // For files: "deliver-message-size-beyond".
  std::string name{};
  Trust tier = Trust::kConformant;  // of the input
  std::string field{};              // the guilty one, or the guilty call
  std::string relation{};           // that is not checked, or what went wrong
  std::vector<std::string> damages{};  // seen, the worst last
  std::string owed{};
  std::string came{};
  std::string where{};      // of a crash or hang: "cpg_dispatch+0x3f1"
  std::string annotated{};  // the minimised input with its fields, some lines
  std::string input{};      // its bytes, for the target
  std::string program{};    // C++ that shows it without the suite; may be empty
  int reproductions = 0;
  int tries = 0;
};

struct CampaignReport {
  std::string target{};  // "event_decoder"
  std::string library{};
  // Inputs of this tier were made; nothing: of all three.
  std::optional<Trust> tier{};
  uint64_t seed = 1;
  uint64_t inputs = 0;  // that were run
  uint64_t hidden = 0;  // that were not, for what they break is known
  double seconds = 0;
  // By the name of the damage: went wrong after others and not alone.
  std::map<std::string, uint64_t> not_reproduced{};
  std::vector<Finding> findings{};  // by their keys
  // How the library was reached: "in process", "a libqb server".
  std::string transport = "in process";
};

}  // namespace cpgcert::fuzz

#endif  // CPGCERT_FUZZ_CAMPAIGN_FINDING_H_
