// The root causes of what a libcpg gets wrong in the replies to its requests:
// see fuzz/campaign/campaign_main.h.

#include "fuzz/campaign/campaign_main.h"
#include "fuzz/campaign/finding.h"
#include "fuzz/replies/findings/reply_campaign.h"

int main(int argc, char** argv) {
  using namespace cpgcert::fuzz;  // NOLINT(google-build-using-namespace)
  return CampaignMain(
      argc, argv, "Root causes of what a libcpg gets wrong in its replies.",
      [](const CampaignRequest& request) {
        return RunReplyCampaign(*request.api, {.duration = request.duration,
                                               .seed = request.seed,
                                               .tier = request.tier,
                                               .log = request.log});
      });
}
