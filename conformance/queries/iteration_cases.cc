// What an iteration gives: ITER-02, ITER-03, ITER-04.

#include <fmt/core.h>

#include <array>
#include <functional>
#include <string>
#include <vector>

#include "conformance/queries/queries_suite.h"
#include "conformance/queries/query_calls.h"
#include "conformance/support/support.h"
#include "harness/client.h"
#include "harness/trace/trace.h"

namespace cpgcert::conformance::queries {

namespace {

using harness::Client;
using harness::ErrorName;
using harness::Peer;

// Three groups: the subject and one other process in the first, one other in
// the second, two others in the third; and `spare` processes outside.
class Crowd {
 public:
  static constexpr int kMembers = 4;

  explicit Crowd(CaseContext& context, bool subject_joins = true,
                 int spare = 0) {
    for (const char* tag : {"first", "second", "third", "later"}) {
      groups_.push_back(UniqueGroup(tag));
    }
    for (int i = 0; i < kMembers + spare; ++i) {
      peers_.push_back(StartPeer(context));
    }
    subject_ = Connect(context);
    node_ = LocalNode(*subject_);
    if (subject_joins) {
      JoinAndSettle(*subject_, groups_[0]);
      members_.push_back({groups_[0], harness::trace::ProcessId()});
    }
    for (const auto& [peer, group] :
         {std::pair{0, 0}, {1, 1}, {2, 2}, {3, 2}}) {
      Need(peers_[peer]->Join(groups_[group]));
      members_.push_back({groups_[group], peers_[peer]->process()});
    }
  }

  Client& subject() { return *subject_; }
  Peer& peer(int index) { return *peers_.at(index); }
  const std::string& group(int index) const { return groups_.at(index); }
  const std::vector<std::string>& groups() const { return groups_; }

  // What an iteration that begins now owes; ONE_GROUP is over the first group.
  std::vector<std::string> Owed(int type) const {
    std::vector<std::string> items;
    if (type == CPG_ITERATION_NAME_ONLY) {
      for (int i = 0; i < 3; ++i) {
        items.push_back(ItemText(0, 0, groups_[i]));
      }
      return items;
    }
    for (const Member& member : members_) {
      if (type == CPG_ITERATION_ALL || member.group == groups_[0]) {
        items.push_back(ItemText(node_, member.process, member.group));
      }
    }
    return items;
  }

 private:
  struct Member {
    std::string group;
    pid_t process = 0;
  };
  std::vector<std::string> groups_;
  std::vector<std::unique_ptr<Peer>> peers_;
  std::unique_ptr<Client> subject_;
  uint32_t node_ = 0;
  std::vector<Member> members_;
};

std::string CallText(const IterationType& type) {
  return "cpg_iteration_next until its end, of type " + type.name;
}

void GivesItems(CaseContext& context, const IterationType& type, bool joined) {
  Crowd crowd(context, joined);
  Iteration iteration =
      Iteration::Begin(context, crowd.subject(), type.value, crowd.group(0));
  ExpectItems(context, "ITER-02", CallText(type), iteration.ReadRest(),
              crowd.groups(), crowd.Owed(type.value));
  ExpectOk(context, "ITER-02", "cpg_iteration_finalize after the end",
           iteration.Finalize());
}

// A group that nobody has joined, and one whose only member has left.
void GivesNothing(CaseContext& context, const IterationType& type, bool left) {
  const auto peer = StartPeer(context);
  const auto client = Connect(context);
  const std::string group = UniqueGroup("empty");
  if (left) {
    Need(peer->Join(group));
    Need(peer->Leave(group));
    NeedMemberCount(*client, group, 0);
  }
  Iteration iteration = Iteration::Begin(context, *client, type.value, group);
  ExpectItems(context, "ITER-02", CallText(type) + ", group without members",
              iteration.ReadRest(), {group}, {});
  ExpectOk(context, "ITER-02", "cpg_iteration_finalize", iteration.Finalize());
}

void GivesLongestName(CaseContext& context, const IterationType& type) {
  const auto client = Connect(context);
  std::string group = UniqueGroup("long") + std::string(1, '\0');
  group.resize(CPG_MAX_NAME_LENGTH, 'x');
  JoinAndSettle(*client, group);
  const bool named = type.value == CPG_ITERATION_NAME_ONLY;
  const std::string owed =
      named ? ItemText(0, 0, group)
            : ItemText(LocalNode(*client), harness::trace::ProcessId(), group);
  Iteration iteration = Iteration::Begin(context, *client, type.value, group);
  ExpectItems(context, "ITER-02",
              CallText(type) + ", a name of 128 bytes with a null byte",
              iteration.ReadRest(), {group}, {owed});
  NeedOk("cpg_iteration_finalize", iteration.Finalize());
}

// Connections of one process, each the only member of a group.
class ManyGroups {
 public:
  static constexpr int kGroups = 50;

