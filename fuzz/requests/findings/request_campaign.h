// The search for root causes in what a service makes of requests.

#ifndef CPGCERT_FUZZ_REQUESTS_FINDINGS_REQUEST_CAMPAIGN_H_
#define CPGCERT_FUZZ_REQUESTS_FINDINGS_REQUEST_CAMPAIGN_H_

#include <string>
#include <vector>

#include "fuzz/campaign/finding.h"
#include "fuzz/campaign/record_campaign.h"
#include "fuzz/requests/request_target.h"

namespace cpgcert::fuzz {

// The seeds, and each of them changed in one place: then at random. A root
// cause is a relation that the service does not check, or where the requests
// are conformant the damage that the last of them does.
CampaignReport SearchInRequests(RequestTarget* target,
                                const RecordCampaignOptions& options);

// Inputs that are a little simpler, those that save most first.
std::vector<std::string> SimplerRequests(const std::string& input);

// The key of what a minimised input shows.
Cause CauseInRequests(const std::string& input, const Wrong& wrong);

}  // namespace cpgcert::fuzz

#endif  // CPGCERT_FUZZ_REQUESTS_FINDINGS_REQUEST_CAMPAIGN_H_
