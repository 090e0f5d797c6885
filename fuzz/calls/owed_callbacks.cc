#include "fuzz/calls/owed_callbacks.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <tuple>
#include <variant>

#include "fuzz/calls/program.h"

namespace cpgcert::fuzz {

namespace {

namespace wire = harness::wire;

template <class... Functions>
struct Overloaded : Functions... {
  using Functions::operator()...;
};

Callback::Addresses Sorted(Callback::Addresses addresses) {
  std::ranges::sort(addresses, {}, [](const wire::Address& address) {
    return std::tuple(address.node, address.process, address.reason);
  });
  return addresses;
}

std::string Text(const Callback::Addresses& addresses) {
  std::string text;
  for (const auto& [node, process, reason] : addresses) {
    text += fmt::format("{}{}:{}", text.empty() ? "" : " ", node, process);
    if (reason != 0) text += fmt::format("({})", reason);
  }
  return "[" + text + "]";
}

std::string Text(std::string_view bytes) {
  constexpr size_t kShown = 16;
  std::string text;
  for (const unsigned char byte : bytes.substr(0, kShown)) {
    const bool printable = byte >= ' ' && byte < 127 && byte != '"';
    text += printable ? std::string(1, static_cast<char>(byte))
                      : fmt::format("\\x{:02x}", byte);
  }
  return fmt::format("\"{}\"{}", text, bytes.size() > kShown ? "..." : "");
}

}  // namespace

Callback MessageCallback(std::string_view group, uint32_t node,
                         uint32_t process, std::string_view message) {
  return {.kind = Callback::Kind::kMessage,
          .group = std::string(group),
          .node = node,
          .process = process,
          .message = std::string(message)};
}

Callback ChangeCallback(std::string_view group, Callback::Addresses members,
                        Callback::Addresses left, Callback::Addresses joined) {
  return {.kind = Callback::Kind::kChange,
          .group = std::string(group),
          .members = Sorted(std::move(members)),
          .left = Sorted(std::move(left)),
          .joined = Sorted(std::move(joined))};
}

Callback TotemCallback(uint32_t node, uint64_t sequence,
                       std::vector<uint32_t> nodes) {
  std::ranges::sort(nodes);
  return {.kind = Callback::Kind::kTotem,
          .node = node,
          .ring_sequence = sequence,
          .nodes = std::move(nodes)};
}

std::string Describe(const Callback& callback) {
  switch (callback.kind) {
    case Callback::Kind::kMessage:
      return fmt::format("message of {}:{} to {}, {} bytes {}", callback.node,
                         callback.process, Text(callback.group),
                         callback.message.size(), Text(callback.message));
    case Callback::Kind::kChange:
      return fmt::format("change of {}, members {}, left {}, joined {}",
                         Text(callback.group), Text(callback.members),
                         Text(callback.left), Text(callback.joined));
    case Callback::Kind::kTotem:
      return fmt::format("totem change, ring {}:{}, nodes [{}]", callback.node,
                         callback.ring_sequence,
                         fmt::join(callback.nodes, " "));
  }
  return "";
}

const char* WhatDiffers(const Callback& owed, const Callback& came) {
  if (owed.kind != came.kind) return "ORD-03";
  switch (owed.kind) {
    case Callback::Kind::kMessage:
      return std::pair(owed.node, owed.process) !=
                     std::pair(came.node, came.process)
                 ? "JOIN-09"
                 : "MCAST-01";
    case Callback::Kind::kChange:
      return owed.members != came.members ? "CONF-02" : "CONF-01";
    case Callback::Kind::kTotem:
      return "TOTEM-03";
  }
  return "ORD-03";
}

Waiting OwedCallbacks::Take(std::string_view event) {
  const auto parsed = wire::ParseEvent(event).message;
  if (!parsed.has_value()) std::abort();  // an honest service sends no such
  Waiting waiting = std::visit(
      Overloaded{
          [&](const wire::DeliverEvent& e) {
            return Of(kDeliver,
                      MessageCallback(e.group, e.node, e.process, e.message));
          },
          [&](const wire::ConfigurationEvent& e) {
            for (const auto& [node, process, reason] : e.left) {
              under_way_.erase({node, process});
            }
            return Of(kChange,
                      ChangeCallback(e.group, e.members, e.left, e.joined));
          },
          [&](const wire::TotemEvent& e) {
            return Of(kTotem,
                      TotemCallback(e.ring_node, e.ring_sequence, e.nodes));
          },
          [&](const wire::PartialDeliverEvent& e) { return OfFragment(e); }},
      *parsed);
  waiting.number = taken_++;
  return waiting;
}

Waiting OwedCallbacks::Of(uint8_t bit, Callback callback, bool in_fragments) {
  if ((registered_ & kNoTable) != 0 || (registered_ & bit) == 0) {
    return {.kind = Waiting::Kind::kUnregistered, .in_fragments = in_fragments};
  }
  return {.in_fragments = in_fragments, .callback = std::move(callback)};
}

Waiting OwedCallbacks::OfFragment(const wire::PartialDeliverEvent& event) {
  const auto type = static_cast<wire::PartialType>(event.type);
  const std::pair sender(event.node, event.process);
  if (type == wire::PartialType::kFirst) under_way_[sender].clear();
  const auto found = under_way_.find(sender);
  const Waiting nothing = Of(kDeliver, {}, /*in_fragments=*/true);
  const bool unregistered = nothing.kind == Waiting::Kind::kUnregistered;
  if (found != under_way_.end()) found->second += event.fragment;
  if (found == under_way_.end() || type != wire::PartialType::kLast ||
      unregistered) {
    return {.kind = unregistered ? Waiting::Kind::kUnregistered
                                 : Waiting::Kind::kFragment,
            .in_fragments = true};
  }
  const std::string whole = std::move(found->second);
  under_way_.erase(found);
  return Of(kDeliver,
            MessageCallback(event.group, event.node, event.process, whole),
            /*in_fragments=*/true);
}

}  // namespace cpgcert::fuzz
