// The root causes of what a libcpg gets wrong in the events that it is sent:
// see fuzz/campaign/campaign_main.h.

#include "fuzz/campaign/campaign_main.h"
#include "fuzz/events/findings/campaign.h"

int main(int argc, char** argv) {
  using namespace cpgcert::fuzz;  // NOLINT(google-build-using-namespace)
  return CampaignMain(
      argc, argv, "Root causes of what a libcpg gets wrong in its events.",
      [](const CampaignRequest& request) {
        return RunEventCampaign(*request.api, {.duration = request.duration,
                                               .seed = request.seed,
                                               .tier = request.tier,
                                               .log = request.log});
      });
}
