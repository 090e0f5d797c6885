// The root causes of what a libcpg gets wrong in programs of calls: see
// fuzz/campaign/campaign_main.h.

#include "fuzz/calls/call_campaign.h"
#include "fuzz/campaign/campaign_main.h"
#include "fuzz/campaign/finding.h"

int main(int argc, char** argv) {
  using namespace cpgcert::fuzz;  // NOLINT(google-build-using-namespace)
  return CampaignMain(
      argc, argv, "Root causes of what a libcpg gets wrong in its calls.",
      [](const CampaignRequest& request) {
        return RunCallCampaign(*request.api, {.duration = request.duration,
                                              .seed = request.seed,
                                              .tier = request.tier,
                                              .log = request.log});
      });
}
