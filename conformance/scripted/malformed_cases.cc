// Events that are not well-formed, and an honest message behind them.

#include <fmt/core.h>
#include <sys/resource.h>
#include <unistd.h>

#include <fstream>
#include <utility>

#include "conformance/scripted/scripted_scene.h"
#include "conformance/scripted/topics.h"
#include "conformance/support/support.h"
#include "harness/forked_call.h"
#include "harness/message.h"

namespace cpgcert::conformance::scripted {

namespace {

namespace wire = harness::wire;

using harness::CallbackRecord;
using harness::Client;
using wire::PartialType;

struct Malformed {
  std::string name;  // of the case
  std::string what;  // "an event that ..."
  std::vector<std::string> events;
  // The callbacks of those among the events that are well-formed, see Label().
  std::vector<std::string> owed;
};

constexpr uint32_t kMessageSize = 3000;
constexpr uint32_t kHalf = kMessageSize / 2;
// The whole list of each kind, and of the nodes of a ring.
constexpr uint32_t kEntries = 3;
constexpr uint64_t kHuge = 0xffffffff;
// This times 24, or times 4, is a multiple of 2 to the power of 32.
constexpr uint64_t kOverflow = uint64_t{1} << 30;

constexpr uint32_t kSender = 77;
constexpr uint32_t kOtherSender = 78;

// --- Honest events ----------------------------------------------------------

std::string Message(const std::string& name, size_t size = kMessageSize) {
  return wire::Build(
      wire::DeliverEvent{.group = ScriptedScene::kGroup,
                         .node = ScriptedScene::kNode,
                         .process = kSender,
                         .message = harness::MakeMessage(name, size)});
}

std::vector<wire::Address> Addresses(uint32_t first) {
  std::vector<wire::Address> addresses;
  for (uint32_t i = 0; i < kEntries; ++i) {
    addresses.push_back({ScriptedScene::kNode, first + i, 0});
  }
  return addresses;
}

std::string Change() {
  return wire::Build(wire::ConfigurationEvent{.group = ScriptedScene::kGroup,
                                              .members = Addresses(1000),
                                              .left = Addresses(2000),
                                              .joined = Addresses(3000)});
}

std::string TotemChange() {
  return wire::Build(wire::TotemEvent{.ring_node = ScriptedScene::kNode,
                                      .ring_sequence = 4,
                                      .nodes = {ScriptedScene::kNode, 8, 9}});
}

// `size` bytes of the message "split" from `from` on, and of what is behind it.
std::string Fragment(PartialType type, uint32_t from, uint32_t size,
                     uint32_t process = kSender) {
  static const std::string message =
      harness::MakeMessage("split", kMessageSize) +
      std::string(kMessageSize, 'x');
  return wire::Build(
      wire::PartialDeliverEvent{.group = ScriptedScene::kGroup,
                                .message_size = kMessageSize,
                                .node = ScriptedScene::kNode,
                                .process = process,
                                .type = static_cast<uint32_t>(type),
                                .fragment = message.substr(from, size)});
}

std::string MessageLabel(const std::string& name, uint32_t process = kSender) {
  return fmt::format("message {} from {}:{} in {}", name, ScriptedScene::kNode,
                     process, ScriptedScene::kGroup);
}

std::string Label(const CallbackRecord& record) {
  switch (record.kind) {
    case CallbackRecord::Kind::kDeliver:
      return harness::DescribeRecord(record);
    case CallbackRecord::Kind::kConfiguration:
      return "change";
    case CallbackRecord::Kind::kTotem:
      return "totem change";
  }
  return "";
}

// --- Malformed ones ---------------------------------------------------------

std::string With(std::string event, std::string_view field, uint64_t value) {
  wire::SetField(wire::Kind::kEvent, &event, field, value);
  return event;
}

// The first `size` bytes, which are all according to the header.
std::string Cut(const std::string& event, size_t size) {
  return With(event, "size", size).substr(0, size);
}

// The event that is altered comes in good order first: what is not there of the
// second stands in a library's memory, if it looks.
struct Kind {
  const char* name;  // of the case
  const char* what;
  std::string event;
  std::string label;
};

Malformed Twice(const Kind& kind, const std::string& name,
                const std::string& what, const std::string& event) {
  return {fmt::format("{}/{}", kind.name, name),
          fmt::format("{} {}", kind.what, what),
          {kind.event, event},
          {kind.label}};
}

// One field has another value than the bytes.
Malformed Altered(const Kind& kind, const std::string& name,
                  const std::string& field, uint64_t value) {
  return Twice(kind, name, fmt::format("whose {} says {}", field, value),
               With(kind.event, field, value));
}

std::vector<Kind> Kinds() {
  return {{"Deliver", "a message", Message("before"), MessageLabel("before")},
          {"Change", "a configuration change", Change(), "change"},
          {"Totem", "a totem change", TotemChange(), "totem change"}};
}

// What every kind of event has.
void AddHeaders(const Kind& kind, std::vector<Malformed>* all) {
  const uint64_t size = kind.event.size();
  all->push_back(Altered(kind, "HeaderSizeTooLarge", "size", size + 8));
  all->push_back(Altered(kind, "HeaderSizeTooSmall", "size", size - 8));
  all->push_back(Altered(kind, "HeaderSizeNegative", "size", kHuge));
  all->push_back(Twice(kind, "CutInHeader", "that ends before its error",
                       Cut(kind.event, wire::kRequestHeaderSize)));
}

void AddMessages(const Kind& kind, std::vector<Malformed>* all) {
  constexpr size_t kInFixedPart = 168;  // before the sender
  all->push_back(Twice(kind, "CutInFixedPart", "that ends before its sender",
                       Cut(kind.event, kInFixedPart)));
  const std::string field = "message_size";
  all->push_back(Altered(kind, "SizeTooLarge", field, kMessageSize + 1));
  all->push_back(Altered(kind, "SizeTooSmall", field, kMessageSize - 1));
  all->push_back(Altered(kind, "SizeZero", field, 0));
  all->push_back(Altered(kind, "SizeHuge", field, kHuge));
}

void AddNames(const Kind& kind, std::vector<Malformed>* all) {
  all->push_back(
      Altered(kind, "NameTooLong", "group.length", wire::kNameMax + 1));
  all->push_back(Altered(kind, "NameHuge", "group.length", kHuge));
}

void AddChanges(const Kind& kind, std::vector<Malformed>* all) {
  constexpr size_t kInFixedPart = 176;  // before the last count
  all->push_back(Twice(kind, "CutInFixedPart", "that ends before a count",
                       Cut(kind.event, kInFixedPart)));
  for (const auto& [list, field] :
       {std::pair{"Members", "member_count"}, std::pair{"Left", "left_count"},
        std::pair{"Joined", "joined_count"}}) {
    const auto add = [&](const char* name, uint64_t count) {
      all->push_back(Altered(kind, std::string(list) + name, field, count));
    };
    add("OneTooMany", kEntries + 1);
    add("OneTooFew", kEntries - 1);
    add("Huge", kHuge);
    add("Overflow", kOverflow + kEntries);
  }
}

void AddTotemChanges(const Kind& kind, std::vector<Malformed>* all) {
  constexpr size_t kInFixedPart = 40;  // before the count
  all->push_back(Twice(kind, "CutInFixedPart", "that ends before its count",
                       Cut(kind.event, kInFixedPart)));
  const std::string field = "node_count";
  // One more has room in the padding at the end.
  all->push_back(Altered(kind, "NodesTwoTooMany", field, kEntries + 2));
  all->push_back(Altered(kind, "NodesOneTooFew", field, kEntries - 1));
  all->push_back(Altered(kind, "NodesZero", field, 0));
  all->push_back(Altered(kind, "NodesHuge", field, kHuge));
  all->push_back(Altered(kind, "NodesOverflow", field, kOverflow + kEntries));
  all->push_back(
      Altered(kind, "NodesOverflowTwice", field, 2 * kOverflow + kEntries));
}

// One fragment that is malformed by itself.
void AddFragments(std::vector<Malformed>* all) {
  const std::string first = Fragment(PartialType::kFirst, 0, kHalf);
  const std::string last = Fragment(PartialType::kLast, kHalf, kHalf);
  const std::string field = "fragment_size";
  const auto add = [&](const std::string& name, const std::string& what,
                       std::vector<std::string> events) {
    all->push_back({"Fragment/" + name, what, std::move(events), {}});
  };
  add("SizeTooLarge", "a fragment that lacks bytes of its size",
      {first,
       With(Fragment(PartialType::kLast, kHalf, kHalf - 1), field, kHalf)});
  add("FirstSizeTooLarge", "a first fragment that lacks bytes of its size",
      {With(Fragment(PartialType::kFirst, 0, kHalf - 1), field, kHalf), last});
  add("SizeTooSmall", "a fragment that has more bytes than its size",
      {first,
       With(Fragment(PartialType::kLast, kHalf, kHalf + 1), field, kHalf)});
  add("LastSizeOneMore", "a fragment with a size of one byte more than it has",
      {first, With(last, field, kHalf + 1)});
  add("LastSizeOneLess", "a fragment with a size of one byte less than it has",
      {first, With(last, field, kHalf - 1)});
  add("SizeHuge", "a fragment with a size of 4294967295 bytes",
      {first, With(last, field, kHuge)});
  add("LongerThanMessage", "a fragment that is longer than its message",
      {Fragment(PartialType::kFirst, 0, kMessageSize + 1),
       Fragment(PartialType::kLast, 0, 0)});
  for (const auto& [name, position] :
       {std::pair{"PositionZero", 0U}, std::pair{"PositionFour", 4U},
        std::pair{"PositionHuge", 0xffffffffU}}) {
    const auto strange = static_cast<PartialType>(position);
    constexpr uint32_t kQuarter = kHalf / 2;
    add(name,
        fmt::format("a fragment that is neither first, continued nor last but "
                    "{}",
                    position),
        {first, Fragment(strange, kHalf, kQuarter),
         Fragment(PartialType::kLast, kHalf + kQuarter, kHalf - kQuarter)});
  }
  // What the cut one lacks stands in memory: the other sender's last fragment.
  constexpr size_t kInFixedPart = 192;  // before the position
  all->push_back({"Fragment/CutInFixedPart",
                  "a last fragment that ends before its position",
                  {first, Fragment(PartialType::kFirst, 0, kHalf, kOtherSender),
                   Fragment(PartialType::kLast, kHalf, kHalf, kOtherSender),
                   Cut(last, kInFixedPart)},
                  {MessageLabel("split", kOtherSender)}});
}

// Fragments that do not belong together.
void AddMessagesOfFragments(std::vector<Malformed>* all) {
  const std::string first = Fragment(PartialType::kFirst, 0, kHalf);
  const std::string last = Fragment(PartialType::kLast, kHalf, kHalf);
  const std::string size = "message_size";
  const auto add = [&](const std::string& name, const std::string& what,
                       std::vector<std::string> events) {
    all->push_back({"Fragments/" + name, what, std::move(events), {}});
  };
  add("LastTooLong", "a last fragment that goes beyond the message",
      {first, Fragment(PartialType::kLast, kHalf, kHalf + 1)});
  add("ContinuedTooLong", "a fragment in between that goes beyond the message",
      {first, Fragment(PartialType::kContinued, kHalf, kMessageSize),
       Fragment(PartialType::kLast, 0, 1)});
  add("LastTooShort", "a last fragment before the message is whole",
      {first, Fragment(PartialType::kLast, kHalf, kHalf - 1)});
  add("LastEmpty", "an empty last fragment before the message is whole",
      {first, Fragment(PartialType::kLast, 0, 0)});
  add("LastOfLongerMessage", "a last fragment of a longer message",
      {first, With(last, size, kMessageSize + 1000)});
  add("LastOfShorterMessage", "a last fragment of a shorter message",
      {first, With(last, size, kMessageSize - 1000)});
  add("LastFillsShorterMessage",
      "a last fragment that makes a shorter message whole",
      {first,
       With(Fragment(PartialType::kLast, kHalf, 1000), size, kHalf + 1000)});
  for (const auto& [name, part] : {std::pair{"RestOfShorterMessage", 500U},
                                   std::pair{"RestOfLongerMessage", 1000U}}) {
    const auto rest = [&](PartialType type, uint32_t from) {
      return With(Fragment(type, from, part), size, kHalf + 2 * part);
    };
    add(name,
        fmt::format("fragments that make a message of {} bytes whole, which "
                    "began as one of {},",
                    kHalf + 2 * part, kMessageSize),
        {first, rest(PartialType::kContinued, kHalf),
         rest(PartialType::kLast, kHalf + part)});
  }
}

std::vector<Malformed> AllMalformed() {
  std::vector<Malformed> all;
  const std::vector<Kind> kinds = Kinds();
  for (const Kind& kind : kinds) {
    AddHeaders(kind, &all);
  }
  AddMessages(kinds[0], &all);
  AddNames(kinds[0], &all);
  AddNames(kinds[1], &all);
  AddChanges(kinds[1], &all);
  AddTotemChanges(kinds[2], &all);
  AddFragments(&all);
  AddMessagesOfFragments(&all);
  return all;
}

// --- The judgement ----------------------------------------------------------

constexpr std::string_view kUntested = "untested: ";
constexpr std::string_view kUnsupported = "unsupported: ";

// Who believes a count of four thousand million is to want for memory, and is
// not to take all that there is.
void LimitMemory() {
  constexpr rlim_t kMore = rlim_t{1} << 30;
  rlim_t pages = 0;
  std::ifstream("/proc/self/statm") >> pages;
  rlimit limit{};
  getrlimit(RLIMIT_AS, &limit);
  limit.rlim_cur = pages * static_cast<rlim_t>(getpagesize()) + kMore;
  setrlimit(RLIMIT_AS, &limit);
}

// What came, "" if it is what was owed.
std::string DispatchMalformed(ScriptedScene& scene,
                              const Malformed& malformed) {
  LimitMemory();
  Client& client = scene.Connect({.totem = true});
  for (const std::string& event : malformed.events) {
    scene.Send(event);
  }
  scene.Send(Message("after"));
  std::vector<std::string> owed = malformed.owed;
  owed.push_back(MessageLabel("after"));
  // Each of them may end a call with an error.
  std::vector<std::string> answers;
  std::vector<std::string> labels;
  for (size_t i = 0; i <= malformed.events.size(); ++i) {
    answers.push_back(harness::ErrorName(client.Dispatch(CS_DISPATCH_ALL)));
  }
  for (const CallbackRecord& record : client.Records()) {
    labels.push_back(Label(record));
  }
  client.Finalize();  // which would meet what was damaged
  return labels == owed ? ""
                        : fmt::format("callbacks: {}; answers: {}",
                                      Join(labels), Join(answers));
}

// In a child process: it may be damaged in any way, and that is a broken
// promise too.
void MalformedEvent(CaseContext& context, const Malformed& malformed) {
  ScriptedScene scene(context);
  scene.api();
  const std::string call = fmt::format(
      "cpg_dispatch(CS_DISPATCH_ALL) until nothing is waiting, when {} and "
      "then a message are",
      malformed.what);
  context.Step(call + ", in a child process");
  const harness::ForkedCallResult result = harness::RunInForkedChild(
      [&]() -> std::string {
        try {
          return DispatchMalformed(scene, malformed);
        } catch (const CaseEnd& end) {
          const bool unsupported =
              end.verdict() == harness::Verdict::kUnsupported;
          return std::string(unsupported ? kUnsupported : kUntested) +
                 end.reason();
        }
      },
      2 * kWaitDeadline);
  const std::string& came = result.returned ? result.text : result.end;
  if (came.starts_with(kUntested)) {
    CaseContext::Untested(came.substr(kUntested.size()));
  }
  if (came.starts_with(kUnsupported)) {
    CaseContext::Unsupported(came.substr(kUnsupported.size()));
  }
  if (!came.empty()) {
    std::vector<std::string> owed = malformed.owed;
    owed.push_back(MessageLabel("after"));
    context.Fail("WIRE-03", Report(call, "callbacks: " + Join(owed), came));
  }
}

}  // namespace

void RegisterMalformedCases() {
  for (const Malformed& malformed : AllMalformed()) {
    RegisterCase({.name = Scripted("WIRE-03") + malformed.name,
                  .requirements = {"WIRE-03"},
                  .profile = "faults",
                  .needs_capability = true},
                 [malformed](CaseContext& context) {
                   MalformedEvent(context, malformed);
                 });
  }
}

}  // namespace cpgcert::conformance::scripted
