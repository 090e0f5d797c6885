#include "harness/peer.h"

#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "harness/client.h"
#include "harness/inside_worker.h"
#include "harness/member_census.h"

namespace cpgcert::harness {
namespace {

using Kind = CallbackRecord::Kind;

std::unique_ptr<Peer> StartPeer() {
  std::string error;
  std::unique_ptr<Peer> peer = Peer::Start("libcpg.so.4", &error);
  EXPECT_EQ(error, "");
  return peer;
}

// Gives `body` a client of this process that has joined "group", beside a peer
// that has not. The library is loaded after the peer was started.
void BesideAClient(
    const std::function<void(Client* client, Peer* peer)>& body) {
  InsideWithService([&](Corosync*) {
    const std::unique_ptr<Peer> peer = StartPeer();
    std::string error;
    const std::unique_ptr<CpgApi> api = LoadCpgApi("libcpg.so.4", &error);
    ASSERT_NE(api, nullptr) << error;
    Client client(*api, {});
    ASSERT_EQ(client.Initialize(), CS_OK);
    ASSERT_EQ(client.Join("group"), CS_OK);
    while (client.RecordCount() == 0) {  // its own joining
      client.WaitReadable(kFarAway);
      client.Dispatch(CS_DISPATCH_ALL);
    }
    body(&client, peer.get());
  });
}

// What the client is given now, without any waiting.
std::vector<CallbackRecord> News(Client* client) {
  const size_t before = client->RecordCount();
  client->Dispatch(CS_DISPATCH_ALL);
  const std::vector<CallbackRecord> records = client->Records();
  return {records.begin() + static_cast<ptrdiff_t>(before), records.end()};
}

// What it is given next.
std::vector<CallbackRecord> AwaitNews(Client* client) {
  std::vector<CallbackRecord> news;
  while (news.empty()) {
    client->WaitReadable(kFarAway);
    news = News(client);
  }
  return news;
}

TEST(PeerTest, OnceItHasJoinedTheOtherMembersCanSeeIt) {
  BesideAClient([](Client* client, Peer* peer) {
    EXPECT_TRUE(News(client).empty());
    ASSERT_EQ(peer->Join("group"), "");
    const std::vector<CallbackRecord> news = News(client);
    ASSERT_EQ(news.size(), 1U);
    EXPECT_EQ(news[0].kind, Kind::kConfiguration);
    EXPECT_EQ(news[0].members.size(), 2U);
    ASSERT_EQ(news[0].joined.size(), 1U);
    EXPECT_EQ(news[0].joined[0].pid, static_cast<uint32_t>(peer->process()));
  });
}

TEST(PeerTest, OnceItHasMulticastTheOtherMembersCanReadIt) {
  BesideAClient([](Client* client, Peer* peer) {
    ASSERT_EQ(peer->Join("group"), "");
    News(client);
    for (const size_t size : {0, 1, 100, 4096, 200'000}) {
      for (int i = 0; i < 10; ++i) {  // under the same name
        ASSERT_EQ(peer->Multicast("m1", size), "");
        const std::vector<CallbackRecord> news = News(client);
        ASSERT_EQ(news.size(), 1U) << size;
        EXPECT_EQ(news[0].message, "m1");
        EXPECT_EQ(news[0].process, static_cast<uint32_t>(peer->process()));
      }
    }
  });
}

TEST(PeerTest, ItsLeavingAndItsDeathAreSeen) {
  BesideAClient([](Client* client, Peer* peer) {
    ASSERT_EQ(peer->Join("group"), "");
    News(client);
    ASSERT_EQ(peer->Leave("group"), "");
    const std::vector<CallbackRecord> news = AwaitNews(client);
    ASSERT_EQ(news[0].left.size(), 1U);
    EXPECT_EQ(ReasonName(news[0].left[0].reason), "LEAVE");
  });
  BesideAClient([](Client* client, Peer* peer) {
    ASSERT_EQ(peer->Join("group"), "");
    News(client);
    kill(peer->process(), SIGKILL);
    const std::vector<CallbackRecord> news = AwaitNews(client);
    ASSERT_EQ(news[0].left.size(), 1U);
    EXPECT_EQ(ReasonName(news[0].left[0].reason), "PROCDOWN");
  });
}

TEST(PeerTest, ItMayJoinOneGroupAfterTheOther) {
  BesideAClient([](Client* client, Peer* peer) {
    ASSERT_EQ(peer->Join("another group"), "");
    EXPECT_TRUE(News(client).empty());
    // It waits for this configuration change, and is not content with the
    // other.
    ASSERT_EQ(peer->Join("group"), "");
    const std::vector<CallbackRecord> news = News(client);
    ASSERT_EQ(news.size(), 1U);
    EXPECT_EQ(news[0].joined.size(), 1U);
  });
}

TEST(PeerTest, SeveralPeersServeSideBySide) {
  InsideWithService([](Corosync*) {
    std::vector<std::unique_ptr<Peer>> peers;
    for (int i = 0; i < 4; ++i) {
      peers.push_back(StartPeer());
    }
    for (const auto& peer : peers) {
      EXPECT_EQ(peer->Join("group"), "");
    }
    for (const auto& peer : peers) {
      EXPECT_EQ(peer->Multicast("m1", 100), "");
    }
  });
}

TEST(PeerTest, ItEndsWithItsOwner) {
  InsideWithService([](Corosync*) {
    std::unique_ptr<Peer> peer = StartPeer();
    ASSERT_EQ(peer->Join("group"), "");
    const pid_t process = peer->process();
    peer.reset();
    EXPECT_EQ(kill(process, 0), -1);
    EXPECT_EQ(errno, ESRCH);
    MemberCensus census;
    EXPECT_EQ(census.WaitNobody(kFarAway), "");
  });
}

TEST(PeerTest, WhatTheLibraryRefusesIsSaid) {
  InsideWithService([](Corosync*) {
    const std::unique_ptr<Peer> peer = StartPeer();
    ASSERT_EQ(peer->Join("group"), "");
    ASSERT_EQ(peer->Leave("group"), "");
    EXPECT_EQ(peer->Leave("group"),
              "the other process: cpg_leave answered CS_ERR_NOT_EXIST");
  });
}

TEST(PeerTest, AServiceThatIsNotThereIsSaid) {
  InsideWorker([] {
    const std::string error = StartPeer()->Join("group");
    EXPECT_TRUE(error.starts_with("the other process: cpg_initialize answered"))
        << error;
  });
}

TEST(PeerTest, ALibraryThatCannotBeLoadedIsSaid) {
  std::string error;
  const std::unique_ptr<Peer> peer = Peer::Start("/nowhere/lib.so", &error);
  ASSERT_NE(peer, nullptr);
  const std::string answer = peer->Join("group");
  EXPECT_TRUE(answer.starts_with("/nowhere/lib.so: ")) << answer;
  EXPECT_EQ(peer->Leave("group"), answer);
}

TEST(PeerTest, APeerThatHasDiedIsSaidToHaveEnded) {
  const std::unique_ptr<Peer> peer = StartPeer();
  kill(peer->process(), SIGKILL);
  siginfo_t info{};
  ASSERT_EQ(waitid(P_PID, peer->process(), &info, WEXITED | WNOWAIT), 0);
  EXPECT_EQ(peer->Join("group"), "the other process has ended: Broken pipe");
}

}  // namespace
}  // namespace cpgcert::harness
