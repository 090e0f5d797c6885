// The bytes of every request.

#include <fmt/core.h>
#include <sys/uio.h>

#include <algorithm>
#include <string>

#include "conformance/scripted/scripted_scene.h"
#include "conformance/scripted/topics.h"
#include "conformance/support/support.h"
#include "harness/client.h"
#include "harness/message.h"
#include "harness/trace/trace.h"

namespace cpgcert::conformance::scripted {

namespace {

namespace wire = harness::wire;

using harness::LoggedRequest;

// The requests since the first `seen`, all of which must be well formed.
std::vector<wire::Request> Parsed(CaseContext& context, ScriptedScene& scene,
                                  const std::string& call, size_t seen) {
  std::vector<wire::Request> parsed;
  const std::vector<LoggedRequest> log = scene.service().Requests();
  for (; seen < log.size(); ++seen) {
    const auto request = wire::ParseRequest(log[seen].bytes);
    if (request.message.has_value()) {
      parsed.push_back(*request.message);
      continue;
    }
    context.Fail("WIRE-01", Report(call, "a well-formed request",
                                   request.error + ": " +
                                       wire::Print(wire::Kind::kRequest,
                                                   log[seen].bytes)));
  }
  return parsed;
}

// Changes nothing, so that a library may ask it whenever it likes.
bool IsQuestion(const wire::Request& request) {
  return std::holds_alternative<wire::MembershipRequest>(request) ||
         std::holds_alternative<wire::LocalGetRequest>(request);
}

// Exactly these requests, in this order; beside them, questions.
void ExpectRequests(CaseContext& context, ScriptedScene& scene,
                    const std::string& call, size_t seen,
                    const std::vector<wire::Request>& owed) {
  std::vector<wire::Request> came = Parsed(context, scene, call, seen);
  if (std::ranges::none_of(owed, IsQuestion)) {
    std::erase_if(came, IsQuestion);
  }
  if (came == owed || !context.failures().empty()) {
    return;
  }
  const auto print = [](const std::vector<wire::Request>& requests) {
    std::string text;
    for (const wire::Request& request : requests) {
      text += "\n  " + wire::Print(wire::Kind::kRequest, wire::Build(request));
    }
    return text.empty() ? "nothing" : text;
  };
  context.Fail("WIRE-01", Report(call, print(owed), print(came)));
}

uint32_t Self() { return static_cast<uint32_t>(harness::trace::ProcessId()); }

// Makes the call when all that it needs is there, and compares.
void RequestOf(CaseContext& context, Call call, const wire::Request& owed) {
  ScriptedScene scene(context);
  scene.Prepare(call);
  const size_t seen = scene.service().RequestCount();
  const auto info = std::ranges::find(Calls(), call, &CallInfo::call);
  NeedOk(info->function, scene.Make(call)());
  ExpectRequests(context, scene, info->function, seen, {owed});
}

void JoinWithFlag(CaseContext& context) {
  ScriptedScene scene(context);
  scene.Connect({.totem = true, .initial_totem = true});
  const size_t seen = scene.service().RequestCount();
  NeedOk("cpg_join", scene.Make(Call::kJoin)());
  ExpectRequests(
      context, scene, "cpg_join with CPG_MODEL_V1_DELIVER_INITIAL_TOTEM_CONF",
      seen,
      {wire::JoinRequest{.group = ScriptedScene::kGroup,
                         .process = Self(),
                         .flags = CPG_MODEL_V1_DELIVER_INITIAL_TOTEM_CONF}});
}

void JoinOfAnyName(CaseContext& context, const std::string& group) {
  ScriptedScene scene(context);
  scene.Connect();
  const size_t seen = scene.service().RequestCount();
  const cpg_name name = harness::MakeGroupName(group);
  NeedOk("cpg_join", harness::WithPatience([&] {
           return scene.api().join(scene.client().handle(), &name);
         }));
  ExpectRequests(context, scene, "cpg_join", seen,
                 {wire::JoinRequest{.group = group, .process = Self()}});
}

// Messages in one piece of an iovec, or several.
void Multicasts(CaseContext& context) {
  ScriptedScene scene(context);
  scene.Connect();
  scene.Join();
  const size_t seen = scene.service().RequestCount();
  std::vector<wire::Request> owed;
  const std::vector<std::vector<std::string>> messages = {
      {"one piece"},
      {"two", " pieces"},
      {"", "empty", "", "pieces", ""},
      {},
      {std::string("\0\1\xff", 3)},
      {std::string(100'000, 'x')}};
  for (const auto& pieces : messages) {
    for (const cpg_guarantee_t guarantee : {CPG_TYPE_AGREED, CPG_TYPE_FIFO}) {
      std::string whole;
      std::vector<iovec> parts;
      for (const std::string& piece : pieces) {
        // libcpg only reads it, but an iovec has no const.
        parts.push_back({const_cast<char*>(piece.data()),  // NOLINT
                         piece.size()});
        whole += piece;
      }
      NeedOk("cpg_mcast_joined",
             harness::RetryWhileTryAgain(
                 [&] {
                   return scene.api().mcast_joined(
                       scene.client().handle(), guarantee, parts.data(),
                       static_cast<unsigned int>(parts.size()));
                 },
                 kWaitDeadline));
      owed.emplace_back(wire::MulticastRequest{
          .guarantee = static_cast<uint32_t>(guarantee), .message = whole});
    }
  }
  scene.Barrier();
  owed.emplace_back(wire::LocalGetRequest{});
  ExpectRequests(context, scene, "cpg_mcast_joined of small messages", seen,
                 owed);
}

void IterationTypes(CaseContext& context) {
  ScriptedScene scene(context);
  scene.Connect();
  const size_t seen = scene.service().RequestCount();
  std::vector<wire::Request> owed;
  const cpg_name group = harness::MakeGroupName(ScriptedScene::kGroup);
  for (const cpg_iteration_type_t type :
       {CPG_ITERATION_NAME_ONLY, CPG_ITERATION_ONE_GROUP, CPG_ITERATION_ALL}) {
    const bool of_one = type == CPG_ITERATION_ONE_GROUP;
    cpg_iteration_handle_t iteration = 0;
    NeedOk("cpg_iteration_initialize",
           scene.IterationApi().iteration_initialize(
               scene.client().handle(), type, of_one ? &group : nullptr,
               &iteration));
    owed.emplace_back(wire::IterationInitializeRequest{
        .group = of_one ? ScriptedScene::kGroup : "",
        .type = static_cast<uint32_t>(type)});
  }
  ExpectRequests(context, scene, "cpg_iteration_initialize of each type", seen,
                 owed);
}

// The service's number of the iteration comes back, all 64 bits of it.
void IterationNumber(CaseContext& context) {
  constexpr uint64_t kNumber = 0xfedcba9876543210;
  ScriptedScene scene(context);
  scene.Connect();
  scene.React({.request = wire::RequestId::kIterationInitialize,
               .answer = harness::Reaction::Answer::kBytes,
               .bytes = wire::Build(
                   wire::IterationInitializeReply{.iteration = kNumber})});
  const size_t seen = scene.service().RequestCount();
  cpg_iteration_handle_t iteration = 0;
  cpg_iteration_description_t entry{};
  NeedOk("cpg_iteration_initialize",
         scene.IterationApi().iteration_initialize(
             scene.client().handle(), CPG_ITERATION_ALL, nullptr, &iteration));
  scene.IterationApi().iteration_next(iteration, &entry);
  scene.IterationApi().iteration_finalize(iteration);
  ExpectRequests(
      context, scene,
      "cpg_iteration_initialize, cpg_iteration_next, cpg_iteration_finalize",
      seen,
      {wire::IterationInitializeRequest{
           .type = static_cast<uint32_t>(CPG_ITERATION_ALL)},
       wire::IterationNextRequest{kNumber},
       wire::IterationFinalizeRequest{kNumber}});
}

// Pieces of at most the largest size, first, continued, last, that are the
// message together. How it is cut is the library's choice.
void Fragments(CaseContext& context) {
  ScriptedScene scene(context);
  scene.Prepare(Call::kLargeMulticast);
  const std::string message = scene.LargeMessage();
  uint32_t most = 0;
  NeedOk("cpg_max_atomic_msgsize_get",
         scene.api().max_atomic_msgsize_get(scene.client().handle(), &most));
  const size_t seen = scene.service().RequestCount();
  const std::string call = "cpg_mcast_joined of a message in fragments";
  NeedOk(call, scene.Make(Call::kLargeMulticast)());
  std::string together;
  const std::vector<wire::Request> requests =
      Parsed(context, scene, call, seen);
  for (size_t i = 0; i < requests.size(); ++i) {
    const auto* part = std::get_if<wire::PartialMulticastRequest>(&requests[i]);
    if (part == nullptr) {
      context.Fail("WIRE-01", Report(call, "fragments only",
                                     wire::Print(wire::Kind::kRequest,
                                                 wire::Build(requests[i]))));
      return;
    }
    const auto type = i == 0                    ? wire::PartialType::kFirst
                      : i + 1 < requests.size() ? wire::PartialType::kContinued
                                                : wire::PartialType::kLast;
    const wire::PartialMulticastRequest owed{
        .guarantee = CPG_TYPE_AGREED,
        .message_size = static_cast<uint32_t>(message.size()),
        .type = static_cast<uint32_t>(type),
        .fragment = part->fragment};
    if (*part != owed || part->fragment.size() > most) {
      context.Fail(
          "WIRE-01",
          Report(fmt::format("{}, fragment {} of {}", call, i + 1,
                             requests.size()),
                 wire::Print(wire::Kind::kRequest, wire::Build(owed)),
                 wire::Print(wire::Kind::kRequest, wire::Build(*part))));
    }
    together += part->fragment;
  }
  if (together != message) {
    context.Fail("WIRE-01", Report(call, "fragments that are the message",
                                   harness::DescribeMessage(together)));
  }
}

void Register(const std::string& name, CaseBody body) {
  RegisterCase({.name = Scripted("WIRE-01") + name,
                .requirements = {"WIRE-01"},
                .profile = "api",
                .needs_capability = true},
               std::move(body));
}

void RegisterRequest(const std::string& name, Call call,
                     const std::function<wire::Request()>& owed) {
  Register(name, [call, owed](CaseContext& context) {
    RequestOf(context, call, owed());
  });
}

}  // namespace

void RegisterRequestCases() {
  const std::string group = ScriptedScene::kGroup;
  RegisterRequest("Join", Call::kJoin, [group] {
    return wire::JoinRequest{.group = group, .process = Self()};
  });
  RegisterRequest("Leave", Call::kLeave, [group] {
    return wire::LeaveRequest{.group = group, .process = Self()};
  });
  RegisterRequest("LocalGet", Call::kLocalGet,
                  [] { return wire::LocalGetRequest{}; });
  RegisterRequest("MembershipGet", Call::kMembershipGet,
                  [group] { return wire::MembershipRequest{.group = group}; });
  RegisterRequest("Finalize", Call::kFinalize,
                  [] { return wire::FinalizeRequest{}; });
  Register("Join/WithFlag", JoinWithFlag);
  Register("Join/LongestName", [](CaseContext& context) {
    JoinOfAnyName(context, std::string(CPG_MAX_NAME_LENGTH, 'x'));
  });
  Register("Join/NameWithZeroBytes", [](CaseContext& context) {
    JoinOfAnyName(context, std::string("a\0b\0", 4));
  });
  Register("Multicast", Multicasts);
  Register("Fragments", Fragments);
  Register("IterationTypes", IterationTypes);
  Register("IterationNumber", IterationNumber);
}

}  // namespace cpgcert::conformance::scripted
