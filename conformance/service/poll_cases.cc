// A program that polls the descriptor learns of the death: FD-02.

#include <fmt/core.h>
#include <poll.h>

#include <atomic>
#include <memory>
#include <string>

#include "conformance/service/death_words.h"
#include "conformance/service/service_suite.h"
#include "conformance/support/support.h"
#include "harness/message.h"
#include "harness/trace/trace.h"

namespace cpgcert::conformance::service {

namespace {

using harness::Client;

constexpr int kEvents = 3;

struct Setting {
  std::string name;
  bool joined = false;
  bool events = false;   // some wait when the service dies
  bool in_poll = false;  // poll sleeps when the service dies
};

struct DispatchType {
  std::string name;
  int value = 0;
};

// What poll said, CS_OK if it said anything.
std::function<cs_error_t()> Poll(int descriptor,
                                 std::shared_ptr<std::atomic<int>> said) {
  return [descriptor, said] {
    *said = harness::trace::Observe("polled", [descriptor] {
      pollfd watched{descriptor, POLLIN, 0};
      while (poll(&watched, 1, -1) < 0) {
      }
      return watched.revents;
    });
    return CS_OK;
  };
}

void ShowsDeath(CaseContext& context, const Setting& setting,
                const DispatchType& type) {
  const std::shared_ptr<Client> client = Connect(context);
  if (setting.joined) {
    JoinAndSettle(*client, UniqueGroup("polled"));
  }
  for (int i = 0; setting.events && i < kEvents; ++i) {
    NeedOk("cpg_mcast_joined",
           client->Multicast(harness::MakeMessage(fmt::format("m{}", i))));
  }
  if (setting.events && !client->WaitReadable(kWaitDeadline)) {
    CaseContext::Untested("no event came");
  }
  int descriptor = -1;
  NeedOk("cpg_fd_get", client->api().fd_get(client->handle(), &descriptor));
  auto said = std::make_shared<std::atomic<int>>(0);
  std::unique_ptr<WatchedAnswer> polled;
  if (setting.in_poll) {
    polled = std::make_unique<WatchedAnswer>(Poll(descriptor, said));
    polled->NeedAsleep("poll of the descriptor");
  }
  Need(context.service().Kill());
  if (!setting.in_poll) {
    polled = std::make_unique<WatchedAnswer>(Poll(descriptor, said));
  }
  if (!polled->WaitReturned()) {
    context.Fail("FD-02", Report("poll of the descriptor of cpg_fd_get, after "
                                 "the service had died",
                                 "a return", polled->Came()));
    return;
  }
  context.Note(fmt::format("poll said {:#x}", said->load()));
  // A program that dispatches while poll says so gets to the error.
  const auto count = std::make_shared<std::atomic<int>>(0);
  WatchedAnswer answer(
      Persistent([client, descriptor, said, type = type.value, count] {
        cs_error_t code = CS_OK;
        constexpr int kCallsMax = 1000;
        for (int i = 0; code == CS_OK && i < kCallsMax; ++i) {
          Poll(descriptor, said)();
          code = client->Dispatch(type);
          ++*count;
        }
        return code;
      }));
  ExpectDeathAnswer(context, "FD-02",
                    "cpg_dispatch, again and again, after poll had returned",
                    answer);
}

}  // namespace

void RegisterPollCases() {
  for (const Setting& setting : {Setting{"NotJoined", false, false, false},
                                 Setting{"Joined", true, false, false},
                                 Setting{"EventsPending", true, true, false},
                                 Setting{"NotJoinedInPoll", false, false, true},
                                 Setting{"JoinedInPoll", true, false, true}}) {
    for (const DispatchType& type :
         {DispatchType{"One", CS_DISPATCH_ONE},
          DispatchType{"All", CS_DISPATCH_ALL},
          DispatchType{"Blocking", CS_DISPATCH_BLOCKING},
          DispatchType{"OneNonblocking", CS_DISPATCH_ONE_NONBLOCKING}}) {
      RegisterCase({.name = fmt::format("FD-02/{}/{}", setting.name, type.name),
                    .requirements = {"FD-02"},
                    .profile = "faults"},
                   [setting, type](CaseContext& context) {
                     ShowsDeath(context, setting, type);
                   });
    }
  }
}

}  // namespace cpgcert::conformance::service
