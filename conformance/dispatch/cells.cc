#include "conformance/dispatch/cells.h"

#include <fmt/core.h>

#include <algorithm>

namespace cpgcert::conformance::dispatch {

namespace {

constexpr auto kTypes = std::to_array<Type>(
    {Type::kOne, Type::kAll, Type::kBlocking, Type::kOneNonblocking,
     Type::kInvalid0, Type::kInvalid5, Type::kInvalidMinus1});

// "A plain handle": the states on which every set of callbacks is tried.
bool IsPlain(Handle handle) {
  return handle == Handle::kNotJoined || handle == Handle::kJoined ||
         handle == Handle::kLeaveUnconfirmed || handle == Handle::kLeft;
}

bool IsDisturbed(const Cell& cell) {
  return cell.disturbance != Disturbance::kNone;
}

// All callbacks; the totem callback where a totem change is pending.
bool HasUsualCallbacks(const Cell& cell) {
  return cell.callbacks == (cell.pending == Pending::kTotemChange
                                ? Callbacks::kAllAndTotem
                                : Callbacks::kAll);
}

constexpr auto kNoConnection = [](const Cell& cell) {
  return (cell.handle == Handle::kZero ||
          cell.handle == Handle::kNeverIssued) &&
         cell.pending != Pending::kNothing;
};

constexpr auto kNothingArrivesInNonblocking = [](const Cell& cell) {
  return cell.pending == Pending::kArrivesDuring && !MayBlock(cell.type);
};

constexpr auto kNothingArrivesAtBadHandle = [](const Cell& cell) {
  return cell.pending == Pending::kArrivesDuring && IsBad(cell.handle);
};

constexpr auto kNotJoinedGetsNothing = [](const Cell& cell) {
  return cell.handle == Handle::kNotJoined &&
         cell.pending != Pending::kNothing &&
         cell.pending != Pending::kArrivesDuring;
};

constexpr auto kLeftGetsNothing = [](const Cell& cell) {
  return cell.handle == Handle::kLeft && cell.pending != Pending::kNothing;
};

constexpr auto kLeaveIsPending = [](const Cell& cell) {
  return cell.handle == Handle::kLeaveUnconfirmed &&
         (cell.pending == Pending::kNothing ||
          cell.pending == Pending::kArrivesDuring);
};

constexpr auto kNeedsCallback = [](const Cell& cell) {
  return cell.handle == Handle::kFinalizedInCallback &&
         cell.pending == Pending::kNothing;
};

constexpr auto kKilledWhileBlocked = [](const Cell& cell) {
  return cell.handle == Handle::kServiceKilledDuring &&
         (cell.pending != Pending::kNothing || !MayBlock(cell.type));
};

constexpr auto kDeadServiceSendsNothing = [](const Cell& cell) {
  return cell.handle == Handle::kServiceKilledBefore &&
         (cell.pending == Pending::kArrivesDuring ||
          cell.pending == Pending::kFragments);
};

constexpr auto kStoppedServiceKeepsFragments = [](const Cell& cell) {
  return cell.handle == Handle::kServiceStopped &&
         cell.pending == Pending::kFragments;
};

constexpr auto kFragmentsUnseen = [](const Cell& cell) {
  return cell.pending == Pending::kFragments && !HasDeliver(cell.callbacks) &&
         !HasChange(cell.callbacks);
};

constexpr auto kFragmentsAcrossFork = [](const Cell& cell) {
  return cell.handle == Handle::kForkedChild &&
         (cell.pending == Pending::kFragments ||
          cell.pending == Pending::kArrivesDuring ||
          cell.pending == Pending::kTotemChange);
};

constexpr auto kOtherConnectionIsEnough = [](const Cell& cell) {
  return cell.handle == Handle::kOtherConnectionHasEvents &&
         (cell.pending == Pending::kNothing ||
          cell.pending == Pending::kArrivesDuring);
};

constexpr auto kCallbacksOfSpecialHandle = [](const Cell& cell) {
  return !IsPlain(cell.handle) && !HasUsualCallbacks(cell);
};

constexpr auto kDisturbedHandles = [](const Cell& cell) {
  if (!IsDisturbed(cell)) {
    return false;
  }
  return cell.callbacks != Callbacks::kAll ||
         (cell.handle != Handle::kJoined && cell.handle != Handle::kNotJoined);
};

constexpr auto kOtherThreadJoinsOnce = [](const Cell& cell) {
  return cell.disturbance == Disturbance::kOtherThreadJoins &&
         (cell.handle != Handle::kNotJoined ||
          cell.pending != Pending::kNothing);
};

constexpr auto kMulticastNeedsMember = [](const Cell& cell) {
  return cell.disturbance == Disturbance::kOtherThreadMulticasts &&
         cell.handle != Handle::kJoined;
};

constexpr auto kDisturberIsTheArrival = [](const Cell& cell) {
  return IsDisturbed(cell) && !IsSignals(cell.disturbance) &&
         cell.pending == Pending::kArrivesDuring;
};

constexpr auto kDisturbedPending = [](const Cell& cell) {
  return IsDisturbed(cell) && (cell.pending == Pending::kTotemChange ||
                               cell.pending == Pending::kOneChange);
};

constexpr auto kSignalsNeedCallback = [](const Cell& cell) {
  return IsSignals(cell.disturbance) && cell.pending == Pending::kFragments &&
         (cell.type == Type::kOne || !MayBlock(cell.type));
};

constexpr auto kFinalizedBesideACall = [](const Cell& cell) {
  if (cell.disturbance != Disturbance::kOtherThreadFinalizes) {
    return false;
  }
  if (cell.pending == Pending::kNothing) {
    return !MayBlock(cell.type);
  }
  return cell.pending == Pending::kFragments &&
         (cell.type == Type::kOne || !MayBlock(cell.type));
};

}  // namespace

bool IsInvalid(Type type) {
  return type == Type::kInvalid0 || type == Type::kInvalid5 ||
         type == Type::kInvalidMinus1;
}

bool MayBlock(Type type) {
  return type != Type::kAll && type != Type::kOneNonblocking;
}

bool HasDeliver(Callbacks callbacks) {
  return callbacks == Callbacks::kAll || callbacks == Callbacks::kNoChange ||
         callbacks == Callbacks::kAllAndTotem ||
         callbacks == Callbacks::kNoChangeButTotem;
}

bool HasChange(Callbacks callbacks) {
  return callbacks == Callbacks::kAll || callbacks == Callbacks::kNoDeliver ||
         callbacks == Callbacks::kAllAndTotem ||
         callbacks == Callbacks::kNoDeliverButTotem;
}

bool HasTotem(Callbacks callbacks) {
  return callbacks >= Callbacks::kAllAndTotem;
}

bool IsBad(Handle handle) {
  return handle == Handle::kZero || handle == Handle::kNeverIssued ||
         handle == Handle::kFinalized || handle == Handle::kFinalizedSlotReused;
}

bool IsService(Handle handle) {
  return handle == Handle::kServiceKilledBefore ||
         handle == Handle::kServiceKilledDuring ||
         handle == Handle::kServiceStopped;
}

bool IsSignals(Disturbance disturbance) {
  return disturbance == Disturbance::kSignalsRestarting ||
         disturbance == Disturbance::kSignalsInterrupting;
}

const std::vector<Exclusion>& Exclusions() {
  static const std::vector<Exclusion> exclusions = {
      {"no connection stands behind the handle, so nothing can be pending",
       kNoConnection},
      {"a type that never blocks leaves no time for anything to arrive",
       kNothingArrivesInNonblocking},
      {"a call on a bad handle does not block, so nothing can arrive",
       kNothingArrivesAtBadHandle},
      {"a connection that has not joined is sent nothing while the ring of "
       "one node stays as it is",
       kNotJoinedGetsNothing},
      {"after its own leave a connection is sent nothing (cpg_leave(3))",
       kLeftGetsNothing},
      {"the leave's own change is pending by definition, so the call returns "
       "or goes on without blocking first",
       kLeaveIsPending},
      {"only a callback can finalize inside a callback", kNeedsCallback},
      {"only a call that has nothing to dispatch is still there when the "
       "service is killed",
       kKilledWhileBlocked},
      {"a dead service sends neither new events nor further fragments",
       kDeadServiceSendsNothing},
      {"a stopped service keeps the fragments that do not fit its buffer",
       kStoppedServiceKeepsFragments},
      {"with neither a deliver nor a change callback nothing shows when the "
       "last fragment has been dispatched",
       kFragmentsUnseen},
      {"what a fork does is reported, not judged: three kinds of pending "
       "events show it",
       kFragmentsAcrossFork},
      {"the other connection must have events, at once",
       kOtherConnectionIsEnough},
      {"sets of callbacks are tried on plain handles; here the state of the "
       "handle is on trial",
       kCallbacksOfSpecialHandle},
      {"disturbances are tried on live handles with all callbacks",
       kDisturbedHandles},
      {"another thread joins once, on a handle that has not joined",
       kOtherThreadJoinsOnce},
      {"a multicast reaches a handle that has joined", kMulticastNeedsMember},
      {"what the other thread causes is the arrival", kDisturberIsTheArrival},
      {"one kind of single event is enough under a disturbance",
       kDisturbedPending},
      {"a call that may return before a fragmented message is whole runs no "
       "callback in which a signal would meet it for certain",
       kSignalsNeedCallback},
      {"a call that begins while another thread finalizes uses a handle that "
       "may be gone: only one that sleeps or is in a callback is there for "
       "certain",
       kFinalizedBesideACall},
  };
  return exclusions;
}

const Exclusion* ExcludedBy(const Cell& cell) {
  const auto& exclusions = Exclusions();
  const auto found = std::ranges::find_if(
      exclusions,
      [&cell](const Exclusion& exclusion) { return exclusion.applies(cell); });
  return found == exclusions.end() ? nullptr : &*found;
}

std::vector<Cell> Product() {
  std::vector<Cell> product;
  for (const Type type : kTypes) {
    for (int h = 0; h <= static_cast<int>(Handle::kForkedChild); ++h) {
      for (int p = 0; p <= static_cast<int>(Pending::kTotemChange); ++p) {
        for (int c = 0; c <= static_cast<int>(Callbacks::kOnlyTotem); ++c) {
          for (int d = 0;
               d <= static_cast<int>(Disturbance::kOtherThreadFinalizes); ++d) {
            product.push_back(
                {type, static_cast<Handle>(h), static_cast<Pending>(p),
                 static_cast<Callbacks>(c), static_cast<Disturbance>(d)});
          }
        }
      }
    }
  }
  return product;
}

const std::vector<Cell>& Cells() {
  static const std::vector<Cell> cells = [] {
    std::vector<Cell> remaining;
    std::ranges::copy_if(
        Product(), std::back_inserter(remaining),
        [](const Cell& cell) { return ExcludedBy(cell) == nullptr; });
    return remaining;
  }();
  return cells;
}

}  // namespace cpgcert::conformance::dispatch
