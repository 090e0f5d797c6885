// A forked child with its parent's connection, and with one of its own:
// FORK-01. What no page promises is noted only.

#include <fmt/core.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "conformance/concurrency/concurrency_suite.h"
#include "conformance/support/support.h"
#include "conformance/support/watched_answer.h"
#include "harness/client.h"
#include "harness/forked_call.h"
#include "harness/message.h"
#include "harness/trace/trace.h"

namespace cpgcert::conformance::concurrency {

namespace {

using harness::CallbackRecord;
using harness::CallState;
using harness::Client;
using harness::CpgApi;
using harness::ErrorName;

constexpr int kPending = 3;

// What the handle is in the middle of when the parent forks.
enum class State { kIdle, kJoined, kEventPending, kIterationOpen, kInCallback };

struct NamedState {
  std::string name;
  State value = State::kIdle;
};

const std::vector<NamedState>& States() {
  static const std::vector<NamedState> states = {
      {"Idle", State::kIdle},
      {"Joined", State::kJoined},
      {"EventPending", State::kEventPending},
      {"IterationOpen", State::kIterationOpen},
      {"InCallback", State::kInCallback}};
  return states;
}

// The parent's connection.
struct Scene {
  std::shared_ptr<Client> client{};
  std::string group{};
  State state = State::kIdle;
  cpg_iteration_handle_t iteration = 0;

