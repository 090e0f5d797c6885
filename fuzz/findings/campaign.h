// A search for root causes: inputs are made and run; what a library gets wrong
// is minimised, classified and shadowed, and the search goes on behind it.

#ifndef CPGCERT_FUZZ_FINDINGS_CAMPAIGN_H_
#define CPGCERT_FUZZ_FINDINGS_CAMPAIGN_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "fuzz/findings/root_cause.h"
#include "fuzz/findings/shadow.h"
#include "fuzz/mutation/tier.h"
#include "harness/cpg_api.h"

namespace cpgcert::fuzz {

struct CampaignOptions {
  std::chrono::seconds duration{60};  // of the part at random
  // Of the inputs at random, if it is reached earlier.
  uint64_t inputs_max = UINT64_MAX;
  uint64_t seed = 1;
  Tier tier = Tier::kHostile;  // the worst that is sent
  int tries = 10;              // of each minimised input
  std::function<void(const std::string& line)> log{};
};

struct CampaignResult {
  // By their keys.
  std::vector<RootCause> causes{};
  std::vector<Shadow> shadows{};
  uint64_t inputs = 0;  // that were run
  uint64_t hidden = 0;  // that were not, for what they break is known
  // That went wrong after others and not alone: a library that spoils memory.
  std::map<Damage, uint64_t> not_reproduced{};
  uint64_t runs_alone = 0;  // to minimise and to classify
  double seconds = 0;
};

// First everything that is systematic, then at random until the time is up.
// The causes found in so many inputs are the same for the same seed.
CampaignResult RunCampaign(const harness::CpgApi& api,
                           const CampaignOptions& options);

}  // namespace cpgcert::fuzz

#endif  // CPGCERT_FUZZ_FINDINGS_CAMPAIGN_H_