  explicit ManyGroups(Client& client) : client_(client) {
    for (int i = 0; i < kGroups; ++i) {
      groups_.push_back(UniqueGroup(fmt::format("many{}x", i)));
      cpg_callbacks_t none{};
      cpg_handle_t handle = 0;
      NeedOk("cpg_initialize", client.api().initialize(&handle, &none));
      handles_.push_back(handle);
      const cpg_name name = harness::MakeGroupName(groups_.back());
      NeedOk("cpg_join", harness::RetryWhileTryAgain(
                             [&] { return client.api().join(handle, &name); },
                             kWaitDeadline));
    }
    for (const std::string& group : groups_) {
      NeedMemberCount(client, group, 1);
    }
  }
  ~ManyGroups() {
    for (const cpg_handle_t handle : handles_) {
      client_.api().finalize(handle);
    }
  }
  ManyGroups(const ManyGroups&) = delete;
  ManyGroups& operator=(const ManyGroups&) = delete;

  const std::vector<std::string>& groups() const { return groups_; }

 private:
  Client& client_;
  std::vector<std::string> groups_;
  std::vector<cpg_handle_t> handles_;
};

void GivesManyGroups(CaseContext& context) {
  const auto client = Connect(context);
  const uint32_t node = LocalNode(*client);
  const ManyGroups many(*client);
  const std::string& last = many.groups().back();
  for (const IterationType& type : IterationTypes()) {
    std::vector<std::string> owed;
    for (const std::string& group : many.groups()) {
      if (type.value == CPG_ITERATION_NAME_ONLY) {
        owed.push_back(ItemText(0, 0, group));
      } else if (type.value == CPG_ITERATION_ALL || group == last) {
        owed.push_back(ItemText(node, harness::trace::ProcessId(), group));
      }
    }
    Iteration iteration = Iteration::Begin(context, *client, type.value, last);
    ExpectItems(context, "ITER-02", CallText(type) + ", 50 groups",
                iteration.ReadRest(), many.groups(), owed);
    NeedOk("cpg_iteration_finalize", iteration.Finalize());
  }
}

// Two iterations at once, an item of each in turn.
void InTurn(CaseContext& context, const IterationType& first_type,
            const IterationType& second_type, bool two_connections) {
  Crowd crowd(context);
  const auto other = Connect(context);
  Iteration first = Iteration::Begin(context, crowd.subject(), first_type.value,
                                     crowd.group(0));
  Iteration second =
      Iteration::Begin(context, two_connections ? *other : crowd.subject(),
                       second_type.value, crowd.group(0));
  struct Reading {
    Iteration* iteration;
    const IterationType* type;
    Iteration::Rest rest{};
  };
  std::array<Reading, 2> readings = {Reading{&first, &first_type},
                                     Reading{&second, &second_type}};
  constexpr int kItemsMax = 50;
  for (int i = 0; i < kItemsMax; ++i) {
    for (Reading& reading : readings) {
      std::string item;
      if (reading.rest.end == CS_OK) {
        reading.rest.end = reading.iteration->Next(&item);
        if (reading.rest.end == CS_OK) {
          reading.rest.items.push_back(item);
        }
      }
    }
  }
  for (const Reading& reading : readings) {
    ExpectItems(context, "ITER-02",
                CallText(*reading.type) + ", in turn with another",
                reading.rest, crowd.groups(), crowd.Owed(reading.type->value));
  }
  NeedOk("cpg_iteration_finalize", first.Finalize());
  NeedOk("cpg_iteration_finalize", second.Finalize());
}

void EndStays(CaseContext& context, const IterationType& type) {
  constexpr int kCallsAfterEnd = 3;
  Crowd crowd(context);
  Iteration iteration =
      Iteration::Begin(context, crowd.subject(), type.value, crowd.group(0));
  const Iteration::Rest rest = iteration.ReadRest();
  if (rest.items.empty()) {
    CaseContext::Untested("the iteration had no item");
  }
  for (int i = 1; i <= kCallsAfterEnd; ++i) {
    std::string item;
    const cs_error_t code = iteration.Next(&item);
    if (code != CS_ERR_NO_SECTIONS) {
      context.Fail(
          "ITER-03",
          Report(
              fmt::format("cpg_iteration_next of type {}, {} times after "
                          "its end",
                          type.name, i),
              "CS_ERR_NO_SECTIONS, as at its end",
              code == CS_OK ? "CS_OK and the item " + item : ErrorName(code)));
    }
  }
  NeedOk("cpg_iteration_finalize", iteration.Finalize());
}

enum class Change { kJoins, kLeaves, kDeaths };

void WaitGone(Crowd& crowd) {
  NeedMemberCount(crowd.subject(), crowd.group(0), 1);
  NeedMemberCount(crowd.subject(), crowd.group(1), 0);
}

// One process more, or less, in the first group, and a group more, or less.
void Apply(Crowd& crowd, Change change) {
  switch (change) {
    case Change::kJoins:
      Need(crowd.peer(Crowd::kMembers).Join(crowd.group(0)));
      Need(crowd.peer(Crowd::kMembers + 1).Join(crowd.group(3)));
      return;
    case Change::kLeaves:
      Need(crowd.peer(0).Leave(crowd.group(0)));
      Need(crowd.peer(1).Leave(crowd.group(1)));
      return WaitGone(crowd);
    case Change::kDeaths:
      crowd.peer(0).Kill();
      crowd.peer(1).Kill();
      return WaitGone(crowd);
  }
}

void IsSnapshot(CaseContext& context, const IterationType& type, Change change,
                bool in_the_middle) {
  const int spare = change == Change::kJoins ? 2 : 0;
  Crowd crowd(context, true, spare);
  Iteration iteration =
      Iteration::Begin(context, crowd.subject(), type.value, crowd.group(0));
  const std::vector<std::string> owed = crowd.Owed(type.value);
  std::string first;
  if (in_the_middle) {
    NeedOk("cpg_iteration_next", iteration.Next(&first));
  }
  Apply(crowd, change);
  Iteration::Rest rest = iteration.ReadRest();
  if (in_the_middle) {
    rest.items.insert(rest.items.begin(), first);
  }
  ExpectItems(context, "ITER-04",
              CallText(type) + ", of what there was at its beginning", rest,
              crowd.groups(), owed);
  NeedOk("cpg_iteration_finalize", iteration.Finalize());
}

void RegisterSnapshots(const IterationType& type) {
  struct NamedChange {
    std::string name;
    Change change;
  };
  for (const NamedChange& each : {NamedChange{"Joins", Change::kJoins},
                                  NamedChange{"Leaves", Change::kLeaves},
                                  NamedChange{"Deaths", Change::kDeaths}}) {
    for (const bool middle : {false, true}) {
      RegisterCase(
          {.name = fmt::format("ITER-04/{}/{}/{}", type.name, each.name,
                               middle ? "AfterFirstItem" : "BeforeFirstItem"),
           .requirements = {"ITER-04", "ITER-03"},
           .profile = "api",
           .needs_capability = true},
          [type, change = each.change, middle](CaseContext& context) {
            IsSnapshot(context, type, change, middle);
          });
    }
  }
}

void RegisterPlain(const std::string& name,
                   std::function<void(CaseContext&)> body) {
  RegisterCase({.name = "ITER-02/" + name,
                .requirements = {"ITER-02", "ITER-03"},
                .profile = "api",
                .needs_capability = true},
               std::move(body));
}

}  // namespace

void RegisterIterationCases() {
  RegisterPlain("EachType/ManyGroups", GivesManyGroups);
  for (const IterationType& type : IterationTypes()) {
    for (const bool joined : {true, false}) {
      RegisterPlain(
          type.name + "/SeveralGroups/" + (joined ? "Joined" : "NotJoined"),
          [type, joined](CaseContext& context) {
            GivesItems(context, type, joined);
          });
    }
    for (const bool left : {false, true}) {
      RegisterPlain(type.name + (left ? "/GroupLeft" : "/GroupNeverJoined"),
                    [type, left](CaseContext& context) {
                      GivesNothing(context, type, left);
                    });
    }
    RegisterPlain(type.name + "/LongestName", [type](CaseContext& context) {
      GivesLongestName(context, type);
    });
    RegisterCase({.name = "ITER-03/EndStays/" + type.name,
                  .requirements = {"ITER-03"},
                  .profile = "api",
                  .needs_capability = true},
                 [type](CaseContext& context) { EndStays(context, type); });
    RegisterSnapshots(type);
    for (const IterationType& other : IterationTypes()) {
      if (other.value < type.value) continue;  // the same pair
      RegisterPlain(type.name + "/InTurnWith/" + other.name,
                    [type, other](CaseContext& context) {
                      InTurn(context, type, other, false);
                    });
    }
    RegisterPlain(
        type.name + "/InTurnWith/OtherConnection",
        [type](CaseContext& context) { InTurn(context, type, type, true); });
  }
}

}  // namespace cpgcert::conformance::queries
