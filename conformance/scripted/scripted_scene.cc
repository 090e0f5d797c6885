#include "conformance/scripted/scripted_scene.h"

#include <fmt/core.h>
#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <chrono>
#include <utility>

#include "conformance/support/support.h"
#include "harness/client.h"
#include "harness/message.h"
#include "harness/thread_watch.h"

namespace cpgcert::conformance::scripted {

namespace {

using harness::Client;
using harness::CpgApi;
using harness::Reaction;
using harness::ScriptedService;
using harness::wire::RequestId;

constexpr size_t kPaintedSize = size_t{64} << 10;

}  // namespace

const std::vector<CallInfo>& Calls() {
  static const std::vector<CallInfo> calls = {
      {Call::kJoin, "Join", "cpg_join", RequestId::kJoin, false},
      {Call::kLeave, "Leave", "cpg_leave", RequestId::kLeave, false},
      {Call::kLocalGet, "LocalGet", "cpg_local_get", RequestId::kLocalGet,
       true},
      {Call::kMembershipGet, "MembershipGet", "cpg_membership_get",
       RequestId::kMembership, true},
      {Call::kIterationInitialize, "IterationInitialize",
       "cpg_iteration_initialize", RequestId::kIterationInitialize, true},
      {Call::kIterationNext, "IterationNext", "cpg_iteration_next",
       RequestId::kIterationNext, true},
      {Call::kIterationFinalize, "IterationFinalize", "cpg_iteration_finalize",
       RequestId::kIterationFinalize, false},
      {Call::kLargeMulticast, "LargeMulticast",
       "cpg_mcast_joined of a message in fragments",
       RequestId::kPartialMulticast, false},
      {Call::kFinalize, "Finalize", "cpg_finalize", RequestId::kFinalize,
       false},
  };
  return calls;
}

ScriptedScene::ScriptedScene(CaseContext& context, harness::Script script)
    : context_(context) {
  script.node = kNode;
  std::string error;
  service_ = ScriptedService::Start(script, &error).release();
  Need(error);
}

ScriptedScene::~ScriptedScene() {
  if (service_->Continue()) {
    service_->BeHonest();
    service_->SetFlowControl(harness::FlowControl::kOff);
    service_->Admit({});
    service_->Release();
  }
}

const CpgApi& ScriptedScene::api() {
  return context_.Api({"cpg_initialize", "cpg_model_initialize", "cpg_finalize",
                       "cpg_fd_get", "cpg_join", "cpg_leave",
                       "cpg_mcast_joined", "cpg_dispatch", "cpg_local_get",
                       "cpg_membership_get", "cpg_context_get",
                       "cpg_context_set", "cpg_max_atomic_msgsize_get",
                       "cpg_flow_control_state_get"});
}

const CpgApi& ScriptedScene::IterationApi() {
  return context_.Api({"cpg_iteration_initialize", "cpg_iteration_next",
                       "cpg_iteration_finalize"});
}

void ScriptedScene::EndIfUnsupported() {
  if (service_->ConnectionAttempts() == 0) {
    CaseContext::Unsupported(
        "the implementation does not speak libqb's protocol: cpg_initialize "
        "did not connect to the service");
  }
}

Client& ScriptedScene::Connect(harness::CallbackSet callbacks) {
  auto client = std::make_unique<Client>(api(), callbacks);
  const cs_error_t result = client->Initialize();
  EndIfUnsupported();
  NeedOk("cpg_initialize", result);
  clients_.push_back(std::move(client));
  return *clients_.back();
}

void ScriptedScene::Join() { JoinAndSettle(client(), kGroup); }

void ScriptedScene::Prepare(Call call) {
  if (call == Call::kIterationInitialize || call == Call::kIterationNext ||
      call == Call::kIterationFinalize) {
    IterationApi();
  }
  Connect();
  switch (call) {
    case Call::kLeave:
    case Call::kLargeMulticast:
    case Call::kMembershipGet:  // that of a group which there is
      Join();
      break;
    case Call::kIterationNext:
    case Call::kIterationFinalize:
      Join();
      NeedOk("cpg_iteration_initialize",
             api().iteration_initialize(client().handle(), CPG_ITERATION_ALL,
                                        nullptr, &iteration_));
      break;
    default:
      break;
  }
}

std::function<cs_error_t()> ScriptedScene::Make(Call call) {
  const cpg_handle_t handle = client().handle();
  const cpg_name group = harness::MakeGroupName(kGroup);
  // Copied into the call: function pointers, and the iteration of now.
  const CpgApi functions = api();
  const cpg_iteration_handle_t iteration = iteration_;
  std::function<cs_error_t()> made;
  switch (call) {
    case Call::kJoin:
      made = [=] { return functions.join(handle, &group); };
      break;
    case Call::kLeave:
      made = [=] { return functions.leave(handle, &group); };
      break;
    case Call::kLocalGet:
      made = [=] {
        unsigned int node = 0;
        return functions.local_get(handle, &node);
      };
      break;
    case Call::kMembershipGet:
      made = [=] {
        cpg_name name = group;
        // Room for one more than a reply has.
        std::vector<cpg_address> members(harness::wire::kMembershipMax + 1);
        auto count = static_cast<int>(members.size());
        return functions.membership_get(handle, &name, members.data(), &count);
      };
      break;
    case Call::kIterationInitialize:
      made = [=] {
        cpg_iteration_handle_t begun = 0;
        return functions.iteration_initialize(handle, CPG_ITERATION_ALL,
                                              nullptr, &begun);
      };
      break;
    case Call::kIterationNext:
      made = [=] {
        cpg_iteration_description_t entry{};
        return functions.iteration_next(iteration, &entry);
      };
      break;
    case Call::kIterationFinalize:
      made = [=] { return functions.iteration_finalize(iteration); };
      break;
    case Call::kLargeMulticast:
      made = [functions, handle, message = LargeMessage()]() mutable {
        const iovec part{message.data(), message.size()};
        return functions.mcast_joined(handle, CPG_TYPE_AGREED, &part, 1);
      };
      break;
    case Call::kFinalize:
      made = [=] { return functions.finalize(handle); };
      break;
  }
  // CS_ERR_TRY_AGAIN from a library that has not asked the service is not the
  // answer that the case is about.
  return [made, service = service_] {
    const size_t asked = service->RequestCount();
    cs_error_t answered = CS_OK;
    const cs_error_t patient = harness::WithPatience([&] {
      PaintStack(CS_OK);
      answered = made();
      return service->RequestCount() == asked ? answered : CS_OK;
    });
    return patient == CS_OK ? answered : patient;
  };
}

void ScriptedScene::React(const Reaction& reaction) {
  Need(service_->React(reaction));
}

void ScriptedScene::Send(const std::string& event) {
  constexpr std::chrono::milliseconds kRestDeadline{300};
  Need(service_->Send(event));
  harness::WaitLibraryAtRest(kRestDeadline);
}

size_t ScriptedScene::Count(RequestId request) const {
  if (service_->LogOverflowed()) {
    CaseContext::Untested("there were more requests than the log holds");
  }
  const auto requests = service_->Requests();
  return static_cast<size_t>(
      std::ranges::count_if(requests, [request](const auto& entry) {
        return harness::wire::IdOf(entry.bytes) ==
               static_cast<int32_t>(request);
      }));
}

void ScriptedScene::Barrier() { NeedOk("cpg_local_get", client().Settle()); }

int ScriptedScene::MemberCount() {
  cpg_name name = harness::MakeGroupName(kGroup);
  std::vector<cpg_address> members(harness::wire::kMembershipMax);
  auto count = static_cast<int>(members.size());
  const cs_error_t answer = harness::MembersAnswered(
      api().membership_get(client().handle(), &name, members.data(), &count),
      &count);
  return answer == CS_OK ? count : -1;
}

std::string ScriptedScene::LargeMessage() {
  uint32_t piece = 0;
  NeedOk("cpg_max_atomic_msgsize_get",
         api().max_atomic_msgsize_get(client().handle(), &piece));
  return harness::MakeMessage(LargeName(),
                              size_t{piece} * (kFragments - 1) + 1000);
}

__attribute__((noinline)) void PaintStack(int32_t value) {
  std::array<volatile int32_t, kPaintedSize / sizeof(int32_t)> painted;
  for (volatile int32_t& word : painted) {
    word = value;
  }
}

std::string Answered(const CallInfo& call, cs_error_t error) {
  return fmt::format("{}, which the service answered with {}", call.function,
                     harness::ErrorName(error));
}

std::string CaseName(cs_error_t error) {
  const std::string name = harness::ErrorName(error);
  std::string camel;
  bool begins = true;
  for (const char letter : name.substr(std::string("CS_ERR_").size())) {
    if (letter != '_') {
      camel += begins ? letter
                      : static_cast<char>(
                            std::tolower(static_cast<unsigned char>(letter)));
    }
    begins = letter == '_';
  }
  return camel;
}

std::string Scripted(const std::string& requirement) {
  return requirement + "/ScriptedService/";
}

}  // namespace cpgcert::conformance::scripted
