#include "harness/scripted_service/scripted_service.h"

#include <dirent.h>
#include <poll.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <functional>
#include <memory>

#include "gtest/gtest.h"
#include "harness/client.h"
#include "harness/cpg_api.h"
#include "harness/inside_worker.h"
#include "harness/message.h"
#include "harness/thread_watch.h"

namespace cpgcert::harness {
namespace {

using std::chrono::milliseconds;
using wire::RequestId;
using Answer = Reaction::Answer;

// A service that plays `script` and a client that is not connected yet.
void WithScript(
    const Script& script,
    const std::function<void(ScriptedService* service, Client* client)>& body) {
  InsideWorker([&] {
    std::string error;
    const auto service = ScriptedService::Start(script, &error);
    ASSERT_NE(service, nullptr) << error;
    const std::unique_ptr<CpgApi> api = LoadCpgApi("libcpg.so.4", &error);
    ASSERT_NE(api, nullptr) << error;
    Client client(*api, {});
    body(service.get(), &client);
  });
}

// The same, connected and in "group", with its own change dispatched.
void WithMember(
    const Script& script,
    const std::function<void(ScriptedService* service, Client* client)>& body) {
  WithScript(script, [&](ScriptedService* service, Client* client) {
    ASSERT_EQ(client->Initialize(), CS_OK);
    ASSERT_EQ(client->Join("group"), CS_OK);
    ASSERT_EQ(client->Dispatch(CS_DISPATCH_ALL), CS_OK);
    ASSERT_EQ(client->RecordCount(), 1U);
    body(service, client);
  });
}

cs_error_t TryJoin(Client* client) {
  const cpg_name name = MakeGroupName("group");
  return client->api().join(client->handle(), &name);
}

cs_error_t TryLeave(Client* client) {
  const cpg_name name = MakeGroupName("group");
  return client->api().leave(client->handle(), &name);
}

cs_error_t TryMulticast(Client* client, size_t size = 1) {
  std::string message(size, 'm');
  const iovec part{message.data(), message.size()};
  return client->api().mcast_joined(client->handle(), CPG_TYPE_AGREED, &part,
                                    1);
}

cs_error_t TryLocalGet(Client* client) {
  unsigned int node = 0;
  return client->api().local_get(client->handle(), &node);
}

cs_error_t TryMembership(Client* client) {
  cpg_name name = MakeGroupName("group");
  std::vector<cpg_address> members(CPG_MEMBERS_MAX);
  int count = CPG_MEMBERS_MAX;
  return client->api().membership_get(client->handle(), &name, members.data(),
                                      &count);
}

std::vector<RequestId> Ids(const ScriptedService& service) {
  std::vector<RequestId> ids;
  for (const LoggedRequest& request : service.Requests()) {
    ids.push_back(static_cast<RequestId>(*wire::IdOf(request.bytes)));
  }
  return ids;
}

TEST(ScriptedServiceTest, HonestServiceServesEverything) {
  WithMember({.node = 42}, [](ScriptedService* service, Client* client) {
    const CpgApi& api = client->api();
    EXPECT_EQ(client->Records()[0].members.size(), 1U);
    EXPECT_EQ(client->Multicast(MakeMessage("m1")), CS_OK);
    EXPECT_EQ(client->RoundTrip(), CS_OK);
    EXPECT_EQ(client->Dispatch(CS_DISPATCH_ALL), CS_OK);
    ASSERT_EQ(client->RecordCount(), 2U);
    EXPECT_EQ(client->Records()[1].message, "m1");
    EXPECT_EQ(client->Records()[1].node_id, 42U);
    EXPECT_EQ(client->Multicast(MakeMessage("m2", 2'500'000)), CS_OK);
    while (client->RecordCount() < 3) {
      ASSERT_TRUE(client->WaitReadable(kFarAway));
      ASSERT_EQ(client->Dispatch(CS_DISPATCH_ONE), CS_OK);
    }
    EXPECT_EQ(client->Records()[2].message, "m2");
    unsigned int node = 0;
    EXPECT_EQ(api.local_get(client->handle(), &node), CS_OK);
    EXPECT_EQ(node, 42U);
    EXPECT_EQ(TryMembership(client), CS_OK);
    cpg_iteration_handle_t iteration = 0;
    EXPECT_EQ(api.iteration_initialize(client->handle(), CPG_ITERATION_ALL,
                                       nullptr, &iteration),
              CS_OK);
    cpg_iteration_description_t entry{};
    EXPECT_EQ(api.iteration_next(iteration, &entry), CS_OK);
    EXPECT_EQ(entry.nodeid, 42U);
    EXPECT_EQ(entry.pid, static_cast<uint32_t>(getpid()));
    EXPECT_EQ(std::string(entry.group.value, entry.group.length), "group");
    EXPECT_EQ(api.iteration_next(iteration, &entry), CS_ERR_NO_SECTIONS);
    EXPECT_EQ(api.iteration_finalize(iteration), CS_OK);
    EXPECT_EQ(client->Leave("group"), CS_OK);
    EXPECT_EQ(client->Dispatch(CS_DISPATCH_ALL), CS_OK);
    ASSERT_EQ(client->RecordCount(), 4U);
    EXPECT_EQ(client->Records()[3].left.size(), 1U);
    EXPECT_EQ(client->Finalize(), CS_OK);
    EXPECT_EQ(service->ConnectionAttempts(), 1);
    EXPECT_EQ(service->ConnectionsMade(), 1);
    EXPECT_FALSE(service->LogOverflowed());
  });
}

TEST(ScriptedServiceTest, LogHasTheExactRequests) {
  WithMember({}, [](ScriptedService* service, Client* client) {
    EXPECT_EQ(TryMulticast(client, 3), CS_OK);
    EXPECT_EQ(TryLocalGet(client), CS_OK);
    const auto requests = service->Requests();
    ASSERT_EQ(requests.size(), 3U);
    const auto process = static_cast<uint32_t>(getpid());
    EXPECT_EQ(
        *wire::ParseRequest(requests[0].bytes).message,
        wire::Request(wire::JoinRequest{.group = "group", .process = process}));
    EXPECT_EQ(*wire::ParseRequest(requests[1].bytes).message,
              wire::Request(wire::MulticastRequest{.guarantee = CPG_TYPE_AGREED,
                                                   .message = "mmm"}));
    // Not the bytes: the padding may hold anything.
    EXPECT_EQ(requests[2].bytes.size(), wire::kRequestHeaderSize);
    EXPECT_EQ(*wire::ParseRequest(requests[2].bytes).message,
              wire::Request(wire::LocalGetRequest{}));
    EXPECT_EQ(requests[2].connection, 0);
    EXPECT_EQ(requests[2].process, getpid());
  });
}

TEST(ScriptedServiceTest, EveryErrorReachesTheCaller) {
  const struct {
    RequestId request;
    cs_error_t (*call)(Client*);
  } calls[] = {
      {RequestId::kJoin, TryJoin},
      {RequestId::kLeave, TryLeave},
      {RequestId::kLocalGet, TryLocalGet},
      {RequestId::kMembership, TryMembership},
      {RequestId::kPartialMulticast,
       [](Client* client) { return TryMulticast(client, 1'100'000); }},
  };
  WithScript({}, [&](ScriptedService* service, Client* client) {
    ASSERT_EQ(client->Initialize(), CS_OK);
    for (const auto& [request, call] : calls) {
      for (int error = CS_ERR_LIBRARY; error <= CS_ERR_SECURITY; ++error) {
        if (error == CS_ERR_BUSY) {
          continue;  // tried again by the library
        }
        EXPECT_EQ(
            service->React(
                {.request = request, .answer = Answer::kError, .error = error}),
            "");
        EXPECT_EQ(call(client), static_cast<cs_error_t>(error))
            << static_cast<int>(request);
      }
    }
  });
}

TEST(ScriptedServiceTest, ReactionsAreSkippedCountedAndForgotten) {
  Script script;
  script.reactions = {{.request = RequestId::kLocalGet,
                       .answer = Answer::kError,
                       .error = CS_ERR_ACCESS,
                       .skip = 1,
                       .times = 2},
                      {.request = RequestId::kMembership,
                       .answer = Answer::kError,
                       .error = CS_ERR_NO_MEMORY,
                       .times = Reaction::kAlways}};
  WithScript(script, [](ScriptedService* service, Client* client) {
    ASSERT_EQ(client->Initialize(), CS_OK);
    EXPECT_EQ(TryLocalGet(client), CS_OK);
    EXPECT_EQ(TryLocalGet(client), CS_ERR_ACCESS);
    EXPECT_EQ(TryLocalGet(client), CS_ERR_ACCESS);
    EXPECT_EQ(TryLocalGet(client), CS_OK);
    EXPECT_EQ(TryMembership(client), CS_ERR_NO_MEMORY);
    EXPECT_EQ(TryMembership(client), CS_ERR_NO_MEMORY);
    EXPECT_EQ(service->BeHonest(), "");
    EXPECT_EQ(TryMembership(client), CS_OK);
  });
}

TEST(ScriptedServiceTest, LateReplyComesWhenItIsLetGo) {
  Script script;
  script.reactions = {{.request = RequestId::kLocalGet, .hold = true}};
  WithScript(script, [](ScriptedService* service, Client* client) {
    ASSERT_EQ(client->Initialize(), CS_OK);
    cs_error_t result = CS_ERR_LIBRARY;
    WatchedCall call([&] { result = TryLocalGet(client); });
    ASSERT_TRUE(service->WaitRequests(1, kFarAway));
    EXPECT_EQ(call.Settle(kFarAway).kind, CallState::Kind::kAsleep);
    EXPECT_EQ(service->Release(), "");
    EXPECT_TRUE(call.WaitReturned(kFarAway));
    EXPECT_EQ(result, CS_OK);
  });
}

TEST(ScriptedServiceTest, RequestWithoutAReplyEndsWithTheConnection) {
  Script script;
  script.reactions = {
      {.request = RequestId::kLocalGet, .answer = Answer::kNever}};
  WithScript(script, [](ScriptedService* service, Client* client) {
    ASSERT_EQ(client->Initialize(), CS_OK);
    cs_error_t result = CS_OK;
    WatchedCall call([&] { result = TryLocalGet(client); });
    ASSERT_TRUE(service->WaitRequests(1, kFarAway));
    EXPECT_EQ(call.Settle(kFarAway).kind, CallState::Kind::kAsleep);
    EXPECT_EQ(service->Close(), "");
    EXPECT_TRUE(call.WaitReturned(kFarAway));
    EXPECT_EQ(result, CS_ERR_LIBRARY);
    EXPECT_EQ(service->Close(), "no such connection");
  });
}

TEST(ScriptedServiceTest, ClosesTheConnectionOfARequest) {
  Script script;
  script.reactions = {{.request = RequestId::kJoin, .answer = Answer::kClose}};
  WithScript(script, [](ScriptedService* service, Client* client) {
    ASSERT_EQ(client->Initialize(), CS_OK);
    EXPECT_EQ(TryJoin(client), CS_ERR_LIBRARY);
    ASSERT_EQ(client->Initialize(), CS_OK);
    EXPECT_EQ(TryJoin(client), CS_OK);
    EXPECT_EQ(service->ConnectionsMade(), 2);
    EXPECT_EQ(service->Requests()[1].connection, 1);
  });
}

TEST(ScriptedServiceTest, CrashesAtARequestAndItsLogRemains) {
  Script script;
  script.reactions = {
      {.request = RequestId::kLocalGet, .answer = Answer::kCrash}};
  WithScript(script, [](ScriptedService* service, Client* client) {
    ASSERT_EQ(client->Initialize(), CS_OK);
    EXPECT_EQ(TryLocalGet(client), CS_ERR_LIBRARY);
    EXPECT_TRUE(service->WaitEnded(kFarAway));
    EXPECT_EQ(Ids(*service), std::vector<RequestId>{RequestId::kLocalGet});
    EXPECT_NE(service->BeHonest(), "");
  });
}

TEST(ScriptedServiceTest, StopsAtARequestAndResumes) {
  Script script;
  script.reactions = {
      {.request = RequestId::kLocalGet, .answer = Answer::kStop}};
  WithScript(script, [](ScriptedService* service, Client* client) {
    ASSERT_EQ(client->Initialize(), CS_OK);
    cs_error_t result = CS_ERR_LIBRARY;
    WatchedCall call([&] { result = TryLocalGet(client); });
    EXPECT_TRUE(service->WaitStopped(kFarAway));
    EXPECT_EQ(call.Settle(kFarAway).kind, CallState::Kind::kAsleep);
    EXPECT_EQ(service->Resume(), "");
    EXPECT_TRUE(call.WaitReturned(kFarAway));
    EXPECT_EQ(result, CS_OK);
  });
}

TEST(ScriptedServiceTest, RepliesWithAnyBytesCutOrNot) {
  Script script;
  script.reactions = {{.request = RequestId::kLocalGet,
                       .answer = Answer::kBytes,
                       .bytes = wire::Build(wire::LocalGetReply{.node = 7})},
                      {.request = RequestId::kLocalGet,
                       .answer = Answer::kError,
                       .error = CS_ERR_ACCESS,
                       .cut = wire::kReplyHeaderSize}};
  WithScript(script, [](ScriptedService*, Client* client) {
    ASSERT_EQ(client->Initialize(), CS_OK);
    unsigned int node = 0;
    EXPECT_EQ(client->api().local_get(client->handle(), &node), CS_OK);
    EXPECT_EQ(node, 7U);
    EXPECT_EQ(TryLocalGet(client), CS_ERR_ACCESS);
  });
}

TEST(ScriptedServiceTest, EventsComeBeforeTheReplyOrAtAnyTime) {
  const std::string event = wire::Build(wire::DeliverEvent{
      .group = "g", .node = 1, .process = 2, .message = MakeMessage("x")});
  Script script;
  script.reactions = {{.request = RequestId::kLocalGet, .events = {event}}};
  WithScript(script, [&](ScriptedService* service, Client* client) {
    ASSERT_EQ(client->Initialize(), CS_OK);
    EXPECT_EQ(TryLocalGet(client), CS_OK);
    EXPECT_EQ(client->Dispatch(CS_DISPATCH_ALL), CS_OK);
    EXPECT_EQ(client->RecordCount(), 1U);
    EXPECT_EQ(service->Send(event), "");
    EXPECT_EQ(client->Dispatch(CS_DISPATCH_ALL), CS_OK);
    ASSERT_EQ(client->RecordCount(), 2U);
    EXPECT_EQ(client->Records()[1].message, "x");
  });
}

TEST(ScriptedServiceTest, EventsWaitForRoomInTheBuffer) {
  WithMember({}, [](ScriptedService*, Client* client) {
    constexpr int kMessages = 40;
    for (int i = 0; i < kMessages; ++i) {
      ASSERT_EQ(client->Multicast(MakeMessage("big", 100'000)), CS_OK);
    }
    while (client->RecordCount() < 1 + kMessages) {
      ASSERT_TRUE(client->WaitReadable(kFarAway));
      ASSERT_EQ(client->Dispatch(CS_DISPATCH_ONE), CS_OK);
    }
    EXPECT_EQ(client->Records().back().message, "big");
  });
}

TEST(ScriptedServiceTest, FlowControlReachesTheSender) {
  WithMember({}, [](ScriptedService* service, Client* client) {
    EXPECT_EQ(service->SetFlowControl(FlowControl::kMulticastOff), "");
    EXPECT_EQ(TryMulticast(client), CS_ERR_TRY_AGAIN);
    EXPECT_EQ(service->SetFlowControl(FlowControl::kOff), "");
    EXPECT_EQ(TryMulticast(client), CS_OK);
    EXPECT_EQ(service->SetFlowControl(FlowControl::kAllOff), "");
    EXPECT_EQ(TryMulticast(client), CS_ERR_TRY_AGAIN);
    EXPECT_EQ(TryLocalGet(client), CS_ERR_TRY_AGAIN);
    EXPECT_EQ(service->SetFlowControl(FlowControl::kOff), "");
    EXPECT_EQ(TryLocalGet(client), CS_OK);
    EXPECT_EQ(Ids(*service),
              (std::vector<RequestId>{RequestId::kJoin, RequestId::kMulticast,
                                      RequestId::kLocalGet}));
  });
}

TEST(ScriptedServiceTest, FlowControlIsOfTheConnectionsThatThereAre) {
  WithMember({}, [](ScriptedService* service, Client* client) {
    EXPECT_EQ(service->SetFlowControl(FlowControl::kAllOff), "");
    Client later(client->api(), {});
    ASSERT_EQ(later.Initialize(), CS_OK);
    EXPECT_EQ(TryLocalGet(&later), CS_OK);
    EXPECT_EQ(TryLocalGet(client), CS_ERR_TRY_AGAIN);
  });
}

TEST(ScriptedServiceTest, RefusesConnections) {
  const struct {
    int error;
    cs_error_t result;
  } refusals[] = {{EACCES, CS_ERR_ACCESS},
                  {EAGAIN, CS_ERR_TRY_AGAIN},
                  {ENOMEM, CS_ERR_NO_MEMORY},
                  {EMFILE, CS_ERR_LIBRARY}};
  WithScript({}, [&](ScriptedService* service, Client* client) {
    for (const auto& [error, result] : refusals) {
      EXPECT_EQ(service->Admit({.refuse_errno = error, .times = 1}), "");
      cpg_handle_t handle = 0;
      EXPECT_EQ(client->api().initialize(&handle, nullptr), result);
      EXPECT_EQ(client->api().initialize(&handle, nullptr), CS_OK);
      EXPECT_EQ(client->api().finalize(handle), CS_OK);
    }
    EXPECT_EQ(service->Admit({.only_user = 4242}), "");
    EXPECT_EQ(client->Initialize(), CS_ERR_ACCESS);
    EXPECT_EQ(service->ConnectionAttempts(), 9);
    EXPECT_EQ(service->ConnectionsMade(), 4);
  });
}

TEST(ScriptedServiceTest, MayBeginToListenLater) {
  WithScript({.listen = false}, [](ScriptedService* service, Client* client) {
    EXPECT_EQ(client->Initialize(), CS_ERR_LIBRARY);
    EXPECT_EQ(service->Listen(), "");
    EXPECT_EQ(client->Initialize(), CS_OK);
    EXPECT_EQ(service->ConnectionAttempts(), 1);
  });
}

TEST(ScriptedServiceTest, DiesWhenItIsTold) {
  WithMember({}, [](ScriptedService* service, Client* client) {
    const pid_t process = service->process();
    EXPECT_EQ(service->Kill(), "");
    EXPECT_EQ(kill(process, 0), -1);
    EXPECT_EQ(client->Dispatch(CS_DISPATCH_ALL), CS_ERR_LIBRARY);
    EXPECT_EQ(TryMulticast(client), CS_ERR_LIBRARY);
    EXPECT_EQ(service->RequestCount(), 1U);
  });
}

TEST(ScriptedServiceTest, ClosedDescriptorIsAnErrorAndNoHang) {
  WithScript({}, [](ScriptedService* service, Client*) {
    close_range(3, ~0U, 0);
    EXPECT_NE(service->BeHonest(), "");
    EXPECT_NE(service->BeHonest(), "");
  });
}

TEST(ScriptedServiceTest, EndAllEndsIt) {
  WithMember({}, [](ScriptedService* service, Client*) {
    ScriptedService::EndAll();
    EXPECT_EQ(service->process(), 0);
    EXPECT_EQ(waitpid(-1, nullptr, WNOHANG), -1);
    EXPECT_EQ(errno, ECHILD);
  });
}

TEST(ScriptedServiceTest, DiesWithTheProcessThatStartedIt) {
  InsideWorker([] {
    std::array<int, 2> pipes{};
    ASSERT_EQ(pipe(pipes.data()), 0);
    const pid_t child = fork();
    if (child == 0) {
      std::string error;
      const auto service = ScriptedService::Start({}, &error);
      const pid_t process = service == nullptr ? 0 : service->process();
      (void)!write(pipes[1], &process, sizeof(process));
      kill(getpid(), SIGKILL);
    }
    pid_t process = 0;
    ASSERT_EQ(read(pipes[0], &process, sizeof(process)),
              static_cast<ssize_t>(sizeof(process)));
    ASSERT_GT(process, 0);
    waitpid(child, nullptr, 0);
    const int service = static_cast<int>(syscall(SYS_pidfd_open, process, 0));
    if (service < 0) {
      EXPECT_EQ(errno, ESRCH);  // it has ended
      return;
    }
    pollfd end = {service, POLLIN, 0};
    EXPECT_EQ(poll(&end, 1, -1), 1);
    close(service);
  });
}

TEST(ScriptedServiceTest, TwoServicesDoNotMeet) {
  InsideWithService([](Corosync*) {
    std::string error;
    const auto service = ScriptedService::Start({.node = 99}, &error);
    ASSERT_NE(service, nullptr) << error;
    const std::unique_ptr<CpgApi> api = LoadCpgApi("libcpg.so.4", &error);
    ASSERT_NE(api, nullptr) << error;
    Client client(*api, {});
    ASSERT_EQ(client.Initialize(), CS_OK);
    unsigned int node = 0;
    EXPECT_EQ(api->local_get(client.handle(), &node), CS_OK);
    EXPECT_EQ(node, 99U);
  });
}

}  // namespace
}  // namespace cpgcert::harness
