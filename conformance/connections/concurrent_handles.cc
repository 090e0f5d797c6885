// Connections that several threads make at the same time: HND-06.
//
// Threads that are merely let loose meet the moment that matters once in
// hundreds of trials. Here one thread is held at each of its requests for
// memory in turn, and another one makes a connection meanwhile: the same
// interleaving in every run.

#include <fmt/core.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "conformance/connections/topics.h"
#include "conformance/support/support.h"
#include "harness/disturbances/allocation_faults.h"
#include "harness/thread_watch.h"
#include "harness/trace/trace.h"

namespace cpgcert::conformance::connections {

namespace {

using harness::AllocationWatch;
using harness::CpgApi;
using harness::ErrorName;
using harness::WatchedCall;

// One cpg_initialize.
struct Made {
  cs_error_t result = CS_ERR_TRY_AGAIN;
  cpg_handle_t handle = 0;
};

void Initialize(const CpgApi& api, Made* made) {
  harness::trace::Deadline end(kWaitDeadline);
  while (made->result == CS_ERR_TRY_AGAIN && !end.Passed()) {
    made->result = api.initialize(&made->handle, nullptr);
  }
}

int CountRequests(const CpgApi& api) {
  Made made;
  int requests = 0;
  {
    const AllocationWatch watch;
    Initialize(api, &made);
    requests = harness::trace::Observe("requests_for_memory",
                                       [&] { return watch.requests(); });
  }
  NeedOk("cpg_initialize", made.result);
  NeedOk("cpg_finalize", api.finalize(made.handle));
  return requests;
}

// A thread in cpg_initialize that is held at one of its requests.
class HeldInitialize {
 public:
  HeldInitialize(const CpgApi& api, int request)
      : pause_([this] {
          held_ = true;
          may_go_on_.wait(false);
        }),
        call_([this, &api, request] {
          AllocationWatch watch;
          watch.PauseAtRequest(request, pause_);
          Initialize(api, &made_);
        }) {}

  // False if it returned without that request.
  bool WaitHeld() {
    harness::trace::Deadline end(kWaitDeadline);
    while (!IsHeld() && !call_.returned() && !end.Passed()) {
      call_.WaitReturned(std::chrono::milliseconds(1));
    }
    return IsHeld();
  }
  // False if it does not return.
  bool GoOn() {
    may_go_on_ = true;
    may_go_on_.notify_all();
    return call_.WaitReturned(kWaitDeadline);
  }
  void Abandon() { call_.Abandon(); }
  const Made& made() const { return made_; }

 private:
  bool IsHeld() {
    return held_seen_.See([this] { return held_.load(); });
  }

  harness::trace::Changing held_seen_{"held"};
  std::atomic<bool> held_ = false;
  std::atomic<bool> may_go_on_ = false;
  Made made_;
  const std::function<void()> pause_;
  WatchedCall call_;
};

struct OtherInitialize {
  explicit OtherInitialize(const CpgApi& api)
      : call([this, &api] { Initialize(api, &made); }) {}
  Made made{};
  WatchedCall call;
};

// How a connection stands, in words; "usable" is what is owed.
std::string State(const CpgApi& api, const Made& made) {
  if (made.result != CS_OK) {
    return "not made, " + ErrorName(made.result);
  }
  unsigned int node_id = 0;
  const cs_error_t used = harness::RetryWhileTryAgain(
      [&] { return api.local_get(made.handle, &node_id); }, kWaitDeadline);
  return used == CS_OK ? "usable"
                       : "unusable, cpg_local_get answers " + ErrorName(used);
}

// False if the case must end. Counts in `*held` how often the first one was.
bool TwoAtOnce(CaseContext& context, const CpgApi& api, int request,
               int* held) {
  const std::string call = fmt::format(
      "cpg_initialize in a thread while another one is inside cpg_initialize, "
      "at its request {} for memory",
      request);
  context.Step(call);
  auto first = std::make_unique<HeldInitialize>(api, request);
  *held += first->WaitHeld() ? 1 : 0;
  auto second = std::make_unique<OtherInitialize>(api);
  // It returns, or waits for the first one.
  second->call.Settle(kWaitDeadline);
  const bool first_returned = first->GoOn();
  if (!second->call.WaitReturned(kWaitDeadline) || !first_returned) {
    // The threads may go on until the process ends.
    first.release()->Abandon();
    second.release()->call.Abandon();
    context.Fail("HND-06", Report(call, "both return", "one does not"));
    return false;
  }
  const bool distinct = first->made().handle != second->made.handle;
  const std::string of_first = State(api, first->made());
  const std::string of_second = State(api, second->made);
  const bool good = distinct && of_first == "usable" && of_second == "usable";
  if (!good) {
    context.SkipCensus("a connection whose handle is lost cannot be finalized");
    context.Fail(
        "HND-06",
        Report(call, "two different handles, both usable",
               fmt::format("{}; the first connection is {}, the second {}",
                           distinct ? "different ones" : "the same twice",
                           of_first, of_second)));
  }
  api.finalize(first->made().handle);
  api.finalize(second->made.handle);
  return good;
}

enum class HeldAt { kEachRequest, kLastRequest };

void OneInTheMiddleOfAnother(CaseContext& context, HeldAt at) {
  constexpr int kRequestsMax = 100;  // bounds the time
  const CpgApi& api =
      context.Api({"cpg_initialize", "cpg_finalize", "cpg_local_get"});
  if (!AllocationWatch::Available()) {
    CaseContext::Untested("this program cannot hold a thread at a request");
  }
  // What the first connection of a process needs once does not count.
  (void)CountRequests(api);
  const int requests = std::min(CountRequests(api), kRequestsMax);
  const int last = at == HeldAt::kEachRequest ? 1 : requests;
  context.Note(
      fmt::format("requests for memory in cpg_initialize: {}", requests));
  int held = 0;
  for (int request = requests; request > 0; --request) {
    const bool enough = request < last && held > 0;
    if (enough || !TwoAtOnce(context, api, request, &held)) {
      break;
    }
  }
  if (held == 0) {
    CaseContext::Untested("no thread could be held in cpg_initialize");
  }
}

}  // namespace

void RegisterConcurrentHandles() {
  for (const HeldAt at : {HeldAt::kEachRequest, HeldAt::kLastRequest}) {
    RegisterCase(
        {.name = fmt::format("HND-06/HeldAt{}Request",
                             at == HeldAt::kEachRequest ? "Each" : "Last"),
         .requirements = {"HND-06"},
         .profile = "api"},
        [at](CaseContext& context) { OneInTheMiddleOfAnother(context, at); });
  }
}

}  // namespace cpgcert::conformance::connections
