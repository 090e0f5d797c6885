// Connections and what is asked of them alone: initialize, finalize,
// descriptor, context, limits.

#include <fcntl.h>
#include <fmt/core.h>
#include <poll.h>

#include <algorithm>
#include <cstdlib>

#include "fuzz/calls/call_session.h"

namespace cpgcert::fuzz {

namespace {

using Reach = HandleState::Reach;

Spot InitializeSpot(const Operation& operation) {
  const bool has_model = operation.action == Action::kModelInitialize;
  const char* const call =
      has_model ? "cpg_model_initialize" : "cpg_initialize";
  if (!has_model) return {.call = call, .state = "as it should be"};
  switch (static_cast<Model>(operation.how)) {
    case Model::kFlags2:
    case Model::kFlagsAll:
      return {.call = call,
              .state = "with unknown flags",
              .requirement = "INIT-03"};
    case Model::kOther:
      return {.call = call,
              .state = "with an unknown model",
              .requirement = "INIT-02"};
    default:
      return {.call = call, .state = "as it should be"};
  }
}

// A flag of CPG_MODEL_V1, or several, that no header has.
uint32_t FlagsOf(Model model) {
  switch (model) {
    case Model::kInitialTotem:
      return CPG_MODEL_V1_DELIVER_INITIAL_TOTEM_CONF;
    case Model::kFlags2:
      return 2;
    case Model::kFlagsAll:
      return ~uint32_t{0};
    default:
      return 0;
  }
}

void* ContextOf(int number) {
  static std::array<char, 4> contexts{};
  return number == 0 ? nullptr : &contexts.at(number);
}

bool ShowsEvent(int descriptor) {
  pollfd ready = {.fd = descriptor, .events = POLLIN, .revents = 0};
  return poll(&ready, 1, 0) > 0;
}

}  // namespace

void CallSession::Initialize(const Operation& operation) {
  Handle& handle = handles_.at(operation.who);
  if (handle.state.open || !Enter(InitializeSpot(operation))) return;
  const bool has_model = operation.action == Action::kModelInitialize;
  const auto model =
      has_model ? static_cast<Model>(operation.how) : Model::kPlain;
  const uint8_t bits = operation.what;
  cpg_callbacks_t callbacks{};
  cpg_model_v1_data_t data{};
  data.flags = FlagsOf(model);
  if ((bits & kDeliver) != 0) {
    callbacks.cpg_deliver_fn = data.cpg_deliver_fn = Deliver;
  }
  if ((bits & kChange) != 0) {
    callbacks.cpg_confchg_fn = data.cpg_confchg_fn = Change;
  }
  if ((bits & kTotem) != 0) data.cpg_totem_confchg_fn = Totem;
  // Without a table there are no flags either.
  const bool no_table = (bits & kNoTable) != 0 && data.flags <= 1;
  constexpr cpg_handle_t kBefore = 0xbad2bad200000000;
  const int open_before = service_.open();
  cpg_handle_t value = kBefore;
  const Make make = [&] {
    value = kBefore;
    if (!has_model) {
      return api_.initialize(&value, no_table ? nullptr : &callbacks);
    }
    return api_.model_initialize(
        &value,
        model == Model::kOther ? static_cast<cpg_model_t>(7) : CPG_MODEL_V1,
        no_table ? nullptr : reinterpret_cast<cpg_model_data_t*>(&data),
        ContextOf(1 + operation.who % 3));
  };
  const HandleState as_if_open{.open = true};
  Ask(
      as_if_open, -1, {}, make,
      [&](const CallRecord& record) { return OwedToInitialize(model, record); },
      [&](cs_error_t result, const CallRecord& record) {
        const int made = service_.open() - open_before;
        if (made != (result == CS_OK ? 1 : 0)) {
          return Object(record.connected > 0 ? "RES-04" : "INIT-05", "leak",
                        result == CS_OK ? "one connection" : "none is left",
                        fmt::format("{}", made));
        }
        if (model == Model::kOther && value != kBefore) {
          return Object("INIT-02", "wrong value", "the variable is left alone",
                        "it was written");
        }
        // Whatever stands there now is no handle.
        if (result != CS_OK) handle.value = value;
        if (result == CS_OK) Connected(operation, value);
      });
}

void CallSession::Connected(const Operation& operation, cpg_handle_t value) {
  for (const Handle& other : handles_) {
    if (other.state.open && other.value == value) {
      return Object("INIT-01", "wrong value", "a handle of its own",
                    "that of another connection");
    }
  }
  const bool has_model = operation.action == Action::kModelInitialize;
  uint8_t bits = operation.what;
  const bool no_table = (bits & kNoTable) != 0;
  if (no_table) bits = kNoTable;
  if (!has_model) bits &= static_cast<uint8_t>(~kTotem);
  Handle& handle = handles_.at(operation.who);
  const std::deque<Operation> armed = std::move(handle.in_callback);
  handle = {.value = value,
            .state = {.open = true},
            .connection = service_.next_connection() - 1,
            .generation = next_generation_++,
            .owed = OwedCallbacks(bits),
            .deliver = !no_table && (bits & kDeliver) != 0,
            .context = has_model ? ContextOf(1 + operation.who % 3) : nullptr,
            .in_callback = armed};
}

bool CallSession::IsDispatching(int who) const {
  return std::ranges::any_of(frames_, [&](const Frame& frame) {
    return frame.handle == who &&
           frame.generation == handles_.at(who).generation;
  });
}

void CallSession::CheckClosed(int connection) {
  if (service_.IsOpen(connection)) {
    Object("FIN-03", "leak", "the connection is closed", "it is open");
  }
}

void CallSession::Forget(int who) {
  Handle& handle = handles_.at(who);
  handle.state = {};
  handle.waiting.clear();
  for (Iteration& iteration : iterations_) {
    if (iteration.state.open && iteration.handle == who) iteration.state = {};
  }
  for (Buffer& buffer : buffers_) {
    if (buffer.handle == who) buffer = {};
  }
}

void CallSession::Finalize(int who) {
  Handle& handle = handles_.at(who);
  // Whose buffers they are is the caller's to know.
  for (int i = 0; i < kBuffers && handle.state.open; ++i) {
    if (buffers_.at(i).memory != nullptr && buffers_.at(i).handle == who) {
      ZeroCopyFree(who, i);
    }
  }
  if (stopped()) return;
  const char* state = "as it should be";
  if (!handle.state.open) {
    state = "a bad handle";
  } else if (handle.state.IsHeldBack()) {
    state = "the service does not answer";
  } else if (IsDispatching(who)) {
    state = "inside a callback";
  }
  if (!Enter({.call = "cpg_finalize", .state = state})) return;
  service_.Begin(handle.connection, {RequestId::kFinalize});
  const cs_error_t result = Call([&] { return api_.finalize(handle.value); });
  const CallRecord record = service_.End();
  Judge(OwedToFinalize(handle.state, record), result);
  if (!handle.state.open) return;
  const int connection = handle.connection;
  Forget(who);
  if (!stopped() && !IsDispatching(who)) CheckClosed(connection);
}

void CallSession::Descriptor(int who) {
  Handle& handle = handles_.at(who);
  const bool live = handle.state.reach == Reach::kLive;
  if (!Enter({.call = "cpg_fd_get",
              .state = !handle.state.open ? "a bad handle"
                       : live             ? "as it should be"
                                          : "the service is gone"})) {
    return;
  }
  int descriptor = -1;
  const cs_error_t result =
      Call([&] { return api_.fd_get(handle.value, &descriptor); });
  Judge(OwedToLocalCall(handle.state), result);
  if (stopped() || result != CS_OK || !handle.state.open) return;
  const int flags = fcntl(descriptor, F_GETFD);
  if (flags < 0 || (flags & FD_CLOEXEC) == 0) {
    return Object("FD-03", "wrong value", "a descriptor, closed on exec",
                  fmt::format("{}, flags {}", descriptor, flags));
  }
  for (const Handle& other : handles_) {
    const bool is_it = &other == &handle;
    if (other.state.open && other.descriptor.has_value() &&
        (*other.descriptor == descriptor) != is_it) {
      return Object("FD-03", "wrong value",
                    "one for each connection, always the same", "another");
    }
  }
  handle.descriptor = descriptor;
  const bool waits = std::ranges::any_of(handle.waiting, [](const Waiting& w) {
    return w.kind == Waiting::Kind::kCallback;
  });
  // Inside a dispatch the library may have taken what it runs next.
  if (!IsDispatching(who) && (waits || !live) && !ShowsEvent(descriptor)) {
    Object(live ? "FD-01" : "FD-02", "wrong value",
           live ? "readable, for a callback waits" : "it shows the end",
           "poll shows nothing");
  }
}

void CallSession::LocalCall(const Operation& operation) {
  Handle& handle = handles_.at(operation.who);
  const char* const state =
      handle.state.open ? "as it should be" : "a bad handle";
  const auto judge = [&](cs_error_t result) {
    Judge(OwedToLocalCall(handle.state), result);
    return !stopped() && result == CS_OK;
  };
  if (operation.action == Action::kContextSet) {
    if (!Enter({.call = "cpg_context_set", .state = state})) return;
    void* const context = ContextOf(operation.what);
    if (judge(Call([&] { return api_.context_set(handle.value, context); }))) {
      handle.context = context;
    }
  } else if (operation.action == Action::kContextGet) {
    if (!Enter({.call = "cpg_context_get", .state = state})) return;
    void* context = &handle;
    if (judge(Call([&] { return api_.context_get(handle.value, &context); })) &&
        context != handle.context) {
      Object("CTX-01", "wrong value", "the context that was set last",
             context == nullptr ? "NULL" : "another");
    }
  } else {
    if (!Enter({.call = "cpg_flow_control_state_get", .state = state})) return;
    auto flow = static_cast<cpg_flow_control_state_t>(77);
    if (judge(Call([&] {
          return api_.flow_control_state_get(handle.value, &flow);
        })) &&
        flow != CPG_FLOW_CONTROL_DISABLED && flow != CPG_FLOW_CONTROL_ENABLED) {
      Object("FLOW-01", "wrong value", "one of the two states",
             fmt::format("{}", static_cast<int>(flow)));
    }
  }
}

void CallSession::MaxAtomicSize(int who) {
  Handle& handle = handles_.at(who);
  if (!Enter(
          {.call = "cpg_max_atomic_msgsize_get",
           .state = handle.state.open ? "as it should be" : "a bad handle"})) {
    return;
  }
  uint32_t size = 0;
  const cs_error_t result =
      Call([&] { return api_.max_atomic_msgsize_get(handle.value, &size); });
  Judge(OwedToLocalCall(handle.state), result);
  if (stopped() || result != CS_OK || !handle.state.open) return;
  if (size == 0 || handle.atomic_max.value_or(size) != size) {
    return Object("MAX-01", "wrong value", "a size, the same each time",
                  fmt::format("{}", size));
  }
  handle.atomic_max = size;
}

size_t CallSession::AtomicMax(const Handle& handle) const {
  // The largest that goes over the wire in one piece.
  constexpr uint32_t kMost = harness::wire::kBufferSize;
  uint32_t size = 0;
  if (handle.state.open && api_.max_atomic_msgsize_get != nullptr) {
    api_.max_atomic_msgsize_get(handle.value, &size);
  }
  return size == 0 ? kMost : std::min(size, kMost);
}

}  // namespace cpgcert::fuzz
