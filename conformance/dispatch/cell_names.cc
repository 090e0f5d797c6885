// The names of cells, and the requirements that they decide.

#include <fmt/core.h>

#include <algorithm>
#include <array>

#include "conformance/dispatch/cells.h"

namespace cpgcert::conformance::dispatch {

namespace {

constexpr auto kHandleNames = std::to_array<std::string_view>(
    {"Zero", "NeverIssued", "NotJoined", "Joined", "LeaveUnconfirmed", "Left",
     "Finalized", "FinalizedSlotReused", "FinalizedInCallback",
     "InsideCallback", "OtherConnectionHasEvents", "ServiceKilledBefore",
     "ServiceKilledDuring", "ServiceStopped", "ForkedChild"});

constexpr auto kPendingNames = std::to_array<std::string_view>(
    {"NothingPending", "OneMessage", "OneChange", "MixtureOfFive",
     "MessageInFragments", "ArrivesDuring", "TotemChange"});

constexpr auto kCallbackNames = std::to_array<std::string_view>(
    {"AllCallbacks", "NoDeliver", "NoChange", "NoCallbacks",
     "AllCallbacksAndTotem", "NoDeliverButTotem", "NoChangeButTotem",
     "OnlyTotem"});

constexpr auto kDisturbanceNames = std::to_array<std::string_view>(
    {"Undisturbed", "SignalsRestarting", "SignalsInterrupting",
     "OtherThreadJoins", "OtherThreadMulticasts", "OtherThreadFinalizes"});

bool IsKilled(Handle handle) {
  return handle == Handle::kServiceKilledBefore ||
         handle == Handle::kServiceKilledDuring;
}

// The promise of the type itself, cpg_dispatch(3), DESCRIPTION.
std::string RequirementOf(Type type) {
  switch (type) {
    case Type::kOne:
      return "DISPATCH-02";
    case Type::kAll:
      return "DISPATCH-03";
    case Type::kBlocking:
      return "DISPATCH-04";
    case Type::kOneNonblocking:
      return "DISPATCH-05";
    default:
      return "DISPATCH-06";
  }
}

void AddHandle(const Cell& cell, std::vector<std::string>* ids) {
  switch (cell.handle) {
    case Handle::kZero:
    case Handle::kNeverIssued:
      ids->insert(ids->end(), {"HND-01", "ERR-06"});
      break;
    case Handle::kFinalized:
      ids->insert(ids->end(), {"HND-01", "FIN-01"});
      break;
    case Handle::kFinalizedSlotReused:
      ids->insert(ids->end(), {"HND-02", "ERR-06", "DISPATCH-15"});
      break;
    case Handle::kFinalizedInCallback:
      ids->insert(ids->end(), {"FIN-05", "FIN-06"});
      break;
    case Handle::kInsideCallback:
      ids->emplace_back("DISPATCH-14");
      break;
    case Handle::kOtherConnectionHasEvents:
      ids->emplace_back("DISPATCH-15");
      break;
    case Handle::kServiceStopped:
      ids->emplace_back("ERR-03");
      break;
    case Handle::kNotJoined:
      ids->emplace_back("DISPATCH-11");
      break;
    case Handle::kLeaveUnconfirmed:
      if (HasChange(cell.callbacks)) {
        ids->insert(ids->end(), {"LEAVE-01", "CONF-01", "CONF-02"});
      }
      if (HasDeliver(cell.callbacks) && cell.pending != Pending::kOneChange &&
          cell.pending != Pending::kTotemChange) {
        ids->emplace_back("LEAVE-05");
      }
      break;
    default:
      break;
  }
}

// What the events of a cell that is dispatched to its end decide.
void AddEvents(const Cell& cell, std::vector<std::string>* ids) {
  const bool deliver = HasDeliver(cell.callbacks);
  const bool change = HasChange(cell.callbacks);
  switch (cell.pending) {
    case Pending::kOneMessage:
      if (deliver) {
        ids->insert(ids->end(), {"MCAST-01", "DISPATCH-15"});
      }
      break;
    case Pending::kOneChange:
      if (change && cell.handle != Handle::kLeaveUnconfirmed) {
        ids->insert(ids->end(), {"JOIN-01", "CONF-01", "CONF-02"});
      }
      break;
    case Pending::kMixtureOfFive:
      if (deliver) {
        ids->insert(ids->end(), {"MCAST-01", "ORD-03"});
      }
      if (change) {
        ids->insert(ids->end(), {"CONF-01", "CONF-02", "CONF-06"});
      }
      break;
    case Pending::kFragments:
      ids->emplace_back("PART-01");
      break;
    case Pending::kTotemChange:
      if (HasTotem(cell.callbacks)) {
        ids->insert(ids->end(), {"TOTEM-01", "TOTEM-02"});
      }
      break;
    default:
      break;
  }
}

void AddDisturbance(const Cell& cell, std::vector<std::string>* ids) {
  if (IsSignals(cell.disturbance)) {
    ids->emplace_back("DISPATCH-07");
  } else if (cell.disturbance == Disturbance::kOtherThreadFinalizes) {
    ids->emplace_back("FIN-07");
  } else if (cell.disturbance != Disturbance::kNone) {
    ids->emplace_back("THR-01");
  }
}

}  // namespace

std::string_view Name(Type type) {
  switch (type) {
    case Type::kOne:
      return "One";
    case Type::kAll:
      return "All";
    case Type::kBlocking:
      return "Blocking";
    case Type::kOneNonblocking:
      return "OneNonblocking";
    case Type::kInvalid0:
      return "Invalid0";
    case Type::kInvalid5:
      return "Invalid5";
    case Type::kInvalidMinus1:
      return "InvalidMinus1";
  }
  return "?";
}

std::string_view Name(Handle handle) {
  return kHandleNames.at(static_cast<size_t>(handle));
}

std::string_view Name(Pending pending) {
  return kPendingNames.at(static_cast<size_t>(pending));
}

std::string_view Name(Callbacks callbacks) {
  return kCallbackNames.at(static_cast<size_t>(callbacks));
}

std::string_view Name(Disturbance disturbance) {
  return kDisturbanceNames.at(static_cast<size_t>(disturbance));
}

std::string Name(const Cell& cell) {
  return fmt::format("{}/{}/{}/{}/{}/{}", RequirementsOf(cell).front(),
                     Name(cell.type), Name(cell.handle), Name(cell.pending),
                     Name(cell.callbacks), Name(cell.disturbance));
}

std::vector<std::string> RequirementsOf(const Cell& cell) {
  if (IsKilled(cell.handle)) {
    return {"DISPATCH-09"};
  }
  if (cell.handle == Handle::kForkedChild) {
    return {"DISPATCH-17"};
  }
  std::vector<std::string> ids = {RequirementOf(cell.type)};
  if (cell.pending == Pending::kFragments && !HasDeliver(cell.callbacks)) {
    ids.emplace_back("PART-05");
    return ids;
  }
  const bool sleeps = cell.pending == Pending::kNothing ||
                      cell.pending == Pending::kArrivesDuring;
  if (MayBlock(cell.type) && !IsBad(cell.handle) &&
      (sleeps || cell.type != Type::kOne)) {
    ids.emplace_back("DISPATCH-16");
  }
  if (IsInvalid(cell.type) || cell.type == Type::kOneNonblocking) {
    ids.emplace_back("ERR-06");
  }
  AddHandle(cell, &ids);
  const bool all_dispatched =
      !IsBad(cell.handle) && cell.handle != Handle::kFinalizedInCallback &&
      cell.disturbance != Disturbance::kOtherThreadFinalizes;
  if (all_dispatched) {
    AddEvents(cell, &ids);
  }
  AddDisturbance(cell, &ids);
  std::vector<std::string> unique;
  for (const std::string& id : ids) {
    if (std::ranges::find(unique, id) == unique.end()) {
      unique.push_back(id);
    }
  }
  return unique;
}

}  // namespace cpgcert::conformance::dispatch
