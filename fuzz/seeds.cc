// Writes the seeds of the fuzz targets: what an honest service sends, built
// from the drawing of the wire (harness/wire).
//
// usage: seeds TARGET FOLDER NAME...
//
// Writes FOLDER/NAME for each. The names must be those of all seeds of the
// target, so that the list in the build cannot fall behind. Exit status: 0
// written, 1 not.

#include <corosync/cpg.h>
#include <fmt/core.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "fuzz/calls/call_seeds.h"
#include "fuzz/events/event_input.h"
#include "fuzz/replies/reply_seeds.h"
#include "fuzz/requests/request_seeds.h"
#include "harness/wire/wire.h"

namespace cpgcert::fuzz {
namespace {

namespace wire = harness::wire;

// The input with these events, each followed by a dispatch.
class Input {
 public:
  Input& Then(Delivery delivery, const wire::Event& event) {
    const std::string bytes = wire::Build(event);
    text_ += BuildEventInput({{.delivery = delivery, .event = bytes}});
    return *this;
  }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

wire::Event Message(const std::string& text) {
  return wire::DeliverEvent{
      .group = "group", .node = 1, .process = 1000, .message = text};
}

wire::Event Join(uint32_t process) {
  return wire::ConfigurationEvent{
      .group = "group",
      .members = {{1, 1000, 0}, {2, process, 0}},
      .joined = {{2, process, CPG_REASON_JOIN}},
  };
}

wire::Event Leave(uint32_t process) {
  return wire::ConfigurationEvent{
      .group = "group",
      .members = {{1, 1000, 0}},
      .left = {{2, process, CPG_REASON_PROCDOWN}},
  };
}

// As many members, and so on, as <corosync/cpg.h> has room for.
wire::Event FullChange() {
  const auto full = [](uint32_t process) {
    std::vector<wire::Address> addresses(CPG_MEMBERS_MAX);
    for (wire::Address& address : addresses) {
      address = {1, process++, 0};
    }
    return addresses;
  };
  return wire::ConfigurationEvent{.group = "group",
                                  .members = full(1000),
                                  .left = full(2000),
                                  .joined = full(3000)};
}

wire::Event Fragment(wire::PartialType type, uint32_t process,
                     const std::string& fragment) {
  constexpr uint32_t kWhole = 12;
  return wire::PartialDeliverEvent{.group = "group",
                                   .message_size = kWhole,
                                   .node = 2,
                                   .process = process,
                                   .type = static_cast<uint32_t>(type),
                                   .fragment = fragment};
}

std::map<std::string, std::string> EventSeeds() {
  using enum Delivery;
  using enum wire::PartialType;
  const wire::Event totem =
      wire::TotemEvent{.ring_node = 1, .ring_sequence = 4, .nodes = {1, 2, 3}};
  std::map<std::string, std::string> seeds;
  const auto add = [&seeds](const std::string& name, const Input& input) {
    seeds[name] = input.text();
  };
  add("message", Input().Then(kOne, Message("text")));
  add("message_empty", Input().Then(kOneNonblocking, Message("")));
  add("message_large", Input().Then(kAll, Message(std::string(5000, 'x'))));
  add("join", Input().Then(kAll, Join(2000)));
  add("leave", Input().Then(kOne, Leave(2000)));
  add("change_full", Input().Then(kAll, FullChange()));
  add("totem", Input().Then(kOneNonblocking, totem));
  const std::vector<uint32_t> nodes(CPG_MEMBERS_MAX, 1);
  add("totem_full", Input().Then(kAll, wire::TotemEvent{.ring_node = 1,
                                                        .ring_sequence = 8,
                                                        .nodes = nodes}));
  add("fragments",
      Input()
          .Then(kOneNonblocking, Fragment(kFirst, 2000, "once"))
          .Then(kOneNonblocking, Fragment(kContinued, 2000, "upon"))
          .Then(kOne, Fragment(kLast, 2000, "time")));
  add("fragments_of_two_senders",
      Input()
          .Then(kQueue, Fragment(kFirst, 2000, "once"))
          .Then(kQueue, Fragment(kFirst, 2001, "ONCE"))
          .Then(kQueue, Fragment(kContinued, 2000, "upon"))
          .Then(kQueue, Fragment(kContinued, 2001, "UPON"))
          .Then(kAll, Fragment(kLast, 2000, "time"))
          .Then(kAll, Fragment(kLast, 2001, "TIME")));
  add("fragments_begun_anew",
      Input()
          .Then(kQueue, Fragment(kFirst, 2000, "once"))
          .Then(kQueue, Fragment(kFirst, 2000, "twice"))
          .Then(kAll, Fragment(kLast, 2000, " a time")));
  add("fragments_of_one_that_left",
      Input()
          .Then(kQueue, Fragment(kFirst, 2000, "once"))
          .Then(kQueue, Leave(2000))
          .Then(kBlocking, Fragment(kLast, 2000, "a time")));
  add("session", Input()
                     .Then(kQueue, Join(2000))
                     .Then(kOne, Message("text"))
                     .Then(kQueue, totem)
                     .Then(kBlocking, Message("more"))
                     .Then(kQueue, Leave(2000)));
  return seeds;
}

int Write(const std::map<std::string, std::string>& seeds,
          const std::string& folder, const std::vector<std::string>& names) {
  for (const auto& [name, text] : seeds) {
    if (std::ranges::find(names, name) == names.end()) {
      fmt::print(stderr, "{} is a seed too: add it to the build\n", name);
      return 1;
    }
  }
  for (const std::string& name : names) {
    const auto found = seeds.find(name);
    if (found == seeds.end()) {
      fmt::print(stderr, "there is no seed {}\n", name);
      return 1;
    }
    std::ofstream file(folder + "/" + name, std::ios::binary);
    file << found->second << std::flush;
    if (!file) {
      fmt::print(stderr, "cannot write {}/{}\n", folder, name);
      return 1;
    }
  }
  return 0;
}

// Empty for a target that is not known.
std::map<std::string, std::string> SeedsOf(std::string_view target) {
  if (target == "call_sequence") return CallSeeds();
  if (target == "event_decoder") return EventSeeds();
  if (target == "reply_decoder") return ReplySeeds();
  if (target == "request_decoder") return RequestSeeds();
  return {};
}

}  // namespace
}  // namespace cpgcert::fuzz

int main(int argc, char** argv) {
  if (argc < 3) {
    fmt::print(stderr, "usage: seeds TARGET FOLDER NAME...\n");
    return 1;
  }
  return cpgcert::fuzz::Write(cpgcert::fuzz::SeedsOf(argv[1]), argv[2],
                              {argv + 3, argv + argc});
}
