// Names of groups: their length and their bytes.

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "conformance/groups/topics.h"
#include "conformance/groups/words.h"
#include "harness/message.h"

namespace cpgcert::conformance::groups {

namespace {

using harness::CallbackRecord;
using harness::Client;

constexpr uint32_t kLongest = CPG_MAX_NAME_LENGTH;

// Lengths that no name has; around powers of two, where a narrower type or a
// sum overflows.
constexpr std::array<uint32_t, 15> kTooLong = {
    129,        130,        136,        160,        200,
    255,        256,        257,        65535,      65536,
    0x7fffffff, 0x80000000, 0x80000080, 0xffffff80, 0xffffffff};

// Bytes that show when a name is cut, shifted or mixed up with another's.
std::string NameWithLength(size_t length) {
  std::string name;
  for (size_t i = 0; i < length; ++i) {
    name.push_back(static_cast<char>('a' + (i + length) % 26));
  }
  return name;
}

// "610062", for names that cannot be printed.
std::string Hex(std::string_view bytes) {
  std::string text;
  for (const char byte : bytes) {
    text += fmt::format("{:02x}", static_cast<unsigned char>(byte));
  }
  return text;
}

// A name as a failure shows it.
std::string NameText(std::string_view name) {
  const bool plain = std::ranges::all_of(
      name, [](char byte) { return byte > ' ' && byte <= '~'; });
  return plain ? fmt::format("the name \"{}\", {} bytes", name, name.size())
               : fmt::format("the name 0x{}, {} bytes", Hex(name), name.size());
}

// Every record since `seen` is of `group`; fails JOIN-05 if not.
bool ExpectGroupIn(CaseContext& context, Client& client, size_t seen,
                   const std::string& group) {
  const std::vector<CallbackRecord> records = client.Records();
  for (; seen < records.size(); ++seen) {
    if (records[seen].group != group) {
      context.Fail("JOIN-05",
                   Report("cpg_dispatch on a member of " + NameText(group),
                          "callbacks with exactly that name",
                          NameText(records[seen].group)));
      return false;
    }
  }
  return true;
}

// The queries find this process in `group`, and in it alone.
bool ExpectFound(CaseContext& context, Client& client,
                 const std::string& group) {
  const std::vector<std::string> self = {SelfAddress(client)};
  const std::vector<std::string> members = MembersOf(client, group);
  if (members != self) {
    context.Fail("JOIN-05",
                 Report("cpg_membership_get of " + NameText(group),
                        conformance::Join(self), conformance::Join(members)));
    return false;
  }
  const cpg_name name = RawName(group);
  const auto steps = Iterate(client, CPG_ITERATION_ONE_GROUP, &name);
  if (steps.size() != 1 || steps[0].group != group ||
      steps[0].address != self[0]) {
    context.Fail(
        "JOIN-05",
        Report("an iteration over one group, " + NameText(group),
               "one entry with that name, " + self[0],
               steps.empty()
                   ? "no entry"
                   : fmt::format("{} entries, the first {}: {}", steps.size(),
                                 steps[0].address, NameText(steps[0].group))));
    return false;
  }
  return true;
}

// Joins and waits for the own change. Fails JOIN-05 and returns false if
// either does not come.
bool JoinLegalName(CaseContext& context, Client& client,
                   const std::string& group) {
  const std::string call = "cpg_join of " + NameText(group);
  if (!ExpectOk(context, "JOIN-05", call, JoinRaw(client, RawName(group)))) {
    return false;
  }
  if (!DispatchUntil(client, 0, JoinOf(SelfProcess()))) {
    context.Fail("JOIN-05", Report(call, "a configuration change",
                                   conformance::Join(Texts(client))));
    return false;
  }
  return true;
}

// Join, multicast, queries and leave. False once something was wrong.
bool UseName(CaseContext& context, const std::string& group) {
  const auto connection = ConnectForQueries(context);
  Client& client = *connection;
  if (!JoinLegalName(context, client, group)) {
    return false;
  }
  DispatchThroughBarrier(client);
  if (!ExpectFound(context, client, group)) {
    return false;
  }
  const size_t seen = client.RecordCount();
  if (!ExpectOk(context, "JOIN-05", "cpg_leave of " + NameText(group),
                LeaveRaw(client, RawName(group)))) {
    return false;
  }
  if (!DispatchUntil(client, seen, LeaveOf(SelfProcess()))) {
    context.Fail("JOIN-05", Report("cpg_leave of " + NameText(group),
                                   "a configuration change with itself as left",
                                   conformance::Join(Texts(client, seen))));
    return false;
  }
  const bool same = ExpectGroupIn(context, client, 0, group);
  NeedOk("cpg_finalize", client.Finalize());
  return same;
}

void EveryLength(CaseContext& context) {
  for (uint32_t length = 1; length <= kLongest; ++length) {
    context.Step(fmt::format("a name of {} bytes", length));
    if (!UseName(context, NameWithLength(length))) {
      return;
    }
  }
}

// Names that differ are groups that have nothing to do with each other.
void GroupsApart(CaseContext& context, const std::vector<std::string>& names) {
  std::vector<std::unique_ptr<Client>> clients;
  for (const std::string& name : names) {
    clients.push_back(ConnectForQueries(context));
    context.Step(NameText(name));
    if (!JoinLegalName(context, *clients.back(), name)) {
      return;
    }
  }
  for (const auto& client : clients) {
    NeedOk("cpg_mcast_joined",
           client->Multicast(harness::MakeMessage("crosstalk")));
  }
  for (size_t i = 0; i < names.size(); ++i) {
    Client& client = *clients[i];
    DispatchThroughBarrier(client);
    if (!ExpectGroupIn(context, client, 0, names[i]) ||
        !ExpectFound(context, client, names[i])) {
      return;
    }
    // Its own change, its own message and the barrier.
    if (client.RecordCount() != 3) {
      context.Fail(
          "JOIN-05",
          Report("cpg_join and one cpg_mcast_joined in each of several groups, "
                 "here " +
                     NameText(names[i]),
                 "one change, one message and a barrier message",
                 conformance::Join(Texts(client))));
    }
  }
  const auto listed = Iterate(*clients[0], CPG_ITERATION_NAME_ONLY, nullptr);
  for (const std::string& name : names) {
    const auto times = std::ranges::count(
        listed, name, [](const Iterated& step) { return step.group; });
    if (times != 1) {
      context.Fail("JOIN-05", Report("an iteration over all names",
                                     NameText(name) + " once",
                                     fmt::format("{} times", times)));
    }
  }
}

std::vector<std::string> NamesWithZeroBytes() {
  using std::string_literals::operator""s;
  return {"a"s, "a\0"s, "a\0\0"s, "a\0b"s, "a\0c"s, "\0"s, "\0\0"s, "\0a"s};
}

std::vector<std::string> NamesThatArePrefixes() {
  const std::string longest = NameWithLength(kLongest);
  return {longest.substr(0, 1),   longest.substr(0, 2),  longest.substr(0, 8),
          longest.substr(0, 63),  longest.substr(0, 64), longest.substr(0, 127),
          longest.substr(0, 128), longest.substr(1, 127)};
}

std::vector<std::string> NamesThatDifferInOneByte() {
  std::vector<std::string> names;
  for (const size_t place : {0, 1, 7, 8, 64, 126, 127}) {
    names.emplace_back(kLongest, 'n');
    names.back()[place] = 'N';
  }
  return names;
}

// Together they hold every byte.
std::vector<std::string> NamesWithEveryByte() {
  std::string low;
  std::string high;
  for (int byte = 0; byte < 128; ++byte) {
    low.push_back(static_cast<char>(byte));
    high.push_back(static_cast<char>(byte + 128));
  }
  return {low,
          high,
          {low.rbegin(), low.rend()},
          {high.rbegin(), high.rend()},
          "%s%n%x",
          " ",
          "\n",
          "\xff"};
}

void TooLongJoin(CaseContext& context) {
  const std::string group = UniqueGroup("legal");
  const auto peer = StartPeer(context);
  Need(peer->Join(group));
  auto client = Connect(context);
  ErrorOracle oracle(context, *client, group, peer.get());
  for (const uint32_t length : kTooLong) {
    const std::string call = fmt::format("cpg_join, a name of {}", length);
    context.Step(call);
    if (!ExpectOneOf(context, "JOIN-05", call,
                     JoinRaw(*client, NameOfLength(length)),
                     {CS_ERR_NAME_TOO_LONG, CS_ERR_INVALID_PARAM})) {
      return;
    }
  }
  const std::vector<std::string> cut = MembersOf(*client, NameOfLength(128));
  if (!cut.empty()) {
    context.Fail("JOIN-05", Report("cpg_join, names that are too long",
                                   "no membership in the group of the first "
                                   "128 bytes",
                                   conformance::Join(cut)));
  }
  oracle.NothingHappened("cpg_join, names that are too long");
  JoinAndSettle(*client, group);
  oracle.HappenedOnce("cpg_join", "joined=[" + SelfAddress(*client));
}

void TooLongMembershipGet(CaseContext& context) {
  auto client = Connect(context);
  const std::string group(kLongest, 'x');
  JoinAndSettle(*client, group);
  ErrorOracle oracle(context, *client, group, nullptr);
  for (const uint32_t length : kTooLong) {
    const std::string call =
        fmt::format("cpg_membership_get, a name of {}", length);
    context.Step(call);
    std::array<cpg_address, CPG_MEMBERS_MAX> members{};
    int count = CPG_MEMBERS_MAX;
    cpg_name name = NameOfLength(length);
    if (!ExpectOneOf(context, "JOIN-05", call,
                     client->api().membership_get(client->handle(), &name,
                                                  members.data(), &count),
                     {CS_ERR_NAME_TOO_LONG, CS_ERR_INVALID_PARAM})) {
      return;
    }
  }
  oracle.NothingHappened("cpg_membership_get, names that are too long");
}

void TooLongIteration(CaseContext& context) {
  auto client = ConnectForQueries(context);
  const std::string group(kLongest, 'x');
  JoinAndSettle(*client, group);
  ErrorOracle oracle(context, *client, group, nullptr);
  for (const uint32_t length : kTooLong) {
    const std::string call =
        fmt::format("cpg_iteration_initialize, a name of {}", length);
    context.Step(call);
    const cpg_name name = NameOfLength(length);
    cpg_iteration_handle_t iteration = 0;
    if (!ExpectOneOf(
            context, "JOIN-05", call,
            client->api().iteration_initialize(
                client->handle(), CPG_ITERATION_ONE_GROUP, &name, &iteration),
            {CS_ERR_NAME_TOO_LONG, CS_ERR_INVALID_PARAM})) {
      return;
    }
  }
  oracle.NothingHappened("cpg_iteration_initialize, names that are too long");
}

// What lies behind the name's bytes is no part of it: another process, which
// has zeros there, is in the same group.
void GarbageBehindTheName(CaseContext& context) {
  constexpr char kGarbage = '\xa5';
  const std::string group = UniqueGroup("garbage");
  const auto peer = StartPeer(context);
  Need(peer->Join(group));
  auto client = ConnectForQueries(context);
  if (!ExpectOk(context, "JOIN-05", "cpg_join, garbage behind the name",
                JoinRaw(*client, RawName(group, kGarbage)))) {
    return;
  }
  DispatchUntil(*client, 0, JoinOf(SelfProcess()));
  Need(peer->Multicast("m1", harness::kSmallMessageSize));
  DispatchThroughBarrier(*client);
  const uint32_t node = LocalNode(*client);
  const auto other = static_cast<uint32_t>(peer->process());
  ExpectTexts(context, "JOIN-05",
              "cpg_join with garbage behind the name's bytes, then a message "
              "of another member",
              {ChangeText(node, group, {{SelfProcess(), CPG_REASON_JOIN}}, {},
                          {other, SelfProcess()}),
               fmt::format("message m1 from {}:{} in {}", node, other, group)},
              [&] {
                std::vector<std::string> texts = OrderedTexts(*client);
                if (!texts.empty()) {
                  texts.pop_back();  // the barrier
                }
                return texts;
              }());
  ExpectTexts(context, "JOIN-05",
              "cpg_membership_get with other garbage behind the name's bytes",
              MembersOf(*client, group), MembersOf(*client, RawName(group, 1)));
  const cpg_name name = RawName(group, 1);
  const size_t steps = Iterate(*client, CPG_ITERATION_ONE_GROUP, &name).size();
  if (steps != 2) {
    context.Fail("JOIN-05",
                 Report("an iteration over one group, garbage behind the name",
                        "both members", fmt::format("{} entries", steps)));
  }
  const size_t seen = client->RecordCount();
  if (ExpectOk(context, "JOIN-05", "cpg_leave, other garbage behind the name",
               LeaveRaw(*client, RawName(group, 1))) &&
      !DispatchUntil(*client, seen, LeaveOf(SelfProcess()))) {
    context.Fail("JOIN-05", Report("cpg_leave, garbage behind the name",
                                   "the change of the own leave",
                                   conformance::Join(Texts(*client, seen))));
  }
}

}  // namespace

void RegisterNameCases() {
  const auto add = [](const char* name, CaseBody body,
                      std::vector<std::string> requirements = {"JOIN-05"}) {
    RegisterCase({.name = name,
                  .requirements = std::move(requirements),
                  .profile = "api",
                  .needs_capability = true},  // many iterate
                 std::move(body));
  };
  add("JOIN-05/EveryLength", EveryLength);
  add("JOIN-05/GroupsApart/ZeroBytes",
      [](CaseContext& context) { GroupsApart(context, NamesWithZeroBytes()); });
  add("JOIN-05/GroupsApart/Prefixes", [](CaseContext& context) {
    GroupsApart(context, NamesThatArePrefixes());
  });
  add("JOIN-05/GroupsApart/OneByteDiffers", [](CaseContext& context) {
    GroupsApart(context, NamesThatDifferInOneByte());
  });
  add("JOIN-05/GroupsApart/EveryByte",
      [](CaseContext& context) { GroupsApart(context, NamesWithEveryByte()); });
  add("JOIN-05/GarbageBehindTheName", GarbageBehindTheName);
  add("JOIN-05/TooLong/Join", TooLongJoin, {"JOIN-05", "ERR-06"});
  add("JOIN-05/TooLong/MembershipGet", TooLongMembershipGet,
      {"JOIN-05", "ERR-06"});
  add("JOIN-05/TooLong/IterationInitialize", TooLongIteration,
      {"JOIN-05", "ERR-06"});
}

}  // namespace cpgcert::conformance::groups
