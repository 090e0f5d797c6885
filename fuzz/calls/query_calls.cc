// What is asked of the service: members, the node, iterations.

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "fuzz/calls/call_session.h"

namespace cpgcert::fuzz {

namespace {

namespace wire = harness::wire;
using Reach = HandleState::Reach;

constexpr uint32_t kUntouched = 0xa5a5a5a5;

const char* QueryState(const HandleState& state) {
  if (!state.open) return "a bad handle";
  return state.IsHeldBack() ? "the service does not answer" : "as it should be";
}

// An entry of an iteration as text.
std::string Entry(std::string_view group, uint32_t node, uint32_t process) {
  return fmt::format("{}:{} in {}", node, process, group);
}

cpg_name NameFor(const std::string& text) {
  cpg_name name{};
  name.length = static_cast<uint32_t>(text.size());
  text.copy(name.value, sizeof name.value);
  return name;
}

}  // namespace

void CallSession::Membership(const Operation& operation) {
  constexpr size_t kList = 16;
  constexpr cpg_address kEmpty{kUntouched, kUntouched, kUntouched};
  Handle& handle = handles_.at(operation.who);
  const MembershipArguments arguments{
      .name = NameOf(operation.what),
      .has_pointers = operation.how != kNullList && operation.how != kNullCount,
      .room = static_cast<size_t>(RoomOf(operation.how)),
      .members = service_.Members(NameOf(operation.what)).size()};
  Spot spot{.call = "cpg_membership_get", .state = QueryState(handle.state)};
  if (handle.state.open && arguments.has_pointers &&
      arguments.members > arguments.room) {
    spot.state = "more members than the array has room for";
    spot.requirement = "MEMB-02";
  }
  if (!Enter(spot)) return;
  cpg_name name = NameFor(arguments.name);
  std::array<cpg_address, kList> list{};
  int count = 0;
  const Make make = [&] {
    list.fill(kEmpty);
    count = static_cast<int>(arguments.room);
    return api_.membership_get(
        handle.value, &name, operation.how == kNullList ? nullptr : list.data(),
        operation.how == kNullCount ? nullptr : &count);
  };
  Ask(
      handle.state, handle.connection, {RequestId::kMembership}, make,
      [&](const CallRecord& record) {
        return OwedToMembership(handle.state, arguments, record);
      },
      [&](cs_error_t result, const CallRecord& /*record*/) {
        for (size_t i = arguments.room; i < kList; ++i) {
          if (std::memcmp(&list.at(i), &kEmpty, sizeof kEmpty) != 0) {
            return Object("MEMB-02", "written beyond",
                          fmt::format("{} entries at most", arguments.room),
                          fmt::format("entry {} is written", i));
          }
        }
        if (result != CS_OK || arguments.members > arguments.room) return;
        const auto expected =
            ChangeCallback("", service_.Members(arguments.name), {}, {});
        Callback::Addresses given;
        for (int i = 0; i < std::min<int>(count, kList); ++i) {
          given.push_back({list.at(i).nodeid, list.at(i).pid, 0});
        }
        const auto came = ChangeCallback("", given, {}, {});
        if (came != expected || count != static_cast<int>(arguments.members)) {
          Object("MEMB-04", "wrong value", fuzz::Describe(expected),
                 fuzz::Describe(came));
        }
      });
}

void CallSession::LocalGet(int who) {
  Handle& handle = handles_.at(who);
  if (!Enter({.call = "cpg_local_get", .state = QueryState(handle.state)})) {
    return;
  }
  unsigned int node = kUntouched;
  Ask(
      handle.state, handle.connection, {RequestId::kLocalGet},
      [&] { return api_.local_get(handle.value, &node); },
      [&](const CallRecord& record) {
        return OwedToLocalGet(handle.state, record);
      },
      [&](cs_error_t result, const CallRecord& /*record*/) {
        if (result == CS_OK && node != CallService::kNode) {
          Object("LOCAL-01", "wrong value",
                 fmt::format("{}", CallService::kNode),
                 fmt::format("{}", node));
        }
      });
}

void CallSession::IterationInitialize(const Operation& operation) {
  Handle& handle = handles_.at(operation.who);
  Iteration& iteration = iterations_.at(IterationOf(operation.what));
  if (api_.iteration_initialize == nullptr || api_.iteration_next == nullptr ||
      api_.iteration_finalize == nullptr || iteration.state.open) {
    return;
  }
  const int name_operand = IterationNameOf(operation.what);
  const std::string* const group =
      name_operand < 0 ? nullptr : &NameOf(name_operand);
  const IterationArguments arguments{
      .type = IterationTypeOf(operation.how),
      .group = group,
      .has_result = operation.how != kNullResult};
  if (!Enter({.call = "cpg_iteration_initialize",
              .state = QueryState(handle.state)})) {
    return;
  }
  cpg_name name = NameFor(group == nullptr ? "" : *group);
  cpg_iteration_handle_t value = 0;
  Ask(
      handle.state, handle.connection, {RequestId::kIterationInitialize},
      [&] {
        return api_.iteration_initialize(
            handle.value, static_cast<cpg_iteration_type_t>(arguments.type),
            group == nullptr ? nullptr : &name,
            arguments.has_result ? &value : nullptr);
      },
      [&](const CallRecord& record) {
        return OwedToIterationInitialize(handle.state, arguments, record);
      },
      [&](cs_error_t result, const CallRecord& /*record*/) {
        if (result != CS_OK) return;
        iteration = {
            .value = value, .state = {.open = true}, .handle = operation.who};
        for (const auto& entry :
             service_.Census(static_cast<wire::IterationType>(arguments.type),
                             group == nullptr ? "" : *group)) {
          iteration.left.push_back(
              Entry(entry.group, entry.node, entry.process));
        }
        iteration.state.left = iteration.left.size();
      });
}

void CallSession::TakeEntry(Iteration* iteration, cs_error_t result,
                            const cpg_iteration_description_t& entry) {
  if (result == CS_ERR_NO_SECTIONS && iteration->state.left == 0) {
    iteration->state.at_end = true;
  }
  if (result != CS_OK) return;
  const size_t length =
      std::min<size_t>(entry.group.length, CPG_MAX_NAME_LENGTH);
  const std::string came =
      Entry({entry.group.value, length}, entry.nodeid, entry.pid);
  const auto found = std::ranges::find(iteration->left, came);
  if (found == iteration->left.end()) {
    return Object("ITER-02", "wrong value",
                  fmt::format("one of {}", fmt::join(iteration->left, "; ")),
                  came);
  }
  iteration->left.erase(found);
  iteration->state.left = iteration->left.size();
}

void CallSession::IterationNext(const Operation& operation) {
  if (api_.iteration_next == nullptr) return;
  Iteration& iteration = iterations_.at(operation.who);
  const Handle& handle = handles_.at(iteration.handle);
  const bool has_description = operation.what == 0;
  Spot spot{.call = "cpg_iteration_next",
            .state = iteration.state.open ? QueryState(handle.state)
                                          : "a bad iteration"};
  if (iteration.state.open && iteration.refused_to_end) {
    spot = {.call = "an iteration",
            .state = "its end was refused",
            .requirement = "ERR-06"};
  }
  if (!Enter(spot)) return;
  cpg_iteration_description_t entry{};
  const HandleState as_it_is =
      iteration.state.open ? handle.state : HandleState{};
  Ask(
      as_it_is, handle.connection, {RequestId::kIterationNext},
      [&] {
        return api_.iteration_next(iteration.value,
                                   has_description ? &entry : nullptr);
      },
      [&](const CallRecord& record) {
        return OwedToIterationNext(handle.state, iteration.state,
                                   has_description, record);
      },
      [&](cs_error_t result, const CallRecord& /*record*/) {
        TakeEntry(&iteration, result, entry);
      });
}

void CallSession::IterationFinalize(int who) {
  if (api_.iteration_finalize == nullptr) return;
  Iteration& iteration = iterations_.at(who);
  const Handle& handle = handles_.at(iteration.handle);
  Spot spot{.call = "cpg_iteration_finalize",
            .state = iteration.state.open ? QueryState(handle.state)
                                          : "a bad iteration"};
  const bool held_back = handle.state.reach == Reach::kLive &&
                         ProspectOf(handle.state) != Prospect::kGood;
  if (iteration.state.open && (iteration.refused_to_end || held_back)) {
    spot = {.call = "an iteration",
            .state = "its end was refused",
            .requirement = "ERR-06"};
  }
  if (!Enter(spot)) return;
  const HandleState as_it_is =
      iteration.state.open ? handle.state : HandleState{};
  Ask(
      as_it_is, handle.connection, {RequestId::kIterationFinalize},
      [&] { return api_.iteration_finalize(iteration.value); },
      [&](const CallRecord& record) {
        return OwedToIterationFinalize(handle.state, iteration.state, record);
      },
      [&](cs_error_t result, const CallRecord& /*record*/) {
        if (result == CS_OK) {
          iteration.state = {};
        } else if (iteration.state.open) {
          iteration.refused_to_end = true;
          iteration.state.in_doubt = handle.state.reach != Reach::kLive;
        }
      });
}

}  // namespace cpgcert::fuzz
