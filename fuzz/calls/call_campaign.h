// The search for root causes in programs of calls.

#ifndef CPGCERT_FUZZ_CALLS_CALL_CAMPAIGN_H_
#define CPGCERT_FUZZ_CALLS_CALL_CAMPAIGN_H_

#include "fuzz/campaign/finding.h"
#include "fuzz/campaign/record_campaign.h"
#include "harness/cpg_api.h"

namespace cpgcert::fuzz {

// All programs are of the conformant tier: the service that they play is an
// honest one that may refuse, or end. With another tier in `options` there is
// nothing to do.
//
// A root cause is a spot (session.h), and the requirement that is broken there.
// Later programs leave out what is known: calls at a spot whose requirement is
// its own, or that crashes; at other spots they end where it shows.
CampaignReport RunCallCampaign(const harness::CpgApi& api,
                               const RecordCampaignOptions& options);

}  // namespace cpgcert::fuzz

#endif  // CPGCERT_FUZZ_CALLS_CALL_CAMPAIGN_H_
