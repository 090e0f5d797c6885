#include "cli/dispatch_matrix.h"

#include <array>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "conformance/dispatch/cells.h"

namespace cpgcert::cli {

namespace {

using conformance::dispatch::Callbacks;
using conformance::dispatch::Cell;
using conformance::dispatch::Disturbance;
using conformance::dispatch::Handle;
using conformance::dispatch::Pending;
using conformance::dispatch::Type;

template <typename Value>
using Meaning = std::pair<Value, std::string_view>;

constexpr auto kTypes = std::to_array<Meaning<Type>>({
    {Type::kOne, "CS_DISPATCH_ONE"},
    {Type::kAll, "CS_DISPATCH_ALL"},
    {Type::kBlocking, "CS_DISPATCH_BLOCKING"},
    {Type::kOneNonblocking, "CS_DISPATCH_ONE_NONBLOCKING"},
    {Type::kInvalid0, "0, which is no type"},
    {Type::kInvalid5, "5, which is no type"},
    {Type::kInvalidMinus1, "-1, which is no type"},
});

constexpr auto kHandles = std::to_array<Meaning<Handle>>({
    {Handle::kZero, "0 is passed as the handle"},
    {Handle::kNeverIssued, "a handle that nobody ever got"},
    {Handle::kNotJoined, "initialized, in no group"},
    {Handle::kJoined, "a member of a group"},
    {Handle::kLeaveUnconfirmed,
     "cpg_leave has returned, its change is not dispatched yet"},
    {Handle::kLeft, "cpg_leave has returned, its change is dispatched"},
    {Handle::kFinalized, "finalized"},
    {Handle::kFinalizedSlotReused,
     "finalized, and another connection was made after that"},
    {Handle::kFinalizedInCallback,
     "the first callback of this very call finalizes it"},
    {Handle::kInsideCallback, "the call is made by a callback of another call"},
    {Handle::kOtherConnectionHasEvents,
     "the events wait on another connection of the process"},
    {Handle::kServiceKilledBefore, "the service was killed before the call"},
    {Handle::kServiceKilledDuring, "the service is killed during the call"},
    {Handle::kServiceStopped, "the service is stopped: it does not answer"},
    {Handle::kForkedChild, "the call is made by a child after fork"},
});

constexpr auto kPendings = std::to_array<Meaning<Pending>>({
    {Pending::kNothing, "nothing waits"},
    {Pending::kOneMessage, "one message waits"},
    {Pending::kOneChange, "one change of the group's members waits"},
    {Pending::kMixtureOfFive,
     "messages and changes of two members wait, five in all"},
    {Pending::kFragments, "a message of several fragments waits"},
    {Pending::kArrivesDuring,
     "nothing waits at first; a change and a message come during the call"},
    {Pending::kTotemChange, "a change of the ring waits"},
});

constexpr auto kCallbacks = std::to_array<Meaning<Callbacks>>({
    {Callbacks::kAll, "for messages and for changes"},
    {Callbacks::kNoDeliver, "none for messages"},
    {Callbacks::kNoChange, "none for changes"},
    {Callbacks::kNone, "none"},
    {Callbacks::kAllAndTotem, "for messages, changes and the ring"},
    {Callbacks::kNoDeliverButTotem, "for changes and the ring"},
    {Callbacks::kNoChangeButTotem, "for messages and the ring"},
    {Callbacks::kOnlyTotem, "for the ring only"},
});

constexpr auto kDisturbances = std::to_array<Meaning<Disturbance>>({
    {Disturbance::kNone, "nothing disturbs the call"},
    {Disturbance::kSignalsRestarting,
     "signals come during the call, their handler has SA_RESTART"},
    {Disturbance::kSignalsInterrupting,
     "signals come during the call, their handler lacks SA_RESTART"},
    {Disturbance::kOtherThreadJoins, "another thread joins during the call"},
    {Disturbance::kOtherThreadMulticasts,
     "another thread multicasts during the call"},
    {Disturbance::kOtherThreadFinalizes,
     "another thread finalizes the handle during the call"},
});

template <typename Values>
reports::Axis AxisOf(const char* name, const Values& values) {
  reports::Axis axis{.name = name};
  for (const auto& [value, meaning] : values) {
    axis.values.push_back({std::string(conformance::dispatch::Name(value)),
                           std::string(meaning)});
  }
  return axis;
}

std::map<std::string, std::string> Describe(const Cell& cell) {
  using conformance::dispatch::Name;
  return {{"type", std::string(Name(cell.type))},
          {"handle", std::string(Name(cell.handle))},
          {"pending", std::string(Name(cell.pending))},
          {"callbacks", std::string(Name(cell.callbacks))},
          {"disturbance", std::string(Name(cell.disturbance))}};
}

}  // namespace

reports::Matrix DispatchMatrix() {
  namespace dispatch = conformance::dispatch;
  std::map<std::string_view, int> counts;
  for (const Cell& cell : dispatch::Product()) {
    if (const auto* exclusion = dispatch::ExcludedBy(cell)) {
      ++counts[exclusion->reason];
    }
  }
  reports::Matrix matrix;
  matrix.axes = {AxisOf("type", kTypes), AxisOf("handle", kHandles),
                 AxisOf("pending", kPendings), AxisOf("callbacks", kCallbacks),
                 AxisOf("disturbance", kDisturbances)};
  for (const auto& exclusion : dispatch::Exclusions()) {
    matrix.left_out.push_back(
        {std::string(exclusion.reason), counts[exclusion.reason]});
  }
  return matrix;
}

std::map<std::string, std::string> CellOf(const std::string& case_name) {
  static const auto cells = [] {
    std::unordered_map<std::string, const Cell*> by_name;
    for (const Cell& cell : conformance::dispatch::Cells()) {
      by_name.emplace(conformance::dispatch::Name(cell), &cell);
    }
    return by_name;
  }();
  const auto found = cells.find(case_name);
  return found == cells.end() ? std::map<std::string, std::string>()
                              : Describe(*found->second);
}

}  // namespace cpgcert::cli
