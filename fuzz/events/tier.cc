#include "fuzz/events/tier.h"

#include <corosync/cpg.h>

#include <algorithm>
#include <initializer_list>
#include <variant>

#include "fuzz/mutation/boundary_values.h"

namespace cpgcert::fuzz {

namespace {

namespace wire = harness::wire;
using List = std::vector<wire::Address>;
// Node and process id in one, since they are compared often.
using Process = uint64_t;

static_assert(kMembersMax == CPG_MEMBERS_MAX);
constexpr uint32_t kMessageMax = uint32_t{64} << 20;

std::vector<Process> Sorted(const List& list) {
  std::vector<Process> processes;
  if (list.empty()) return processes;
  processes.reserve(list.size());
  for (const wire::Address& address : list) {
    processes.push_back(uint64_t{address.node} << 32 | address.process);
  }
  if (!std::ranges::is_sorted(processes)) std::ranges::sort(processes);
  return processes;
}

template <class Value>
bool HasTwins(const std::vector<Value>& sorted) {
  return std::ranges::adjacent_find(sorted) != sorted.end();
}

bool HaveReasons(const List& list, std::initializer_list<uint32_t> reasons) {
  return std::ranges::all_of(list, [&](const wire::Address& address) {
    return std::ranges::find(reasons, address.reason) != reasons.end();
  });
}

std::string_view WhyNot(const wire::ConfigurationEvent& event) {
  if (std::max({event.members.size(), event.left.size(), event.joined.size()}) >
      kMembersMax) {
    return "more than 128 entries in a list";
  }
  if (event.left.empty() && event.joined.empty()) {
    return "nobody left or joined";
  }
  if (!HaveReasons(event.members, {CPG_REASON_UNDEFINED}) ||
      !HaveReasons(event.left, {CPG_REASON_LEAVE, CPG_REASON_NODEDOWN,
                                CPG_REASON_PROCDOWN}) ||
      !HaveReasons(event.joined, {CPG_REASON_JOIN, CPG_REASON_NODEUP})) {
    return "a reason that its list does not have";
  }
  const std::vector<Process> members = Sorted(event.members);
  const std::vector<Process> left = Sorted(event.left);
  const std::vector<Process> joined = Sorted(event.joined);
  if (HasTwins(members) || HasTwins(left) || HasTwins(joined)) {
    return "somebody is twice in a list";
  }
  if (!std::ranges::includes(members, joined)) {
    return "somebody joined and is no member";
  }
  if (std::ranges::find_first_of(left, members) != left.end()) {
    return "somebody left and is a member";
  }
  return "";
}

std::string_view WhyNot(const wire::TotemEvent& event) {
  if (event.nodes.empty() || event.nodes.size() > kMembersMax) {
    return "no node, or more than 128";
  }
  std::vector<uint32_t> nodes = event.nodes;
  std::ranges::sort(nodes);
  return HasTwins(nodes) ? "a node is there twice" : "";
}

std::string_view WhyNot(const wire::PartialDeliverEvent& event) {
  if (event.type < static_cast<uint32_t>(wire::PartialType::kFirst) ||
      event.type > static_cast<uint32_t>(wire::PartialType::kLast)) {
    return "a fragment of no type";
  }
  if (event.fragment.size() > event.message_size) {
    return "a fragment larger than its message";
  }
  return event.message_size > kMessageMax ? "a message of more than 64 MiB"
                                          : "";
}

std::string_view WhyNot(const wire::DeliverEvent& /*event*/) { return ""; }

// Apart from its place among others.
std::string_view WhyNotConformant(const wire::Event& event,
                                  std::string_view bytes) {
  if (bytes.size() > wire::kBufferSize) return "larger than 1 MiB";
  const bool is_message =
      std::holds_alternative<wire::DeliverEvent>(event) ||
      std::holds_alternative<wire::PartialDeliverEvent>(event);
  if (!is_message && wire::ErrorOf(bytes) != wire::kOk) {
    return "a change with an error";
  }
  return std::visit(
      [](const auto& message) -> std::string_view {
        if constexpr (requires { message.group; }) {
          if (message.group.empty()) return "a group without a name";
        }
        return WhyNot(message);
      },
      event);
}

EventTier Because(std::string_view why) {
  return {.tier = why.empty() ? Tier::kConformant : Tier::kConsistent,
          .why = why};
}

}  // namespace

EventTier InputTier::Take(std::string_view event) {
  const auto parsed = wire::ParseEvent(event);
  if (!parsed.message.has_value()) {
    return {.tier = Tier::kHostile, .why = "not well-formed"};
  }
  const std::string_view why = WhyNotConformant(*parsed.message, event);
  if (!why.empty()) return Because(why);
  if (const auto* change =
          std::get_if<wire::ConfigurationEvent>(&*parsed.message)) {
    for (const wire::Address& address : change->left) {
      if (!assemblies_.empty()) {
        assemblies_.erase({address.node, address.process});
      }
      seen_.emplace_back(address.node, address.process);
    }
  }
  if (const auto* fragment =
          std::get_if<wire::PartialDeliverEvent>(&*parsed.message)) {
    return Because(WhyOutOfPlace(*fragment));
  }
  return {};
}

std::string_view InputTier::WhyOutOfPlace(
    const wire::PartialDeliverEvent& event) {
  const Sender sender = {event.node, event.process};
  const auto type = static_cast<wire::PartialType>(event.type);
  if (type == wire::PartialType::kFirst) {
    assemblies_[sender] = {
        .group = event.group,
        .missing = event.message_size - event.fragment.size(),
        .size = event.message_size};
    seen_.push_back(sender);
    return "";
  }
  const auto found = assemblies_.find(sender);
  const bool last = type == wire::PartialType::kLast;
  if (found == assemblies_.end()) {
    const bool seen = std::ranges::find(seen_, sender) != seen_.end();
    if (last) seen_.push_back(sender);
    return seen ? "a fragment that continues nothing" : "";
  }
  Assembly& assembly = found->second;
  if (assembly.group != event.group || assembly.size != event.message_size) {
    return "a fragment of another message";
  }
  if (event.fragment.size() > assembly.missing) {
    return "fragments larger than their message";
  }
  assembly.missing -= event.fragment.size();
  if (!last) return "";
  const bool complete = assembly.missing == 0;
  assemblies_.erase(found);
  return complete ? "" : "fragments smaller than their message";
}

Tier TierOf(const std::vector<EventRecord>& records) {
  InputTier input;
  Tier worst = Tier::kConformant;
  for (const EventRecord& record : records) {
    worst = std::max(worst, input.Take(record.event).tier);
    if (worst == Tier::kHostile) break;
  }
  return worst;
}

Tier TierOf(std::string_view event) { return InputTier().Take(event).tier; }

}  // namespace cpgcert::fuzz
