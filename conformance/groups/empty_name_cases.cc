// A name of no bytes: refused, or the name of a group like any other.

#include <fmt/core.h>

#include <array>
#include <memory>
#include <string>
#include <vector>

#include "conformance/groups/topics.h"
#include "conformance/groups/words.h"

namespace cpgcert::conformance::groups {

namespace {

using harness::Client;

enum class End { kLeave, kFinalize, kProcessEnd };

const char* EndText(End end) {
  switch (end) {
    case End::kLeave:
      return "cpg_leave";
    case End::kFinalize:
      return "cpg_finalize without cpg_leave";
    case End::kProcessEnd:
      return "SIGKILL to the member";
  }
  return "";
}

// True if the service takes the name; the client is a member then. A refusal
// must have no effect, which `other` is asked for too.
bool EmptyNameIsTaken(CaseContext& context, Client& client,
                      const std::string& other) {
  ErrorOracle oracle(context, client, other, nullptr);
  const cs_error_t result = JoinRaw(client, RawName(""));
  if (result != CS_OK) {
    context.Note("the empty name is refused with " +
                 harness::ErrorName(result));
    oracle.NothingHappened("cpg_join of the empty name");
    return false;
  }
  if (!DispatchUntil(client, 0, JoinOf(SelfProcess()))) {
    context.Fail("JOIN-06", Report("cpg_join of the empty name, CS_OK",
                                   "a configuration change",
                                   conformance::Join(Texts(client))));
    return false;
  }
  const std::vector<std::string> self = {SelfAddress(client)};
  const std::vector<std::string> members = MembersOf(client, "");
  if (members != self) {
    context.Fail("JOIN-06",
                 Report("cpg_membership_get of the empty name, "
                        "which was joined",
                        conformance::Join(self), conformance::Join(members)));
  }
  return true;
}

void LeaveEmptyName(CaseContext& context, Client& client) {
  const size_t seen = client.RecordCount();
  if (ExpectOk(context, "JOIN-06", "cpg_leave of the empty name",
               LeaveRaw(client, RawName(""))) &&
      !DispatchUntil(client, seen, LeaveOf(SelfProcess()))) {
    context.Fail("JOIN-06", Report("cpg_leave of the empty name",
                                   "the change of the own leave",
                                   conformance::Join(Texts(client, seen))));
  }
}

// Members of the empty name, also as an iteration over all tells.
std::vector<std::string> MembersAndIterated(Client& asker) {
  std::vector<std::string> found = MembersOf(asker, "");
  for (const Iterated& step : Iterate(asker, CPG_ITERATION_ALL, nullptr)) {
    if (step.group.empty()) {
      found.push_back("iterated " + step.address);
    }
  }
  return found;
}

void EmptyName(CaseContext& context, End end) {
  const auto peer = StartPeer(context);
  const auto helper = StartPeer(context);
  auto witness = ConnectForQueries(context);
  const std::string other = UniqueGroup("witness");
  JoinAndSettle(*witness, other);
  auto member = Connect(context);
  if (!EmptyNameIsTaken(context, *member, other)) {
    return;
  }
  switch (end) {
    case End::kLeave:
      LeaveEmptyName(context, *member);
      break;
    case End::kFinalize:
      NeedOk("cpg_finalize", member->Finalize());
      break;
    case End::kProcessEnd:
      LeaveEmptyName(context, *member);
      Need(peer->Join(""));
      peer->Kill();
      break;
  }
  if (!HoldsAfterRounds([&] { return MembersAndIterated(*witness).empty(); },
                        [&] { DepartureRound(*helper, *witness, other); })) {
    context.Fail(
        "JOIN-06",
        Report(fmt::format("cpg_join of the empty name, then {}", EndText(end)),
               "nobody is a member once later ends of other processes have "
               "been announced",
               conformance::Join(MembersAndIterated(*witness))));
    EndServiceWithGhosts(context);
  }
}

// Nobody has joined it.
void QueriesWithoutMembers(CaseContext& context) {
  auto client = ConnectForQueries(context);
  const std::string group = UniqueGroup("witness");
  JoinAndSettle(*client, group);
  std::array<cpg_address, CPG_MEMBERS_MAX> members{};
  int count = CPG_MEMBERS_MAX;
  cpg_name name = RawName("", 'x');
  const cs_error_t result = client->api().membership_get(
      client->handle(), &name, members.data(), &count);
  if (result == CS_OK && count != 0) {
    context.Fail("JOIN-06",
                 Report("cpg_membership_get of the empty name, which nobody "
                        "has joined",
                        "no members, or an error",
                        fmt::format("CS_OK with {} members", count)));
  }
  cpg_iteration_handle_t iteration = 0;
  const auto& api = client->api();
  if (api.iteration_initialize(client->handle(), CPG_ITERATION_ONE_GROUP, &name,
                               &iteration) != CS_OK) {
    return;
  }
  cpg_iteration_description_t step{};
  if (api.iteration_next(iteration, &step) == CS_OK) {
    context.Fail(
        "JOIN-06",
        Report("an iteration over one group, the empty name, which nobody "
               "has joined",
               "no entry", "the entry " + Address(step.nodeid, step.pid)));
  }
  NeedOk("cpg_iteration_finalize", api.iteration_finalize(iteration));
}

}  // namespace

void RegisterEmptyNameCases() {
  const auto add = [](const char* name, End end) {
    RegisterCase({.name = name,
                  .requirements = {"JOIN-06", "ERR-06"},
                  .profile = "api",
                  .needs_capability = true},  // it iterates
                 [end](CaseContext& context) { EmptyName(context, end); });
  };
  add("JOIN-06/EmptyName/AfterLeave", End::kLeave);
  add("JOIN-06/EmptyName/AfterFinalize", End::kFinalize);
  add("JOIN-06/EmptyName/AfterProcessEnd", End::kProcessEnd);
  RegisterCase({.name = "JOIN-06/EmptyName/QueriesWithoutMembers",
                .requirements = {"JOIN-06"},
                .profile = "api",
                .needs_capability = true},
               QueriesWithoutMembers);
}

}  // namespace cpgcert::conformance::groups
