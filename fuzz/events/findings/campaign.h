// A search for root causes: inputs are made and run; what a library gets wrong
// is minimised, classified and shadowed, and the search goes on behind it.

#ifndef CPGCERT_FUZZ_EVENTS_FINDINGS_CAMPAIGN_H_
#define CPGCERT_FUZZ_EVENTS_FINDINGS_CAMPAIGN_H_

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "fuzz/campaign/finding.h"
#include "fuzz/support/trust.h"
#include "harness/cpg_api.h"

namespace cpgcert::fuzz {

struct EventCampaignOptions {
  // What is systematic is run in any case, and as much at random beside it.
  std::chrono::milliseconds duration{60'000};
  uint64_t inputs_max = UINT64_MAX;  // at random
  uint64_t seed = 1;
  // Only inputs of exactly this tier are run; nothing: of all.
  std::optional<Trust> tier{};
  int tries = 10;  // of each minimised input
  std::function<void(const std::string& line)> log{};
};

// Of event_decoder. The library must bind to the in-process transport.
//
// The seed decides about the order of what is systematic, about all that is
// made at random, and so about which input leads to a cause first. It does not
// decide about the keys and tiers of the causes.
CampaignReport RunEventCampaign(const harness::CpgApi& api,
                                const EventCampaignOptions& options);

}  // namespace cpgcert::fuzz

#endif  // CPGCERT_FUZZ_EVENTS_FINDINGS_CAMPAIGN_H_
