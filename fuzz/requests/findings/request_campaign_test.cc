#include "fuzz/requests/findings/request_campaign.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "fuzz/requests/request_input.h"
#include "harness/wire/wire.h"

namespace cpgcert::fuzz {
namespace {

namespace wire = harness::wire;

std::string Input(const RequestRecords& records) {
  return BuildRequestInput(records);
}

RequestRecord Send(const wire::Request& request) {
  return {.bytes = wire::Build(request)};
}

const RequestRecord kJoin =
    Send(wire::JoinRequest{.group = "group", .process = ProcessOf(0)});

RequestRecord LongMulticast() {
  RequestRecord record = Send(wire::MulticastRequest{.message = "text"});
  wire::SetField(wire::Kind::kRequest, &record.bytes, "message_size", 5);
  return record;
}

// Dies of what it is told to, and of nothing else.
class Fragile : public RequestTarget {
 public:
  explicit Fragile(std::string key) : key_(std::move(key)) {}
  PlayedInput Play(std::string_view input) override {
    PlayedInput played;
    const Cause cause = CauseInRequests(std::string(input), {});
    if (cause.key == key_) played.damage = {.damage = "the service dies"};
    return played;
  }
  std::string Name() const override { return "fragile"; }

 private:
  const std::string key_;
};

TEST(RequestCampaignTest, NamesTheUncheckedRelation) {
  EXPECT_EQ(CauseInRequests(Input({kJoin, LongMulticast()}), {}).key,
            "multicast request: message_size > bytes that follow");
  RequestRecord cut = kJoin;
  cut.bytes.resize(wire::kRequestHeaderSize);
  EXPECT_EQ(CauseInRequests(Input({cut}), {}).relation,
            "size is not that of the frame");
}

TEST(RequestCampaignTest, NamesTheDamageOfConformantRequests) {
  EXPECT_EQ(CauseInRequests(Input({kJoin}), {.damage = "it spins"}).key,
            "join request: it spins");
}

TEST(RequestCampaignTest, SimplerInputsAreSimpler) {
  const std::string input = Input({kJoin, LongMulticast(), kJoin});
  const std::vector<std::string> simpler = SimplerRequests(input);
  EXPECT_FALSE(simpler.empty());
  for (const std::string& one : simpler) {
    EXPECT_NE(one, input);
    EXPECT_LE(one.size(), input.size());
  }
}

TEST(RequestCampaignTest, FindsWhatThereIsOnceWithAnySeed) {
  const std::string key = "multicast request: message_size > bytes that follow";
  Fragile target(key);
  for (const uint64_t seed : {1, 2, 3}) {
    RecordCampaignOptions options{.inputs_max = 500, .seed = seed};
    const CampaignReport report = SearchInRequests(&target, options);
    ASSERT_EQ(report.findings.size(), 1U) << seed;
    EXPECT_EQ(report.findings[0].key, key);
    EXPECT_EQ(report.findings[0].tier, Trust::kHostile);
    EXPECT_EQ(report.findings[0].reproductions, report.findings[0].tries);
  }
}

TEST(RequestCampaignTest, FindsNothingInConformantInputsOfTheScriptedService) {
  std::string error;
  const auto target = MakeRequestTarget("scripted", 0, &error);
  ASSERT_NE(target, nullptr) << error;
  RecordCampaignOptions options{.inputs_max = 2000, .tier = Trust::kConformant};
  const CampaignReport report = SearchInRequests(target.get(), options);
  for (const Finding& finding : report.findings) {
    ADD_FAILURE() << finding.key << "\n" << finding.annotated << finding.came;
  }
  EXPECT_GT(report.inputs, 2000U);
}

}  // namespace
}  // namespace cpgcert::fuzz
