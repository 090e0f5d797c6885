#include "harness/member_census.h"

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "harness/inside_worker.h"
#include "harness/peer.h"

namespace cpgcert::harness {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kNow{0};
constexpr char kStillMembers[] =
    "processes that have ended are still members of groups";
constexpr char kNoAnswer[] = "the service does not answer";

std::unique_ptr<Peer> StartPeer() {
  std::string error;
  std::unique_ptr<Peer> peer = Peer::Start("libcpg.so.4", &error);
  EXPECT_EQ(error, "");
  return peer;
}

TEST(MemberCensusTest, ANewServiceHasNoMembers) {
  InsideWithService([](Corosync*) {
    MemberCensus census;
    for (int i = 0; i < 100; ++i) {
      ASSERT_EQ(census.WaitNobody(kNow), "");
    }
  });
}

TEST(MemberCensusTest, AMemberOfAnyGroupIsSeenUntilItLeaves) {
  InsideWithService([](Corosync*) {
    const std::unique_ptr<Peer> peer = StartPeer();
    MemberCensus census;
    for (const std::string& group : {std::string("a"), std::string(128, 'z')}) {
      ASSERT_EQ(peer->Join(group), "");
      EXPECT_EQ(census.WaitNobody(kNow), kStillMembers);
      EXPECT_EQ(census.WaitNobody(milliseconds(20)), kStillMembers);
      ASSERT_EQ(peer->Leave(group), "");
      EXPECT_EQ(census.WaitNobody(kFarAway), "");
    }
  });
}

TEST(MemberCensusTest, AMemberThatDiedIsWaitedFor) {
  InsideWithService([](Corosync*) {
    MemberCensus census;
    for (int i = 0; i < 20; ++i) {
      std::vector<std::unique_ptr<Peer>> peers;
      for (int j = 0; j < 3; ++j) {
        peers.push_back(StartPeer());
        ASSERT_EQ(peers.back()->Join("group"), "");
      }
      peers.clear();  // killed
      ASSERT_EQ(census.WaitNobody(kFarAway), "");
      ASSERT_EQ(census.WaitNobody(kNow), "");
    }
  });
}

TEST(MemberCensusTest, WithoutAServiceThereIsNoAnswer) {
  InsideWorker([] {
    MemberCensus census;
    EXPECT_EQ(census.WaitNobody(kFarAway), kNoAnswer);
    census.Disconnect();
    census.Disconnect();
    EXPECT_EQ(census.WaitNobody(kFarAway), kNoAnswer);
  });
}

TEST(MemberCensusTest, AServiceThatStartedAgainIsAskedAgain) {
  InsideWithService([](Corosync* service) {
    MemberCensus census;
    ASSERT_EQ(census.WaitNobody(kNow), "");
    service->Kill();
    EXPECT_EQ(census.WaitNobody(kFarAway), kNoAnswer);
    ASSERT_EQ(service->Restart(std::chrono::steady_clock::now() + kFarAway),
              "");
    EXPECT_EQ(census.WaitNobody(kNow), "");
  });
}

TEST(MemberCensusTest, AServiceThatIsStoppedDoesNotAnswer) {
  InsideWithService([](Corosync* service) {
    MemberCensus census;
    ASSERT_EQ(census.WaitNobody(kNow), "");
    ASSERT_EQ(service->Stop(), "");
    EXPECT_EQ(census.WaitNobody(kFarAway), kNoAnswer);
    ASSERT_EQ(service->Resume(), "");
    EXPECT_EQ(census.WaitNobody(kNow), "");
  });
}

}  // namespace
}  // namespace cpgcert::harness
