// Configuration and totem changes that a service of one node never gives.

#include <fmt/format.h>

#include <algorithm>

#include "conformance/scripted/scripted_scene.h"
#include "conformance/scripted/topics.h"
#include "conformance/support/support.h"
#include "harness/trace/trace.h"

namespace cpgcert::conformance::scripted {

namespace {

namespace wire = harness::wire;

using harness::CallbackRecord;
using harness::Client;

// --- Some leave and some join in one change ---------------------------------

struct Exchange {
  const char* name;  // of the case
  std::vector<uint32_t> left;
  std::vector<uint32_t> joined;
};

std::vector<Exchange> Exchanges() {
  return {{"MoreLeave", {21, 22, 23}, {31}},
          {"MoreJoin", {21}, {31, 32, 33}},
          {"AsMany", {21, 22}, {31, 32}}};
}

// With every reason that there is for such a list.
std::vector<wire::Address> WithReasons(const std::vector<uint32_t>& processes,
                                       std::vector<uint32_t> reasons) {
  std::vector<wire::Address> addresses;
  for (const uint32_t process : processes) {
    addresses.push_back({ScriptedScene::kNode, process,
                         reasons[addresses.size() % reasons.size()]});
  }
  return addresses;
}

std::string Text(const std::vector<cpg_address>& addresses) {
  std::vector<std::string> texts;
  for (const cpg_address& address : addresses) {
    texts.push_back(fmt::format("{}:{} with reason {}", address.nodeid,
                                address.pid, address.reason));
  }
  std::ranges::sort(texts);  // no page gives an order
  return Join(texts);
}

std::string Text(const std::vector<wire::Address>& addresses) {
  std::vector<cpg_address> same;
  for (const wire::Address& address : addresses) {
    same.push_back({address.node, address.process, address.reason});
  }
  return Text(same);
}

void LeaveAndJoinTogether(CaseContext& context, const Exchange& exchange) {
  ScriptedScene scene(context);
  Client& client = scene.Connect();
  wire::ConfigurationEvent change{
      .group = ScriptedScene::kGroup,
      .members = WithReasons({11, 12}, {CPG_REASON_UNDEFINED}),
      .left = WithReasons(exchange.left, {CPG_REASON_LEAVE, CPG_REASON_NODEDOWN,
                                          CPG_REASON_PROCDOWN}),
      .joined =
          WithReasons(exchange.joined, {CPG_REASON_JOIN, CPG_REASON_NODEUP})};
  for (const wire::Address& address : change.joined) {
    change.members.push_back(
        {address.node, address.process, CPG_REASON_UNDEFINED});
  }
  scene.Send(wire::Build(change));
  NeedOk("cpg_dispatch", client.Dispatch(CS_DISPATCH_ALL));
  const auto records = client.Records();
  const std::string call = fmt::format(
      "cpg_dispatch(CS_DISPATCH_ALL), when a change is waiting by which {} "
      "leave and {} join",
      change.left.size(), change.joined.size());
  if (records.size() != 1 ||
      records[0].kind != CallbackRecord::Kind::kConfiguration) {
    context.Fail("CONF-01",
                 Report(call, "one configuration change", Join(Texts(client))));
    return;
  }
  const auto expect = [&](const char* list, const std::string& owed,
                          const std::string& came) {
    if (came != owed) {
      context.Fail("CONF-01",
                   Report(call, fmt::format("{}: {}", list, owed), came));
    }
  };
  expect("members", Text(change.members), Text(records[0].members));
  expect("left", Text(change.left), Text(records[0].left));
  expect("joined", Text(change.joined), Text(records[0].joined));
}

// --- Rings ------------------------------------------------------------------

// The third number has more than 32 bits.
constexpr uint64_t kSequences[] = {8, 12, (uint64_t{1} << 33) | 4};

void RingsInARow(CaseContext& context) {
  ScriptedScene scene(context);
  Client& client = scene.Connect({.totem = true});
  const std::vector<uint32_t> nodes = {ScriptedScene::kNode, 8, 9};
  for (const uint64_t sequence : kSequences) {
    scene.Send(wire::Build(wire::TotemEvent{.ring_node = ScriptedScene::kNode,
                                            .ring_sequence = sequence,
                                            .nodes = nodes}));
  }
  NeedOk("cpg_dispatch", client.Dispatch(CS_DISPATCH_ALL));
  const auto records = client.Records();
  const std::string call =
      "cpg_dispatch(CS_DISPATCH_ALL), when three totem changes are waiting, "
      "of sequence numbers that grow";
  if (records.size() != std::size(kSequences)) {
    context.Fail("TOTEM-03", Report(call, "a totem callback for each",
                                    Join(Texts(client))));
    return;
  }
  uint64_t last = 0;
  for (const CallbackRecord& record : records) {
    if (record.ring.seq < last) {
      context.Fail("TOTEM-03", Report(call, fmt::format("at least {}", last),
                                      fmt::format("{}", record.ring.seq)));
    }
    last = record.ring.seq;
    if (record.ring.nodeid != ScriptedScene::kNode ||
        record.ring_members != nodes) {
      context.Fail(
          "TOTEM-03",
          Report(call,
                 fmt::format("node {} as the leader of nodes {}",
                             ScriptedScene::kNode, fmt::join(nodes, ", ")),
                 fmt::format("node {} as the leader of nodes {}",
                             record.ring.nodeid,
                             fmt::join(record.ring_members, ", "))));
    }
  }
}

// The service sends the totem event that the flag asks for too early: right
// before the change of the own join.
void TotemBeforeFirstChange(CaseContext& context) {
  ScriptedScene scene(context);
  Client& client = scene.Connect({.totem = true, .initial_totem = true});
  const wire::Address self{ScriptedScene::kNode,
                           static_cast<uint32_t>(harness::trace::ProcessId()),
                           CPG_REASON_JOIN};
  scene.React(
      {.request = wire::RequestId::kJoin,
       .answer = harness::Reaction::Answer::kBytes,
       .bytes = wire::Build(wire::PlainReply{.id = wire::ReplyId::kJoin}),
       .events = {
           wire::Build(wire::TotemEvent{.ring_node = ScriptedScene::kNode,
                                        .ring_sequence = 4,
                                        .nodes = {ScriptedScene::kNode}}),
           wire::Build(wire::ConfigurationEvent{
               .group = ScriptedScene::kGroup,
               .members = {{self.node, self.process, CPG_REASON_UNDEFINED}},
               .joined = {self}})}});
  NeedOk("cpg_join", client.Join(ScriptedScene::kGroup));
  for (int i = 0; i < 2 && client.WaitReadable(kWaitDeadline); ++i) {
    NeedOk("cpg_dispatch", client.Dispatch(CS_DISPATCH_ONE));
  }
  const size_t shown = client.RecordCount();
  NeedOk("cpg_dispatch", client.Dispatch(CS_DISPATCH_ALL));
  const auto records = client.Records();
  const std::string call =
      "cpg_dispatch after a join with the flag, when a totem event and then "
      "the change of the own join are waiting";
  if (records.size() != 2 ||
      records[0].kind != CallbackRecord::Kind::kConfiguration ||
      records[1].kind != CallbackRecord::Kind::kTotem) {
    context.Fail("TOTEM-02", Report(call, "the change, then the totem callback",
                                    Join(Texts(client))));
  }
  if (shown < records.size()) {
    context.Fail("FD-01",
                 Report("poll on the descriptor while a totem callback is due",
                        "readable", "not readable"));
  }
}

}  // namespace

void RegisterChangeCases() {
  for (const Exchange& exchange : Exchanges()) {
    RegisterCase(
        {.name = Scripted("CONF-01") + "LeaveAndJoinTogether/" + exchange.name,
         .requirements = {"CONF-01"},
         .profile = "api",
         .needs_capability = true},
        [exchange](CaseContext& context) {
          LeaveAndJoinTogether(context, exchange);
        });
  }
  RegisterCase({.name = Scripted("TOTEM-03") + "RingsInARow",
                .requirements = {"TOTEM-03"},
                .profile = "api",
                .needs_capability = true},
               RingsInARow);
  RegisterCase({.name = Scripted("TOTEM-02") + "TotemBeforeFirstChange",
                .requirements = {"TOTEM-02", "FD-01"},
                .profile = "api",
                .needs_capability = true},
               TotemBeforeFirstChange);
}

}  // namespace cpgcert::conformance::scripted
