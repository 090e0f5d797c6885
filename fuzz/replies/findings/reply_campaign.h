// The search for root causes of what a library makes of replies
// (fuzz/campaign/record_campaign.h).
//
// A root cause is a relation that is not checked (reply_relation.h), or an
// answer of a correct service that is not borne, in all the calls where that is
// so: "any reply: size is not that of the frame". What goes wrong although all
// answers are honest is one root cause for each call and damage.

#ifndef CPGCERT_FUZZ_REPLIES_FINDINGS_REPLY_CAMPAIGN_H_
#define CPGCERT_FUZZ_REPLIES_FINDINGS_REPLY_CAMPAIGN_H_

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "fuzz/campaign/finding.h"
#include "fuzz/support/trust.h"
#include "harness/cpg_api.h"

namespace cpgcert::fuzz {

struct ReplyCampaignOptions {
  std::chrono::milliseconds duration{60'000};
  uint64_t inputs_max = UINT64_MAX;  // at random
  uint64_t seed = 1;
  std::optional<Trust> tier{};  // none: all
  int tries = 10;               // of each minimised input
  std::function<void(const std::string& line)> log{};
};

// The minimised input of a finding, its tier and damages are the same whatever
// the seed is.
// REQUIRES: the library binds to the in-process transport.
CampaignReport RunReplyCampaign(const harness::CpgApi& api,
                                const ReplyCampaignOptions& options);

}  // namespace cpgcert::fuzz

#endif  // CPGCERT_FUZZ_REPLIES_FINDINGS_REPLY_CAMPAIGN_H_
