// cpg_dispatch and the callbacks that it runs.

#include <fmt/core.h>

#include <algorithm>
#include <cstring>
#include <ranges>

#include "fuzz/calls/call_session.h"

namespace cpgcert::fuzz {

namespace {

using Reach = HandleState::Reach;
using Kind = Waiting::Kind;

// Of dispatches inside callbacks: each may need more than 1 MiB of stack.
constexpr size_t kDepthMax = 3;
// More than any message or list that the service sends.
constexpr size_t kMessageMax = size_t{4} << 20;
constexpr size_t kEntriesMax = 1024;

bool HasCallback(const Waiting& waiting) {
  return waiting.kind == Kind::kCallback;
}

bool EndsTheConnection(int type) {
  return type != CS_DISPATCH_ONE && type != CS_DISPATCH_ALL &&
         type != CS_DISPATCH_ONE_NONBLOCKING;
}

Callback::Addresses Copied(const cpg_address* list, size_t count) {
  Callback::Addresses copied;
  for (size_t i = 0; i < count; ++i) {
    copied.push_back({list[i].nodeid, list[i].pid, list[i].reason});
  }
  return copied;
}

std::string_view NameOf(const cpg_name& name) {
  return {name.value, std::min<size_t>(name.length, CPG_MAX_NAME_LENGTH)};
}

}  // namespace

// Only what comes back: nobody else could wake a dispatch that waits.
bool CallSession::MayDispatch(const Handle& handle, int type) const {
  if (frames_.size() >= kDepthMax) return false;
  if (!handle.state.open || handle.state.reach != Reach::kLive) return true;
  return type != CS_DISPATCH_ONE ||
         std::ranges::any_of(handle.waiting, HasCallback);
}

Spot CallSession::DispatchSpot(const Handle& handle, int type) const {
  const char* const kCall = "cpg_dispatch";
  if (!handle.state.open) return {.call = kCall, .state = "a bad handle"};
  const auto& waiting = handle.waiting;
  if (!handle.deliver && std::ranges::any_of(waiting, &Waiting::in_fragments)) {
    return {.call = kCall,
            .state = "fragments wait, but no deliver callback is registered",
            .requirement = "PART-05"};
  }
  if (handle.in_fragments && !waiting.empty()) {
    return {.call = kCall,
            .state = "inside the callback of a message that came in fragments",
            .requirement = "DISPATCH-14"};
  }
  if (type == CS_DISPATCH_ONE && !waiting.empty() &&
      waiting.front().kind == Kind::kFragment) {
    return {.call = kCall,
            .state = "CS_DISPATCH_ONE, the first event is a fragment",
            .requirement = "DISPATCH-02"};
  }
  if (handle.state.reach != Reach::kLive) {
    return {.call = kCall, .state = "the service is gone"};
  }
  if (!frames_.empty()) return {.call = kCall, .state = "inside a callback"};
  switch (type) {
    case CS_DISPATCH_ONE:
      return {.call = kCall, .state = "CS_DISPATCH_ONE"};
    case CS_DISPATCH_ALL:
      return {.call = kCall, .state = "CS_DISPATCH_ALL"};
    case CS_DISPATCH_ONE_NONBLOCKING:
      return {.call = kCall, .state = "CS_DISPATCH_ONE_NONBLOCKING"};
    case CS_DISPATCH_BLOCKING:
      return {.call = kCall, .state = "CS_DISPATCH_BLOCKING"};
    default:
      return {.call = kCall, .state = "a type that does not exist"};
  }
}

void CallSession::Dispatch(const Operation& operation) {
  Handle& handle = handles_.at(operation.who);
  const int type = DispatchTypeOf(operation.what);
  if (!MayDispatch(handle, type)) return;
  const Spot spot = DispatchSpot(handle, type);
  if (!Enter(spot)) return;
  // What blocks must come back: there is nothing more to come.
  if (EndsTheConnection(type) && handle.state.open &&
      handle.state.reach == Reach::kLive) {
    service_.EndConnection(handle.connection);
    handle.state.reach = Reach::kEnded;
  }
  DispatchFacts facts{.type = type,
                      .handle = handle.state,
                      .any_event = !handle.waiting.empty()};
  facts.any_callback = std::ranges::any_of(handle.waiting, HasCallback);
  if (facts.any_event) {
    const Waiting& first = handle.waiting.front();
    facts.callback_first = HasCallback(first);
    facts.fragment_first = first.kind == Kind::kFragment;
    facts.in_fragments_first = first.in_fragments;
  }
  const uint64_t end = handle.next_number;
  frames_.push_back({.handle = operation.who, .generation = handle.generation});
  const cs_error_t result = Call([&] {
    return api_.dispatch(handle.value, static_cast<cs_dispatch_flags_t>(type));
  });
  const Frame frame = frames_.back();
  frames_.pop_back();
  if (stopped()) return;
  spot_ = spot;  // a callback may have called
  ConcludeDispatch(frame, facts, end, result);
}

void CallSession::ConcludeDispatch(const Frame& frame, DispatchFacts facts,
                                   uint64_t end, cs_error_t result) {
  Handle& handle = handles_.at(frame.handle);
  facts.callbacks = frame.callbacks;
  facts.finalized =
      facts.handle.open &&
      (!handle.state.open || handle.generation != frame.generation);
  if (facts.finalized) {
    const DispatchVerdict verdict = JudgeDispatch(facts, result);
    if (!verdict.ok()) {
      Object(verdict.requirement, "wrong answer", verdict.owed,
             harness::ErrorName(result));
    } else if (handle.generation == frame.generation &&
               !IsDispatching(frame.handle)) {
      CheckClosed(handle.connection);
    }
    return;
  }
  facts.reach_changed = handle.state.reach != facts.handle.reach;
  facts.all_taken = std::ranges::none_of(handle.waiting, [&](const Waiting& w) {
    return HasCallback(w) && w.number < end;
  });
  const DispatchVerdict verdict = JudgeDispatch(facts, result);
  if (!verdict.ok()) {
    return Object(verdict.requirement, "wrong answer", verdict.owed,
                  fmt::format("{}, {} callbacks", harness::ErrorName(result),
                              frame.callbacks));
  }
  if (result != CS_OK) return;
  if (facts.type == CS_DISPATCH_ALL) {
    DropSilent(&handle, end);
  } else if (frame.callbacks == 0 && !handle.waiting.empty()) {
    DropSilent(&handle, handle.waiting.front().number + 1);
  }
}

// What runs no callback, of the events before number `end`.
void CallSession::DropSilent(Handle* handle, uint64_t end) {
  while (!handle->waiting.empty() && handle->waiting.front().number < end &&
         !HasCallback(handle->waiting.front())) {
    handle->waiting.pop_front();
  }
}

bool CallSession::IsOwed(Handle* handle, const Callback& came) {
  const auto next = std::ranges::find_if(handle->waiting, HasCallback);
  if (next == handle->waiting.end()) {
    constexpr std::array kRequirements = {"MCAST-01", "CONF-01", "TOTEM-02"};
    Object(kRequirements.at(static_cast<size_t>(came.kind)), "unowed callback",
           "no callback", fuzz::Describe(came));
    return false;
  }
  if (next->callback != came) {
    Object(WhatDiffers(next->callback, came), "wrong callback",
           fuzz::Describe(next->callback), fuzz::Describe(came));
    return false;
  }
  return true;
}

void CallSession::TakeCallback(cpg_handle_t value, Callback came,
                               const void* message) {
  if (stopped()) return;
  ++played_.callbacks;
  if (frames_.empty()) {
    return Object("DISPATCH-15", "unowed callback", "no callback: no dispatch",
                  fuzz::Describe(came));
  }
  Frame& frame = frames_.back();
  const int who = frame.handle;
  const int generation = frame.generation;
  Handle& handle = handles_.at(who);
  if (!handle.state.open || handle.generation != generation) {
    return Object("FIN-06", "unowed callback",
                  "no callback: the handle is finalized", fuzz::Describe(came));
  }
  if (value != handle.value) {
    return Object("DISPATCH-15", "wrong callback",
                  "the handle of the connection", "another");
  }
  if (!IsOwed(&handle, came)) return;
  const auto next = std::ranges::find_if(handle.waiting, HasCallback);
  const bool in_fragments = next->in_fragments;
  handle.waiting.erase(handle.waiting.begin(), next + 1);
  ++frame.callbacks;  // before a dispatch inside moves it
  if (handle.in_callback.empty()) return;
  const Operation operation = handle.in_callback.front();
  handle.in_callback.pop_front();
  const bool outer = handle.in_fragments;
  handle.in_fragments = outer || in_fragments;
  const Spot spot = spot_;
  Run(operation);
  if (handle.generation == generation) handle.in_fragments = outer;
  if (stopped()) return;
  spot_ = spot;
  // Until the callback returns the bytes are the caller's.
  if (!came.message.empty() && handle.state.open &&
      handle.generation == generation &&
      std::memcmp(message, came.message.data(), came.message.size()) != 0) {
    Object("DISPATCH-12", "wrong callback",
           "the message stays until the callback returns", "it has changed");
  }
}

void CallSession::Deliver(cpg_handle_t handle, const cpg_name* group,
                          uint32_t node, uint32_t process, void* message,
                          size_t size) {
  if (current_ == nullptr || current_->stopped()) return;
  constexpr uintptr_t kAlignment = 8;
  if (size > kMessageMax) {
    return current_->Object("MCAST-01", "wrong callback",
                            "no more bytes than were sent",
                            fmt::format("{} bytes", size));
  }
  if (size > 0 && reinterpret_cast<uintptr_t>(message) % kAlignment != 0) {
    return current_->Object("DISPATCH-12", "wrong callback",
                            "a message at a multiple of 8 bytes", "it is not");
  }
  current_->TakeCallback(
      handle,
      MessageCallback(NameOf(*group), node, process,
                      {static_cast<const char*>(message), size}),
      message);
}

void CallSession::Change(cpg_handle_t handle, const cpg_name* group,
                         const cpg_address* members, size_t member_count,
                         const cpg_address* left, size_t left_count,
                         const cpg_address* joined, size_t joined_count) {
  if (current_ == nullptr || current_->stopped()) return;
  if (std::max({member_count, left_count, joined_count}) > kEntriesMax) {
    return current_->Object("CONF-01", "wrong callback",
                            "no more entries than were sent", "more");
  }
  current_->TakeCallback(
      handle,
      ChangeCallback(NameOf(*group), Copied(members, member_count),
                     Copied(left, left_count), Copied(joined, joined_count)),
      nullptr);
}

void CallSession::Totem(cpg_handle_t handle, cpg_ring_id ring, uint32_t count,
                        const uint32_t* members) {
  if (current_ == nullptr || current_->stopped()) return;
  if (count > kEntriesMax) {
    return current_->Object("TOTEM-03", "wrong callback",
                            "no more nodes than were sent", "more");
  }
  current_->TakeCallback(
      handle, TotemCallback(ring.nodeid, ring.seq, {members, members + count}),
      nullptr);
}

}  // namespace cpgcert::fuzz