  const CpgApi& api() const { return client->api(); }
  cpg_handle_t handle() const { return client->handle(); }
  bool joined() const { return state != State::kIdle; }
};

struct ChildCall {
  std::string name;
  std::function<cs_error_t(Scene& scene)> call;
  // The parent's connection may be another one, or none, afterwards.
  bool may_end_parent = false;
  bool waits_for_event = false;
};

ChildCall Dispatches(const std::string& name, int type) {
  return {name, [type](Scene& scene) { return scene.client->Dispatch(type); },
          false, type == CS_DISPATCH_ONE || type == CS_DISPATCH_BLOCKING};
}

std::vector<ChildCall> MembershipCalls() {
  return {
      {"Join",
       [](Scene& scene) {
         const cpg_name name = harness::MakeGroupName(scene.group);
         return scene.api().join(scene.handle(), &name);
       }},
      {"Leave",
       [](Scene& scene) {
         const cpg_name name = harness::MakeGroupName(scene.group);
         return scene.api().leave(scene.handle(), &name);
       },
       true},
      {"MembershipGet",
       [](Scene& scene) {
         cpg_name name = harness::MakeGroupName(scene.group);
         std::vector<cpg_address> entries(8);
         int count = static_cast<int>(entries.size());
         return scene.api().membership_get(scene.handle(), &name,
                                           entries.data(), &count);
       }},
      {"Multicast",
       [](Scene& scene) {
         return scene.client->Multicast(harness::MakeMessage("child"));
       }},
      {"MulticastLarge",
       [](Scene& scene) {
         constexpr size_t kLargeSize = size_t{2} << 20;
         return scene.client->Multicast(
             harness::MakeMessage("child", kLargeSize));
       }},
  };
}

std::vector<ChildCall> IterationCalls() {
  return {
      {"IterationInitialize",
       [](Scene& scene) {
         cpg_iteration_handle_t iterator = 0;
         return scene.api().iteration_initialize(
             scene.handle(), CPG_ITERATION_ALL, nullptr, &iterator);
       }},
      {"IterationNext",
       [](Scene& scene) {
         cpg_iteration_description_t item{};
         return scene.api().iteration_next(scene.iteration, &item);
       }},
      {"IterationFinalize",
       [](Scene& scene) {
         return scene.api().iteration_finalize(scene.iteration);
       }},
  };
}

std::vector<ChildCall> PlainCalls() {
  return {
      {"LocalGet", [](Scene& scene) { return scene.client->RoundTrip(); }},
      {"FdGet",
       [](Scene& scene) {
         int descriptor = -1;
         return scene.api().fd_get(scene.handle(), &descriptor);
       }},
      {"ContextSet",
       [](Scene& scene) {
         return scene.api().context_set(scene.handle(), &scene);
       }},
      {"ContextGet",
       [](Scene& scene) {
         void* came = nullptr;
         return scene.api().context_get(scene.handle(), &came);
       }},
      {"MaxAtomicMsgsizeGet",
       [](Scene& scene) {
         uint32_t size = 0;
         return scene.api().max_atomic_msgsize_get(scene.handle(), &size);
       }},
      {"FlowControlStateGet",
       [](Scene& scene) {
         cpg_flow_control_state_t state = CPG_FLOW_CONTROL_DISABLED;
         return scene.api().flow_control_state_get(scene.handle(), &state);
       }},
      {"Finalize", [](Scene& scene) { return scene.client->Finalize(); }, true},
  };
}

std::vector<ChildCall> ChildCalls() {
  std::vector<ChildCall> calls = PlainCalls();
  for (const auto& more : {MembershipCalls(), IterationCalls()}) {
    calls.insert(calls.end(), more.begin(), more.end());
  }
  calls.push_back(Dispatches("DispatchOne", CS_DISPATCH_ONE));
  calls.push_back(Dispatches("DispatchAll", CS_DISPATCH_ALL));
  calls.push_back(Dispatches("DispatchBlocking", CS_DISPATCH_BLOCKING));
  calls.push_back(
      Dispatches("DispatchOneNonblocking", CS_DISPATCH_ONE_NONBLOCKING));
  return calls;
}

bool IsOfIteration(const ChildCall& call) {
  return call.name.starts_with("Iteration");
}

// A library may lack them.
void NeedIteration(CaseContext& context) {
  context.Api({"cpg_iteration_initialize", "cpg_iteration_next",
               "cpg_iteration_finalize"});
}

Scene Prepare(CaseContext& context, State state) {
  context.Api({"cpg_context_set", "cpg_max_atomic_msgsize_get",
               "cpg_flow_control_state_get"});
  if (state == State::kIterationOpen) {
    NeedIteration(context);
  }
  Scene scene{Connect(context), UniqueGroup("fork"), state};
  if (state != State::kIdle) {
    JoinAndSettle(*scene.client, scene.group);
  }
  if (state == State::kEventPending || state == State::kInCallback) {
    for (int i = 0; i < kPending; ++i) {
      NeedOk("cpg_mcast_joined", scene.client->Multicast(harness::MakeMessage(
                                     fmt::format("pending{}", i))));
    }
    NeedOk("cpg_local_get", scene.client->Settle());
    if (!scene.client->WaitReadable(kWaitDeadline)) {
      CaseContext::Untested("no event came");
    }
  }
  if (state == State::kIterationOpen) {
    NeedOk("cpg_iteration_initialize",
           scene.api().iteration_initialize(scene.handle(), CPG_ITERATION_ALL,
                                            nullptr, &scene.iteration));
  }
  return scene;
}

// Forks, in a callback if the state says so.
harness::ForkedCallResult Fork(Scene& scene,
                               const std::function<std::string()>& in_child) {
  constexpr std::chrono::milliseconds kChildDeadline{30000};
  harness::ForkedCallResult result;
  if (scene.state != State::kInCallback) {
    return harness::RunInForkedChild(in_child, kChildDeadline);
  }
  bool forked = false;
  scene.client->on_callback = [&](const CallbackRecord&) {
    if (!std::exchange(forked, true)) {
      result = harness::RunInForkedChild(in_child, kChildDeadline);
    }
  };
  const size_t seen = scene.client->RecordCount();
  DispatchUntil(*scene.client, seen, [](const CallbackRecord& record) {
    return record.message == "pending0";
  });
  scene.client->on_callback = nullptr;
  if (!forked) {
    CaseContext::Untested("no callback ran in which to fork");
  }
  return result;
}

// In the child: "returned CS_OK", or what the call is doing; with a mark if
// that is neither a return nor sleep. A call that does not wait for an event
// waits for a reply, and gets it in time: a child that ended before would leave
// the reply to its parent.
std::string Watch(const std::function<cs_error_t()>& call,
                  bool waits_for_event) {
  auto* answer = new WatchedAnswer(call);  // the child ends with it
  if (!waits_for_event) {
    answer->WaitReturned();
  }
  const CallState state = answer->Settle();
  const bool rests = state.kind == CallState::Kind::kReturned ||
                     state.kind == CallState::Kind::kAsleep ||
                     state.kind == CallState::Kind::kPolling;
  return (rests ? "" : "! ") + answer->Came();
}

// The parent's connection answers, and if it is a member, carries a message.
void ExpectParentWorks(CaseContext& context, Scene& scene,
                       const std::string& when) {
  const std::shared_ptr<Client> client = scene.client;
  WatchedAnswer round_trip([client] { return client->RoundTrip(); });
  if (!round_trip.WaitReturned() || round_trip.answer() != CS_OK) {
    context.Fail("FORK-01", Report("cpg_local_get of the parent, " + when,
                                   "CS_OK", round_trip.Came()));
    return;
  }
  if (!scene.joined()) {
    return;
  }
  const size_t seen = client->RecordCount();
  const cs_error_t sent = client->Multicast(harness::MakeMessage("parent"));
  const bool came =
      sent == CS_OK &&
      DispatchUntil(*client, seen, [](const CallbackRecord& record) {
        return record.message == "parent" &&
               record.process ==
                   static_cast<uint32_t>(harness::trace::ProcessId());
      });
  if (!came) {
    context.Fail("FORK-01",
                 Report("cpg_mcast_joined of the parent, " + when,
                        "CS_OK and the delivery of the message",
                        fmt::format("{}, and what came is {}", ErrorName(sent),
                                    Join(Texts(*client, seen)))));
  }
}

// Nothing is promised to the parent; it must not spin.
void ExpectParentRests(CaseContext& context, Scene& scene,
                       const std::string& when) {
  const std::shared_ptr<Client> client = scene.client;
  for (const bool finalize : {false, true}) {
    const std::string text =
        fmt::format("{} of the parent, {}",
                    finalize ? "cpg_finalize" : "cpg_local_get", when);
    WatchedAnswer answer([client, finalize] {
      return finalize ? client->Finalize() : client->RoundTrip();
    });
    answer.WaitReturned();
    const CallState state = answer.Settle();
    context.Note(fmt::format("{}: {}", text, answer.Came()));
    if (state.kind != CallState::Kind::kReturned) {
      if (state.kind != CallState::Kind::kAsleep &&
          state.kind != CallState::Kind::kPolling) {
        context.Fail("FORK-01",
                     Report(text, "a return, or sleep", answer.Came()));
      }
      return;
    }
  }
}

void ChildCallsOnHandle(CaseContext& context, State state,
                        const ChildCall& call) {
  if (IsOfIteration(call)) {
    NeedIteration(context);
  }
  Scene scene = Prepare(context, state);
  context.SkipCensus("a child used the connection too");
  context.Step(call.name + " in a forked child");
  const auto result = Fork(scene, [&scene, &call] {
    return Watch([&scene, &call] { return call.call(scene); },
                 call.waits_for_event);
  });
  const std::string text = call.name + " in a forked child";
  const std::string came = result.returned ? result.text : result.end;
  context.Note(fmt::format("{}: {}", text, came));
  if (!result.returned || came.starts_with("!")) {
    context.Fail("FORK-01", Report(text, "a return, or sleep", came));
  }
  const std::string when = "after " + text;
  if (call.may_end_parent) {
    ExpectParentRests(context, scene, when);
  } else {
    ExpectParentWorks(context, scene, when);
  }
}

// In the child: "" or what went wrong with a connection of its own.
std::string UseOwnConnection(const CpgApi& api, const std::string& group) {
  Client client(api, {});
  const auto wrong = [](const char* call, cs_error_t code) {
    return code == CS_OK ? "" : fmt::format("{}: {}", call, ErrorName(code));
  };
  std::string text = wrong("cpg_initialize", client.Initialize());
  text += text.empty() ? wrong("cpg_join", client.Join(group)) : "";
  text += text.empty() ? wrong("cpg_mcast_joined",
                               client.Multicast(harness::MakeMessage("own")))
                       : "";
  if (text.empty() &&
      !DispatchUntil(client, 0, [](const CallbackRecord& record) {
        return record.message == "own" &&
               record.process ==
                   static_cast<uint32_t>(harness::trace::ProcessId());
      })) {
    text = "cpg_dispatch: the own message did not come";
  }
  text += text.empty() ? wrong("cpg_leave", client.Leave(group)) : "";
  return text.empty() ? wrong("cpg_finalize", client.Finalize()) : text;
}

void ChildHasOwnConnection(CaseContext& context, State state,
                           bool parents_first) {
  Scene scene = Prepare(context, state);
  context.SkipCensus("a child used the connection too");
  const auto result = Fork(scene, [&scene, parents_first] {
    if (parents_first) {
      scene.client->Finalize();
    }
    // Another process may be in the same group.
    return UseOwnConnection(scene.api(), scene.group);
  });
  const std::string text =
      fmt::format("a connection of its own in a forked child{}",
                  parents_first ? ", after cpg_finalize of the parent's" : "");
  const std::string came = result.returned ? result.text : result.end;
  if (!came.empty()) {
    context.Fail("FORK-01", Report(text, "all that a connection can do", came));
  }
  if (parents_first) {
    ExpectParentRests(context, scene, "after " + text);
  } else {
    ExpectParentWorks(context, scene, "after " + text);
  }
}

}  // namespace

void RegisterForkCases() {
  for (const NamedState& state : States()) {
    for (const ChildCall& call : ChildCalls()) {
      const bool needs_iteration =
          call.name == "IterationNext" || call.name == "IterationFinalize";
      if (needs_iteration && state.value != State::kIterationOpen) {
        continue;
      }
      RegisterCase({.name = fmt::format("FORK-01/{}/{}", state.name, call.name),
                    .requirements = {"FORK-01"},
                    .profile = "api",
                    .needs_capability = IsOfIteration(call) ||
                                        state.value == State::kIterationOpen},
                   [state = state.value, call](CaseContext& context) {
                     ChildCallsOnHandle(context, state, call);
                   });
    }
    for (const bool parents_first : {false, true}) {
      RegisterCase(
          {.name = fmt::format(
               "FORK-01/{}/{}", state.name,
               parents_first ? "FinalizeAndOwnConnection" : "OwnConnection"),
           .requirements = {"FORK-01"},
           .profile = "api",
           .needs_capability = state.value == State::kIterationOpen},
          [state = state.value, parents_first](CaseContext& context) {
            ChildHasOwnConnection(context, state, parents_first);
          });
    }
  }
}

}  // namespace cpgcert::conformance::concurrency
