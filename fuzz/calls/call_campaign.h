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
// A root cause is a call and the requirement that it breaks; or, where a state
// has its own requirement, or the library crashes, a spot (session.h). Later
// programs leave out the calls at these spots, and end where another root cause
// shows that is known.
CampaignReport RunCallCampaign(const harness::CpgApi& api,
                               const RecordCampaignOptions& options);

}  // namespace cpgcert::fuzz

#endif  // CPGCERT_FUZZ_CALLS_CALL_CAMPAIGN_H_
