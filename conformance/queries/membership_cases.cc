// cpg_membership_get, cpg_local_get, cpg_flow_control_state_get.

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <memory>
#include <string>
#include <vector>

#include "conformance/queries/guarded_array.h"
#include "conformance/queries/queries_suite.h"
#include "conformance/queries/query_calls.h"
#include "conformance/support/support.h"
#include "harness/message.h"
#include "harness/trace/trace.h"

namespace cpgcert::conformance::queries {

namespace {

using harness::CallbackRecord;
using harness::Client;
using harness::ErrorName;
using harness::Peer;

using Peers = std::vector<std::unique_ptr<Peer>>;

Peers StartPeers(CaseContext& context, int count) {
  Peers peers;
  for (int i = 0; i < count; ++i) {
    peers.push_back(StartPeer(context));
  }
  return peers;
}

// Other processes in a group of their own, and a connection that asks.
void AsksAboutOthers(CaseContext& context, bool joined) {
  const Peers peers = StartPeers(context, 2);
  const std::string group = UniqueGroup("others");
  const auto client = Connect(context);
  if (joined) {
    JoinAndSettle(*client, UniqueGroup("own"));
  }
  const uint32_t node = LocalNode(*client);
  std::vector<std::string> owed;
  for (const auto& peer : peers) {
    Need(peer->Join(group));
    owed.push_back(AddressText(node, peer->process()));
  }
  std::ranges::sort(owed);
  const MembersAnswer came = GetMembers(*client, group);
  const std::string call = "cpg_membership_get of a group of other processes";
  if (ExpectOk(context, "MEMB-01", call, came.code) && came.members != owed) {
    context.Fail("MEMB-01", Report(call, Join(owed), Join(came.members)));
  }
}

void AsksForUnknown(CaseContext& context, const std::string& group,
                    bool joined) {
  const auto client = Connect(context);
  if (joined) {
    JoinAndSettle(*client, UniqueGroup("own"));
  }
  const MembersAnswer came = GetMembers(*client, group);
  const std::string call = "cpg_membership_get of a group that nobody joined";
  if (ExpectOneOf(context, "MEMB-01", call, came.code,
                  {CS_OK, CS_ERR_NOT_EXIST}) &&
      came.code == CS_OK && came.count != 0) {
    context.Fail("MEMB-01", Report(call, "no entries",
                                   fmt::format("{} entries", came.count)));
  }
}

// A name that begins like a group's, or goes on where it ends, is another.
void AsksForSimilarNames(CaseContext& context) {
  const auto client = Connect(context);
  const std::string group = UniqueGroup("similar");
  JoinAndSettle(*client, group);
  for (const std::string& name :
       {group.substr(0, group.size() - 1), group + "1",
        group + std::string(1, '\0'), group.substr(1)}) {
    const MembersAnswer came = GetMembers(*client, name);
    const std::string call = fmt::format(
        "cpg_membership_get of a name of {} bytes, like that of a "
        "group of {} bytes but not the same",
        name.size(), group.size());
    if (ExpectOneOf(context, "MEMB-01", call, came.code,
                    {CS_OK, CS_ERR_NOT_EXIST}) &&
        !came.members.empty()) {
      context.Fail("MEMB-01", Report(call, "no entries", Join(came.members)));
    }
  }
}

// `entries` of the caller's array, in a group of four members.
void FillsArray(CaseContext& context, int entries) {
  const Peers peers = StartPeers(context, 3);
  const std::string group = UniqueGroup("array");
  const auto client = Connect(context);
  JoinAndSettle(*client, group);
  for (const auto& peer : peers) {
    Need(peer->Join(group));
  }
  const int members = static_cast<int>(peers.size()) + 1;
  GuardedArray array(entries);
  cpg_name name = harness::MakeGroupName(group);
  const std::string call = fmt::format(
      "cpg_membership_get with an array of {} entries and "
      "member_list_entries {}; the group has {} members",
      entries, entries, members);
  context.Step(call);
  int count = entries;
  const cs_error_t code = client->api().membership_get(client->handle(), &name,
                                                       array.entries(), &count);
  const size_t beyond = array.BytesBeyond();
  if (beyond > 0) {
    context.Fail(
        "MEMB-02",
        Report(call, "nothing written outside of the array",
               fmt::format("{}, {} bytes written outside of it (an entry has "
                           "{})",
                           ErrorName(code), beyond, sizeof(cpg_address))));
  }
  if (entries < members) {
    context.Note(fmt::format("{} answered {} and left the count {}", call,
                             ErrorName(code), count));
    return;
  }
  if (ExpectOk(context, "MEMB-01", call, code) && count != members) {
    context.Fail("MEMB-01", Report(call, fmt::format("the count {}", members),
                                   fmt::format("the count {}", count)));
  }
  if (const int touched = array.TouchedFrom(members); touched > 0) {
    context.Note(
        fmt::format("{} wrote {} entries more than it counted", call, touched));
  }
}

void RefusesNull(CaseContext& context, bool list) {
  const auto peer = StartPeer(context);
  const std::string group = UniqueGroup("null");
  const auto client = Connect(context);
  JoinAndSettle(*client, group);
  Need(peer->Join(group));
  ErrorOracle oracle(context, *client, group, peer.get());
  cpg_name name = harness::MakeGroupName(group);
  std::vector<cpg_address> entries(8);
  int count = static_cast<int>(entries.size());
  const std::string call =
      fmt::format("cpg_membership_get with a null {}",
                  list ? "member_list" : "member_list_entries");
  context.Step(call);
  ExpectOneOf(context, "MEMB-03", call,
              client->api().membership_get(client->handle(), &name,
                                           list ? nullptr : entries.data(),
                                           list ? &count : nullptr),
              {CS_ERR_INVALID_PARAM});
  oracle.NothingHappened(call);
}

bool HasLeft(const CallbackRecord& record, pid_t process) {
  return std::ranges::any_of(record.left, [process](const auto& address) {
    return address.pid == static_cast<uint32_t>(process);
  });
}

enum class Change { kJoins, kLeave, kFinalize, kKill, kOwnLeave };

// Equal to the last change, whatever the last change was.
void EqualsLastChange(CaseContext& context, Change change) {
  const Peers peers = StartPeers(context, 3);
  const std::string group = UniqueGroup("change");
  const auto client = Connect(context);
  JoinAndSettle(*client, group);
  for (const auto& peer : peers) {
    Need(peer->Join(group));
  }
  DispatchThroughBarrier(*client);
  const size_t seen = client->RecordCount();
  const pid_t leaver = change == Change::kOwnLeave ? harness::trace::ProcessId()
                                                   : peers[1]->process();
  switch (change) {
    case Change::kJoins:
      break;
    case Change::kLeave:
      Need(peers[1]->Leave(group));
      break;
    case Change::kFinalize:
      Need(peers[1]->Finalize());
      break;
    case Change::kKill:
      peers[1]->Kill();
      break;
    case Change::kOwnLeave:
      NeedOk("cpg_leave", client->Leave(group));
      break;
  }
  if (change != Change::kJoins &&
      !DispatchUntil(*client, seen, [leaver](const CallbackRecord& record) {
        return HasLeft(record, leaver);
      })) {
    CaseContext::Untested("the change that the case waits for did not come");
  }
  std::vector<std::string> owed;
  for (const CallbackRecord& record : client->Records()) {
    if (record.kind == CallbackRecord::Kind::kConfiguration) {
      owed.clear();
      for (const cpg_address& member : record.members) {
        owed.push_back(AddressText(member.nodeid, member.pid));
      }
    }
  }
  std::ranges::sort(owed);
  const MembersAnswer came = GetMembers(*client, group);
  const std::string call =
      "cpg_membership_get of a group at rest, after its last change";
  if (ExpectOk(context, "MEMB-04", call, came.code) && came.members != owed) {
    context.Fail("MEMB-04",
                 Report(call, "the members of that change: " + Join(owed),
                        Join(came.members)));
  }
}

// The same answer twice on each of two connections, and the node of one's own
// message and address.
void GivesLocalNode(CaseContext& context, bool joined) {
  const auto client = Connect(context);
  const auto other = Connect(context);
  const std::string group = UniqueGroup("node");
  if (joined) {
    JoinAndSettle(*client, group);
  }
  constexpr unsigned int kUnset = 0xA5A5A5A5;
  std::vector<unsigned int> answers;
  for (Client* each : {client.get(), client.get(), other.get()}) {
    // The neighbours of a 32-bit result keep what they hold.
    std::array<unsigned int, 3> result = {kUnset, kUnset, kUnset};
    const cs_error_t code = each->api().local_get(each->handle(), &result[1]);
    if (!ExpectOk(context, "LOCAL-01", "cpg_local_get", code)) {
      return;
    }
    if (result[0] != kUnset || result[2] != kUnset) {
      context.Fail("LOCAL-01", Report("cpg_local_get", "32 bits written",
                                      "more than 32 bits written"));
    }
    answers.push_back(result[1]);
  }
  if (answers[0] != answers[1] || answers[0] != answers[2]) {
    context.Fail(
        "LOCAL-01",
        Report("cpg_local_get, twice and on a second connection",
               "the same identifier each time",
               fmt::format("{}, {}, {}", answers[0], answers[1], answers[2])));
  }
  if (!joined) {
    return;
  }
  const size_t seen = client->RecordCount();
  NeedOk("cpg_mcast_joined", client->Multicast(harness::MakeMessage("own")));
  if (!DispatchUntil(*client, seen, [](const CallbackRecord& record) {
        return record.message == "own";
      })) {
    CaseContext::Untested("the own message did not come");
  }
  const uint32_t sender = client->Records().back().node_id;
  if (sender != answers[0]) {
    context.Fail("LOCAL-01",
                 Report("cpg_local_get",
                        fmt::format("{}, the node from which the own message "
                                    "came",
                                    sender),
                        std::to_string(answers[0])));
  }
}

void TellsFlowControl(CaseContext& context, bool joined) {
  context.Api({"cpg_flow_control_state_get"});
  const auto client = Connect(context);
  if (joined) {
    JoinAndSettle(*client, UniqueGroup("flow"));
    DispatchThroughBarrier(*client);
  }
  constexpr int kUnset = 0x5A5A5A5A;
  int came = kUnset;
  const cs_error_t code = client->api().flow_control_state_get(
      client->handle(), reinterpret_cast<cpg_flow_control_state_t*>(&came));
  const std::string call = "cpg_flow_control_state_get";
  if (ExpectOk(context, "FLOW-01", call, code) &&
      came != CPG_FLOW_CONTROL_DISABLED && came != CPG_FLOW_CONTROL_ENABLED) {
    context.Fail("FLOW-01", Report(call,
                                   "CPG_FLOW_CONTROL_DISABLED or "
                                   "CPG_FLOW_CONTROL_ENABLED",
                                   fmt::format("the value {}", came)));
  }
}

struct UnknownName {
  std::string name;
  std::string group;
};

std::vector<UnknownName> UnknownNames() {
  return {{"Short", "n"},
          {"Longest", std::string(CPG_MAX_NAME_LENGTH, 'n')},
          {"WithNulBytes", std::string("n\0n\0", 4)}};
}

}  // namespace

void RegisterMembershipCases() {
  for (const bool joined : {false, true}) {
    const std::string state = joined ? "Joined" : "NotJoined";
    RegisterCase(
        {.name = "MEMB-01/OthersGroup/" + state,
         .requirements = {"MEMB-01"},
         .profile = "api"},
        [joined](CaseContext& context) { AsksAboutOthers(context, joined); });
    for (const auto& unknown : UnknownNames()) {
      RegisterCase(
          {.name = "MEMB-01/UnknownGroup/" + unknown.name + "/" + state,
           .requirements = {"MEMB-01"},
           .profile = "api"},
          [group = unknown.group, joined](CaseContext& context) {
            AsksForUnknown(context, group, joined);
          });
    }
    RegisterCase(
        {.name = "LOCAL-01/" + state,
         .requirements = {"LOCAL-01"},
         .profile = "api"},
        [joined](CaseContext& context) { GivesLocalNode(context, joined); });
    RegisterCase(
        {.name = "FLOW-01/" + state,
         .requirements = {"FLOW-01"},
         .profile = "api"},
        [joined](CaseContext& context) { TellsFlowControl(context, joined); });
  }
  RegisterCase({.name = "MEMB-01/SimilarNames",
                .requirements = {"MEMB-01"},
                .profile = "api"},
               AsksForSimilarNames);
  struct Size {
    std::string name;
    int entries;
  };
  for (const Size& size :
       {Size{"NoEntry", 0}, Size{"OneEntry", 1}, Size{"OneTooFew", 3},
        Size{"AsManyAsMembers", 4}, Size{"OneMore", 5}, Size{"Many", 500}}) {
    RegisterCase({.name = "MEMB-02/ArrayOf/" + size.name,
                  .requirements = {"MEMB-02", "MEMB-01"},
                  .profile = "api"},
                 [entries = size.entries](CaseContext& context) {
                   FillsArray(context, entries);
                 });
  }
  for (const bool list : {true, false}) {
    RegisterCase(
        {.name = std::string("MEMB-03/") + (list ? "NullList" : "NullCount"),
         .requirements = {"MEMB-03", "ERR-06"},
         .profile = "api"},
        [list](CaseContext& context) { RefusesNull(context, list); });
  }
  struct NamedChange {
    std::string name;
    Change change;
  };
  for (const NamedChange& each : {NamedChange{"Joins", Change::kJoins},
                                  NamedChange{"Leave", Change::kLeave},
                                  NamedChange{"Finalize", Change::kFinalize},
                                  NamedChange{"Kill", Change::kKill},
                                  NamedChange{"OwnLeave", Change::kOwnLeave}}) {
    RegisterCase({.name = "MEMB-04/After/" + each.name,
                  .requirements = {"MEMB-04"},
                  .profile = "api"},
                 [change = each.change](CaseContext& context) {
                   EqualsLastChange(context, change);
                 });
  }
}

}  // namespace cpgcert::conformance::queries
