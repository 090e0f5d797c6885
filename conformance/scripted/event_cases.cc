// Events that a real service gives rarely or never.

#include <fmt/core.h>

#include <algorithm>

#include "conformance/scripted/scripted_scene.h"
#include "conformance/scripted/topics.h"
#include "conformance/support/support.h"
#include "conformance/support/watched_answer.h"
#include "harness/message.h"

namespace cpgcert::conformance::scripted {

namespace {

namespace wire = harness::wire;

using harness::CallState;
using harness::Client;
using harness::ErrorName;

struct DispatchType {
  const char* name;      // of the case
  const char* constant;  // "CS_DISPATCH_ONE"
  int type = 0;
};

constexpr DispatchType kTypes[] = {
    {"One", "CS_DISPATCH_ONE", CS_DISPATCH_ONE},
    {"All", "CS_DISPATCH_ALL", CS_DISPATCH_ALL},
    {"Blocking", "CS_DISPATCH_BLOCKING", CS_DISPATCH_BLOCKING},
    {"OneNonblocking", "CS_DISPATCH_ONE_NONBLOCKING",
     CS_DISPATCH_ONE_NONBLOCKING}};

struct StrangeEvent {
  const char* name;  // of the case
  const char* what;
  int32_t id = 0;
};

constexpr StrangeEvent kStrange[] = {
    {"UnknownId", "an event of an identifier that means nothing", 99},
    {"NegativeId", "an event of a negative identifier", -5},
    {"IdOfAReply", "an event with the identifier of a reply", 7}};

std::string Message(const std::string& name, uint32_t process = 77,
                    size_t size = harness::kSmallMessageSize) {
  return wire::Build(
      wire::DeliverEvent{.group = ScriptedScene::kGroup,
                         .node = ScriptedScene::kNode,
                         .process = process,
                         .message = harness::MakeMessage(name, size)});
}

// Dispatches with one type until the message behind the strange event is
// there; the answers on the way.
std::string DispatchTo(ScriptedScene& scene, const DispatchType& type) {
  constexpr int kCallsMax = 4;
  Client& client = scene.client();
  std::string answers;
  for (int i = 0; i < kCallsMax && client.RecordCount() == 0; ++i) {
    if (!client.WaitReadable(kWaitDeadline)) {
      return answers + " and nothing waiting any more";
    }
    Client* const subject = &client;
    WatchedAnswer answer(
        [subject, type] { return subject->Dispatch(type.type); });
    const CallState state = answer.Settle();
    answers +=
        (answers.empty() ? "" : ", ") +
        (state.kind == CallState::Kind::kReturned ? ErrorName(answer.answer())
                                                  : harness::Describe(state));
    if (state.kind != CallState::Kind::kReturned) {
      // Only a call that blocks for ever may be here; its connection ends it.
      client.WaitRecords(1, kWaitDeadline);
      Need(scene.service().Close());
      answer.WaitReturned();
      break;
    }
  }
  return answers;
}

void StrangeEventIsPassedOver(CaseContext& context, const DispatchType& type,
                              const StrangeEvent& strange) {
  ScriptedScene scene(context);
  scene.Connect({.totem = true});
  std::string event = Message("strange");
  wire::SetField(wire::Kind::kEvent, &event, "id",
                 static_cast<uint32_t>(strange.id));
  scene.Send(event);
  scene.Send(Message("good"));
  const std::string answers = DispatchTo(scene, type);
  const std::vector<std::string> texts = Texts(scene.client());
  const auto records = scene.client().Records();
  if (records.size() != 1 || records[0].message != "good") {
    context.Fail(
        "DISPATCH-10",
        Report(
            fmt::format("cpg_dispatch({}) until a callback has run, when {} "
                        "and then a message are waiting",
                        type.constant, strange.what),
            "no callback for the first, the message after it",
            fmt::format("callbacks: {}; answers: {}", Join(texts), answers)));
  }
  context.Note(fmt::format("cpg_dispatch({}) of {}: {}", type.constant,
                           strange.what, answers));
}

// --- Long lists -------------------------------------------------------------

enum class ListKind { kMembers, kLeft, kJoined, kNodes };

struct LongList {
  const char* name;  // of the case
  ListKind kind = ListKind::kMembers;
};

constexpr LongList kLists[] = {{"Members", ListKind::kMembers},
                               {"Left", ListKind::kLeft},
                               {"Joined", ListKind::kJoined},
                               {"TotemNodes", ListKind::kNodes}};

// The other lists have a few entries, and so have neighbours to lose.
constexpr uint32_t kFewEntries = 3;

std::vector<wire::Address> Addresses(uint32_t first, uint32_t entries) {
  std::vector<wire::Address> addresses;
  for (uint32_t i = 0; i < entries; ++i) {
    addresses.push_back({ScriptedScene::kNode, first + i, 0});
  }
  return addresses;
}

// The lists of a change, by their first process.
constexpr uint32_t kFirstMember = 10'000;
constexpr uint32_t kFirstLeft = 20'000;
constexpr uint32_t kFirstJoined = 30'000;

wire::ConfigurationEvent ChangeWithList(ListKind kind, uint32_t entries) {
  const auto count = [&](ListKind list) {
    return list == kind ? entries : kFewEntries;
  };
  return {.group = ScriptedScene::kGroup,
          .members = Addresses(kFirstMember, count(ListKind::kMembers)),
          .left = Addresses(kFirstLeft, count(ListKind::kLeft)),
          .joined = Addresses(kFirstJoined, count(ListKind::kJoined))};
}

wire::TotemEvent TotemWithList(uint32_t entries) {
  wire::TotemEvent event{.ring_node = ScriptedScene::kNode};
  for (uint32_t i = 0; i < entries; ++i) {
    event.nodes.push_back(1 + i);
  }
  return event;
}

// No page gives an order of the entries.
std::string ListError(const char* name, std::vector<cpg_address> came,
                      std::vector<wire::Address> owed) {
  std::ranges::sort(came, {}, [](const cpg_address& address) {
    return std::pair(address.nodeid, address.pid);
  });
  std::ranges::sort(owed, {}, [](const wire::Address& address) {
    return std::pair(address.node, address.process);
  });
  if (came.size() != owed.size()) {
    return fmt::format("{} {} instead of {}", came.size(), name, owed.size());
  }
  for (size_t i = 0; i < owed.size(); ++i) {
    if (came[i].nodeid != owed[i].node || came[i].pid != owed[i].process) {
      return fmt::format("{}[{}] is {}:{} instead of {}:{}", name, i,
                         came[i].nodeid, came[i].pid, owed[i].node,
                         owed[i].process);
    }
  }
  return "";
}

// "" if the record is all that was sent.
std::string RecordError(const harness::CallbackRecord& record, ListKind kind,
                        uint32_t entries) {
  if (kind == ListKind::kNodes) {
    const std::vector<uint32_t> owed = TotemWithList(entries).nodes;
    return record.ring_members == owed
               ? ""
               : fmt::format("{} other nodes than the {} that there are",
                             record.ring_members.size(), owed.size());
  }
  const wire::ConfigurationEvent owed = ChangeWithList(kind, entries);
  std::string error = ListError("members", record.members, owed.members);
  if (error.empty()) {
    error = ListError("left", record.left, owed.left);
  }
  return error.empty() ? ListError("joined", record.joined, owed.joined)
                       : error;
}

void ListOf(CaseContext& context, const LongList& list, uint32_t entries) {
  ScriptedScene scene(context);
  Client& client = scene.Connect({.totem = true});
  scene.Send(list.kind == ListKind::kNodes
                 ? wire::Build(TotemWithList(entries))
                 : wire::Build(ChangeWithList(list.kind, entries)));
  scene.Send(Message("after"));
  const std::string call = fmt::format(
      "cpg_dispatch(CS_DISPATCH_ALL), when a change with {} {} is waiting",
      entries, list.name);
  context.Step(call);
  const cs_error_t came = client.Dispatch(CS_DISPATCH_ALL);
  context.Note(fmt::format("{}: {}", call, ErrorName(came)));
  const auto records = client.Records();
  const bool announced =
      !records.empty() &&
      records[0].kind != harness::CallbackRecord::Kind::kDeliver;
  const bool refused = came != CS_OK && entries > CPG_MEMBERS_MAX;
  if (announced) {
    const std::string error = RecordError(records[0], list.kind, entries);
    if (!error.empty()) {
      context.Fail("CONF-07", Report(call, "the lists as they are", error));
    }
  } else if (!refused) {
    context.Fail("CONF-07", Report(call, "a callback with the whole list",
                                   ErrorName(came) + " without it"));
  }
  // Nothing is damaged: what comes next is as it should be.
  if (refused) {
    client.Dispatch(CS_DISPATCH_ALL);
  }
  const auto later = client.Records();
  if (later.empty() || later.back().message != "after") {
    context.Fail("CONF-07",
                 Report(call + ", and a message after it",
                        "the message, delivered", Join(Texts(client))));
  }
}

// --- Fragments of other senders ---------------------------------------------

// A message "name" of two halves.
struct Halves {
  std::string first;
  std::string last;
};

Halves Split(const std::string& name, uint32_t process) {
  constexpr size_t kBytes = 3000;
  const std::string message = harness::MakeMessage(name, kBytes);
  const auto event = [&](wire::PartialType type, std::string fragment) {
    return wire::Build(
        wire::PartialDeliverEvent{.group = ScriptedScene::kGroup,
                                  .message_size = kBytes,
                                  .node = ScriptedScene::kNode,
                                  .process = process,
                                  .type = static_cast<uint32_t>(type),
                                  .fragment = std::move(fragment)});
  };
  return {event(wire::PartialType::kFirst, message.substr(0, kBytes / 2)),
          event(wire::PartialType::kLast, message.substr(kBytes / 2))};
}

struct FragmentSequence {
  const char* name;  // of the case
  const char* requirement;
  const char* what;
  std::vector<std::string> events;
  std::vector<std::string> owed;  // messages
};

std::vector<FragmentSequence> Sequences() {
  const Halves a = Split("a", 11);
  const Halves again = Split("again", 11);
  const Halves b = Split("b", 22);
  const std::string left = wire::Build(wire::ConfigurationEvent{
      .group = ScriptedScene::kGroup,
      .left = {{ScriptedScene::kNode, 11, CPG_REASON_PROCDOWN}}});
  return {
      {"Interleaved",
       "PART-03",
       "the fragments of two senders come in turn",
       {a.first, b.first, a.last, b.last},
       {"a", "b"}},
      {"SenderLeft",
       "PART-04",
       "a sender leaves between its fragments, and sends again later",
       {a.first, left, again.first, again.last},
       {"again"}},
      {"FirstAgain",
       "PART-04",
       "a sender begins a message, and then another one",
       {a.first, again.first, again.last},
       {"again"}},
      {"SenderLeftInBetween",
       "PART-04",
       "a sender leaves between its fragments, and then another one sends",
       {a.first, left, a.last, b.first, b.last},
       {"b"}},
      {"LastWithoutFirst",
       "PART-04",
       "a last fragment comes without a first, and then a message",
       {a.last, b.first, b.last},
       {"b"}},
      {"LastTwice",
       "PART-04",
       "a last fragment comes twice",
       {a.first, a.last, a.last, b.first, b.last},
       {"a", "b"}},
  };
}

void FragmentsInSequence(CaseContext& context,
                         const FragmentSequence& sequence) {
  ScriptedScene scene(context);
  Client& client = scene.Connect();
  for (const std::string& event : sequence.events) {
    scene.Send(event);
  }
  // What it answers to a fragment that belongs to nothing is its own affair: it
  // is asked once more for each that may have ended a call.
  std::vector<std::string> answers;
  for (size_t i = 0; i <= sequence.events.size(); ++i) {
    answers.push_back(ErrorName(client.Dispatch(CS_DISPATCH_ALL)));
  }
  context.Note(fmt::format("cpg_dispatch(CS_DISPATCH_ALL), when {}: {}",
                           sequence.what, Join(answers)));
  std::vector<std::string> messages;
  for (const auto& record : client.Records()) {
    if (record.kind == harness::CallbackRecord::Kind::kDeliver) {
      messages.push_back(record.message);
    }
  }
  if (messages != sequence.owed) {
    context.Fail(
        sequence.requirement,
        Report(fmt::format("cpg_dispatch(CS_DISPATCH_ALL), when {}",
                           sequence.what),
               "deliveries of " + Join(sequence.owed), Join(messages)));
  }
}

}  // namespace

void RegisterEventCases() {
  for (const DispatchType& type : kTypes) {
    for (const StrangeEvent& strange : kStrange) {
      RegisterCase(
          {.name = Scripted("DISPATCH-10") + type.name + "/" + strange.name,
           .requirements = {"DISPATCH-10"},
           .profile = "faults",
           .needs_capability = true},
          [type, strange](CaseContext& context) {
            StrangeEventIsPassedOver(context, type, strange);
          });
    }
  }
  for (const LongList& list : kLists) {
    for (const uint32_t entries : {1U, 128U, 129U, 384U, 5000U}) {
      RegisterCase({.name = Scripted("CONF-07") + list.name + "/" +
                            fmt::format("Entries{}", entries),
                    .requirements = {"CONF-07"},
                    .profile = "api",
                    .needs_capability = true},
                   [list, entries](CaseContext& context) {
                     ListOf(context, list, entries);
                   });
    }
  }
  for (const FragmentSequence& sequence : Sequences()) {
    RegisterCase({.name = Scripted(sequence.requirement) + sequence.name,
                  .requirements = {sequence.requirement},
                  .profile = "api",
                  .needs_capability = true},
                 [sequence](CaseContext& context) {
                   FragmentsInSequence(context, sequence);
                 });
  }
}

}  // namespace cpgcert::conformance::scripted
