// MCAST-03, MCAST-04 and MCAST-10: messages of who is no member, no longer a
// member, or not yet one.

#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "conformance/case.h"
#include "conformance/messaging/cases.h"
#include "conformance/messaging/members.h"
#include "conformance/support/support.h"
#include "harness/trace/trace.h"

namespace cpgcert::conformance::messaging {

namespace {

using harness::CallbackRecord;
using harness::Client;
using harness::Peer;

constexpr const char* kBefore = "MCAST-10";

enum class Sender { kNeverJoined, kLeft, kLeaving };

bool IsOwnDeparture(const CallbackRecord& record) {
  return std::ranges::any_of(record.left, [](const cpg_address& address) {
    return address.pid == static_cast<uint32_t>(harness::trace::ProcessId());
  });
}

// A connection that is no member, and a witness that is one.
struct Scene {
  std::string group;
  std::unique_ptr<Peer> witness;
  std::unique_ptr<Client> client;
};

Scene SetUp(CaseContext& context, Sender sender) {
  Scene scene;
  scene.group = UniqueGroup("outside");
  scene.witness = StartPeer(context);
  (void)context.Api({"cpg_max_atomic_msgsize_get"});
  scene.client = Connect(context);
  Need(scene.witness->Join(scene.group));
  if (sender == Sender::kNeverJoined) {
    return scene;
  }
  JoinAndSettle(*scene.client, scene.group);
  NeedOk("cpg_leave", scene.client->Leave(scene.group));
  if (sender == Sender::kLeft &&
      !DispatchUntil(*scene.client, 0, IsOwnDeparture)) {
    CaseContext::Untested(
        "the configuration change of the own cpg_leave did "
        "not come");
  }
  return scene;
}

// The messages of this process that either of the two was given. To be given
// them before the own departure is nobody's fault.
std::vector<std::string> GivenAfterDeparture(Scene& scene, Sender sender,
                                             size_t seen) {
  NeedOk("cpg_local_get", scene.client->Settle());
  std::vector<std::string> lines;
  Need(scene.witness->Seen(&lines));
  if (sender == Sender::kLeaving) {
    const std::string departure =
        fmt::format(":{}:LEAVE", harness::trace::ProcessId());
    const auto left = std::ranges::find_if(lines, [&](const auto& line) {
      return line.find(departure) != std::string::npos;
    });
    lines.erase(lines.begin(), left);
  }
  std::vector<std::string> given;
  for (const std::string& message : MessagesIn(lines)) {
    given.push_back("another member was given " + message);
  }
  DispatchWaiting(*scene.client);
  const std::vector<CallbackRecord> records = scene.client->Records();
  bool has_left = sender != Sender::kLeaving;
  for (size_t i = seen; i < records.size(); ++i) {
    has_left = has_left || IsOwnDeparture(records[i]);
    if (has_left && records[i].kind == CallbackRecord::Kind::kDeliver &&
        records[i].process ==
            static_cast<uint32_t>(harness::trace::ProcessId())) {
      given.push_back("the sender was given " +
                      harness::DescribeRecord(records[i]));
    }
  }
  return given;
}

// `factor` is in pieces of cpg_max_atomic_msgsize_get; 0 is a small message.
std::string Outcast(Client& client, size_t factor) {
  constexpr size_t kSmall = 50;
  return MessageOf("outcast",
                   factor == 0 ? kSmall : factor * OnePieceSize(client) + 1);
}

void NobodyIsGivenIt(CaseContext& context, std::string_view requirement,
                     Sender sender, size_t factor) {
  Scene scene = SetUp(context, sender);
  const size_t seen = scene.client->RecordCount();
  std::unique_ptr<ErrorOracle> oracle;
  if (sender != Sender::kLeaving) {  // its departure changes the group
    oracle = std::make_unique<ErrorOracle>(context, *scene.client, scene.group,
                                           scene.witness.get());
  }
  const std::string bytes = Outcast(*scene.client, factor);
  const cs_error_t result = Multicast(*scene.client, {PieceOf(bytes)});
  const std::string call = fmt::format(
      "cpg_mcast_joined of {} bytes by no member, which answered {}",
      bytes.size(), harness::ErrorName(result));
  const std::vector<std::string> given =
      GivenAfterDeparture(scene, sender, seen);
  if (!given.empty()) {
    context.Fail(requirement, Report(call, "nobody is given it", Join(given)));
  }
  if (result != CS_OK && oracle != nullptr) {
    oracle->NothingHappened(call);
  }
}

// What was sent before the join does not come after it either; what is sent
// after it does.
void JoinsAfterwards(CaseContext& context, std::string_view requirement,
                     size_t factor) {
  Scene scene = SetUp(context, Sender::kNeverJoined);
  std::vector<std::string> lines;
  Need(scene.witness->Seen(&lines));
  const std::string bytes = Outcast(*scene.client, factor);
  const cs_error_t result = Multicast(*scene.client, {PieceOf(bytes)});
  const size_t seen = scene.client->RecordCount();
  JoinAndSettle(*scene.client, scene.group);
  const std::string after = MessageOf("after", 60);
  ExpectOk(context, requirement, "cpg_mcast_joined after cpg_join",
           Multicast(*scene.client, {PieceOf(after)}));
  DispatchThroughBarrier(*scene.client);
  std::vector<std::string> own;
  for (const std::string& text : Texts(*scene.client, seen)) {
    own.push_back(text.substr(0, text.find(" from ")));
  }
  own = MessagesIn(own);
  Need(scene.witness->Seen(&lines));
  std::vector<std::string> others;
  for (const std::string& text : MessagesIn(lines)) {
    others.push_back(text.substr(0, text.find(" from ")));
  }
  const std::string call = fmt::format(
      "cpg_mcast_joined of {} bytes, which answered {}, cpg_join, "
      "cpg_mcast_joined of 60 bytes",
      bytes.size(), harness::ErrorName(result));
  const std::vector<std::string> owed = {"message after"};
  if (own != owed || others != owed) {
    context.Fail(
        requirement,
        Report(call, "only the last message is delivered",
               fmt::format("to the sender: {}; to another member: {}",
                           conformance::Join(own), conformance::Join(others))));
  }
}

// Sends one message until it is accepted: each attempt has another name, so
// that an attempt that was refused can be told from the one that was not.
std::string SendAttempts(CaseContext& context, Client& client, int number,
                         size_t size) {
  harness::trace::Deadline end(kWaitDeadline);
  for (int attempt = 1;; ++attempt) {
    const std::string name = fmt::format("m{}attempt{}", number, attempt);
    const std::string bytes = MessageOf(name, size);
    const cs_error_t result = Multicast(client, {PieceOf(bytes)});
    // A configuration change, such as the own, may interrupt it.
    if (result == CS_ERR_INTERRUPT && !end.Passed()) {
      NeedOk("cpg_local_get", client.RoundTrip());
      continue;
    }
    return ExpectOk(context, kBefore,
                    fmt::format("cpg_mcast_joined of {} bytes after cpg_join, "
                                "before its configuration change",
                                size),
                    result)
               ? "message " + name
               : "";
  }
}

// The kinds of events, in their order, that both are owed: first the change.
std::vector<std::string> WithoutAddresses(const std::vector<std::string>& all) {
  std::vector<std::string> texts;
  const std::string joined =
      fmt::format(":{}:JOIN]", harness::trace::ProcessId());
  for (const std::string& text : all) {
    const std::string cut = text.substr(0, text.find(" from "));
    if (!MessagesIn({cut}).empty()) {
      texts.push_back(cut);
    } else if (text.find(joined) != std::string::npos) {
      texts.emplace_back("the change of the join");
    }
  }
  return texts;
}

void BeforeTheOwnChange(CaseContext& context, std::vector<size_t> sizes) {
  const std::string group = UniqueGroup("early");
  const auto witness = StartPeer(context);
  (void)context.Api({"cpg_max_atomic_msgsize_get"});
  const auto client = Connect(context);
  Need(witness->Join(group));
  std::vector<std::string> lines;
  Need(witness->Seen(&lines));
  for (size_t& size : sizes) {
    size = size == 0 ? OnePieceSize(*client) + 1 : size;
  }
  NeedOk("cpg_join", client->Join(group));
  std::vector<std::string> owed = {"the change of the join"};
  int number = 0;
  for (const size_t size : sizes) {
    owed.push_back(SendAttempts(context, *client, ++number, size));
  }
  std::erase(owed, "");
  if (!DispatchUntil(*client, 0, [](const CallbackRecord& record) {
        return record.kind == CallbackRecord::Kind::kConfiguration;
      })) {
    CaseContext::Untested("the own configuration change did not come");
  }
  DispatchThroughBarrier(*client);
  Need(witness->Seen(&lines));
  const std::string call = fmt::format(
      "cpg_join, then {} times cpg_mcast_joined before cpg_dispatch",
      sizes.size());
  const Difference own = Compare(owed, WithoutAddresses(Texts(*client)));
  if (!own.empty()) {
    context.Fail(kBefore, Report(call, "to the sender: " + own.owed, own.came));
  }
  const Difference other = Compare(owed, WithoutAddresses(lines));
  if (!other.empty()) {
    context.Fail(kBefore,
                 Report(call, "to another member: " + other.owed, other.came));
  }
}

void RegisterOutsiders(const std::string& requirement, const std::string& size,
                       size_t factor) {
  struct State {
    const char* name;
    Sender sender;
  };
  for (const State& state : {State{"NeverJoined", Sender::kNeverJoined},
                             State{"Left", Sender::kLeft},
                             State{"LeaveUnconfirmed", Sender::kLeaving}}) {
    RegisterCase(
        {.name = fmt::format("{}/{}/{}", requirement, state.name, size),
         .requirements = {requirement, "ERR-06"},
         .profile = "api"},
        [requirement, state, factor](CaseContext& context) {
          NobodyIsGivenIt(context, requirement, state.sender, factor);
        });
  }
  RegisterCase({.name = fmt::format("{}/JoinsAfterwards/{}", requirement, size),
                .requirements = {requirement},
                .profile = "api"},
               [requirement, factor](CaseContext& context) {
                 JoinsAfterwards(context, requirement, factor);
               });
}

}  // namespace

void RegisterMembershipCases() {
  RegisterOutsiders("MCAST-03", "OnePiece", 0);
  RegisterOutsiders("MCAST-04", "TwoFragments", 1);
  RegisterOutsiders("MCAST-04", "FourFragments", 3);
  struct Early {
    const char* name;
    std::vector<size_t> sizes;  // 0: in fragments
  };
  for (const Early& early :
       {Early{"OneMessage", {100}}, Early{"SeveralMessages", {100, 20, 50000}},
        Early{"InFragments", {0}},
        Early{"SmallAndInFragments", {100, 0, 20}}}) {
    RegisterCase({.name = fmt::format("MCAST-10/{}", early.name),
                  .requirements = {kBefore},
                  .profile = "api"},
                 [sizes = early.sizes](CaseContext& context) {
                   BeforeTheOwnChange(context, sizes);
                 });
  }
}

}  // namespace cpgcert::conformance::messaging
