#include "fuzz/events/owed_events.h"

#include <corosync/cpg.h>
#include <fmt/core.h>

#include <algorithm>
#include <variant>

#include "fuzz/events/callback_trace.h"

namespace cpgcert::fuzz {

namespace {

namespace wire = harness::wire;

constexpr uint32_t kLargeMessage = uint32_t{64} << 20;

std::vector<cpg_address> Addresses(const std::vector<wire::Address>& list) {
  std::vector<cpg_address> addresses;
  addresses.reserve(list.size());
  for (const wire::Address& address : list) {
    addresses.push_back({address.node, address.process, address.reason});
  }
  return addresses;
}

// What is owed for an event with lists of so many entries at most.
OwedEvent Listed(size_t count) {
  const bool fits = count <= CPG_MEMBERS_MAX;
  return {.trust = fits ? Trust::kConformant : Trust::kConsistent,
          .callback_optional = !fits,
          .error_allowed = !fits};
}

OwedEvent Unfit() {
  return {.trust = Trust::kConsistent, .error_allowed = true};
}

}  // namespace

OwedEvent OwedEvents::Take(std::string_view event) {
  const auto parsed = wire::ParseEvent(event);
  if (!parsed.message.has_value()) {
    if (wire::IdOf(event) ==
        static_cast<int32_t>(wire::EventId::kPartialDeliver)) {
      for (auto& [sender, assembly] : assemblies_) assembly.doubtful = true;
    }
    return {.trust = Trust::kHostile, .error_owed = true};
  }
  return std::visit([this](const auto& message) { return On(message); },
                    *parsed.message);
}

OwedEvent OwedEvents::On(const wire::ConfigurationEvent& event) {
  OwedEvent owed = Listed(
      std::max({event.members.size(), event.left.size(), event.joined.size()}));
  AppendChange({.group = event.group,
                .members = Addresses(event.members),
                .left = Addresses(event.left),
                .joined = Addresses(event.joined)},
               &owed.callback);
  for (const wire::Address& address : event.left) {
    assemblies_.erase({address.node, address.process});
  }
  return owed;
}

OwedEvent OwedEvents::On(const wire::DeliverEvent& event) {
  OwedEvent owed;
  AppendMessage(event.group, event.node, event.process, event.message,
                &owed.callback);
  return owed;
}

OwedEvent OwedEvents::On(const wire::TotemEvent& event) {
  OwedEvent owed = Listed(event.nodes.size());
  AppendTotem({.nodeid = event.ring_node, .seq = event.ring_sequence},
              event.nodes, &owed.callback);
  return owed;
}

OwedEvent OwedEvents::On(const wire::PartialDeliverEvent& event) {
  const auto type = static_cast<wire::PartialType>(event.type);
  const bool last = type == wire::PartialType::kLast;
  const Sender sender = {event.node, event.process};
  if ((type != wire::PartialType::kFirst &&
       type != wire::PartialType::kContinued && !last) ||
      event.fragment.size() > event.message_size) {
    const auto interrupted = assemblies_.find(sender);
    if (interrupted != assemblies_.end()) interrupted->second.doubtful = true;
    return Unfit();
  }
  if (type == wire::PartialType::kFirst) {
    assemblies_[sender] = {.size = event.message_size};
  }
  const auto found = assemblies_.find(sender);
  if (found == assemblies_.end()) {
    return {};
  }
  Assembly& assembly = found->second;
  const size_t size = assembly.bytes.size() + event.fragment.size();
  if (event.message_size != assembly.size || size > assembly.size ||
      (last && size != assembly.size)) {
    assemblies_.erase(found);
    return Unfit();
  }
  assembly.bytes += event.fragment;
  OwedEvent owed;
  if (assembly.size > kLargeMessage) {
    owed = Unfit();
  }
  if (last) {
    AppendMessage(event.group, event.node, event.process, assembly.bytes,
                  &owed.callback);
    owed.callback_optional = owed.error_allowed || assembly.doubtful;
    assemblies_.erase(found);
  }
  return owed;
}

std::vector<OwedEvent> OwedFor(const std::vector<EventRecord>& records) {
  OwedEvents state;
  std::vector<OwedEvent> owed;
  owed.reserve(records.size());
  for (const EventRecord& record : records) {
    owed.push_back(state.Take(record.event));
  }
  return owed;
}

std::string Judge(const std::vector<OwedEvent>& owed, std::string_view trace,
                  size_t errors, size_t unclear_errors) {
  std::string_view rest = trace;
  std::string missing;  // what might have come instead of an error
  size_t errors_min = 0;
  size_t errors_max = 0;
  for (size_t i = 0; i < owed.size(); ++i) {
    const OwedEvent& event = owed[i];
    errors_min = std::max<size_t>(errors_min, event.error_owed ? 1 : 0);
    errors_max += event.error_owed || event.error_allowed ? 1 : 0;
    if (rest.starts_with(event.callback)) {
      rest.remove_prefix(event.callback.size());
    } else if (event.callback_optional) {
      missing +=
          fmt::format("or, for event {}: {}", i, DescribeTrace(event.callback));
    } else {
      return fmt::format("call: cpg_dispatch, event {}\nowed: {}came: {}", i,
                         DescribeTrace(event.callback),
                         rest.empty() ? "no callback\n" : DescribeTrace(rest));
    }
  }
  if (!rest.empty()) {
    return fmt::format(
        "call: cpg_dispatch, all events\n"
        "owed: no callback but those before\n{}came: {}",
        missing, DescribeTrace(rest));
  }
  if (errors < errors_min || errors > errors_max + unclear_errors) {
    return fmt::format(
        "call: cpg_dispatch, all events\n"
        "owed: from {} to {} dispatches that fail\ncame: {}\n",
        errors_min, errors_max, errors);
  }
  return "";
}

}  // namespace cpgcert::fuzz
