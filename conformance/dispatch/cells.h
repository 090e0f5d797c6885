// The cells of the cpg_dispatch matrix: five axes, and what is left out of
// their product, each with its reason.

#ifndef CPGCERT_CONFORMANCE_DISPATCH_CELLS_H_
#define CPGCERT_CONFORMANCE_DISPATCH_CELLS_H_

#include <array>
#include <string>
#include <string_view>
#include <vector>

namespace cpgcert::conformance::dispatch {

// The dispatch_types argument, cpg_dispatch(3); the values are those of
// cs_dispatch_flags_t in <corosync/corotypes.h>.
enum class Type {
  kOne = 1,
  kAll = 2,
  kBlocking = 3,
  kOneNonblocking = 4,
  kInvalid0 = 0,
  kInvalid5 = 5,
  kInvalidMinus1 = -1,
};

enum class Handle {
  kZero,
  kNeverIssued,
  kNotJoined,         // initialised
  kJoined,            // cpg_join answered CS_OK
  kLeaveUnconfirmed,  // cpg_leave answered CS_OK, its change is pending
  kLeft,              // ... and has been dispatched
  kFinalized,
  kFinalizedSlotReused,       // another connection was made afterwards
  kFinalizedInCallback,       // by the first callback of this very call
  kInsideCallback,            // this call is made by a callback of another
  kOtherConnectionHasEvents,  // ... of the same process; this one has none
  kServiceKilledBefore,
  kServiceKilledDuring,
  kServiceStopped,  // SIGSTOP
  kForkedChild,     // the handle was made by the parent
};

enum class Pending {
  kNothing,
  kOneMessage,
  kOneChange,      // of the configuration of the group
  kMixtureOfFive,  // messages and changes, of two members
  kFragments,      // a message of 3 MB
  kArrivesDuring,  // nothing at first; a change and a message while it blocks
  kTotemChange,
};

// Which callbacks are registered; the second half with a totem callback and
// CPG_MODEL_V1_DELIVER_INITIAL_TOTEM_CONF as well.
enum class Callbacks {
  kAll,
  kNoDeliver,
  kNoChange,
  kNone,
  kAllAndTotem,
  kNoDeliverButTotem,
  kNoChangeButTotem,
  kOnlyTotem,
};

enum class Disturbance {
  kNone,
  kSignalsRestarting,    // a handler with SA_RESTART
  kSignalsInterrupting,  // a handler without
  kOtherThreadJoins,
  kOtherThreadMulticasts,
  kOtherThreadFinalizes,
};

struct Cell {
  Type type = Type::kOne;
  Handle handle = Handle::kZero;
  Pending pending = Pending::kNothing;
  Callbacks callbacks = Callbacks::kAll;
  Disturbance disturbance = Disturbance::kNone;
};

// Axis values as they stand in a case's name: "OneNonblocking", ...
std::string_view Name(Type type);
std::string_view Name(Handle handle);
std::string_view Name(Pending pending);
std::string_view Name(Callbacks callbacks);
std::string_view Name(Disturbance disturbance);

// "DISPATCH-05/OneNonblocking/Joined/NothingPending/AllCallbacks/Undisturbed".
std::string Name(const Cell& cell);

bool IsInvalid(Type type);
// ONE, BLOCKING, and the invalid types (which may behave as BLOCKING).
bool MayBlock(Type type);
bool HasDeliver(Callbacks callbacks);
bool HasChange(Callbacks callbacks);
bool HasTotem(Callbacks callbacks);
// The handle names no connection when the call is made.
bool IsBad(Handle handle);
bool IsService(Handle handle);  // killed or stopped
bool IsSignals(Disturbance disturbance);

// Why cells are left out.
struct Exclusion {
  std::string_view reason;
  bool (*applies)(const Cell& cell);
};
const std::vector<Exclusion>& Exclusions();

// The first exclusion that applies, or null.
const Exclusion* ExcludedBy(const Cell& cell);

// The whole product, excluded cells too.
std::vector<Cell> Product();

// What remains: the cells of the matrix, in a fixed order.
const std::vector<Cell>& Cells();

// The requirements that a cell decides; the first one begins its name.
std::vector<std::string> RequirementsOf(const Cell& cell);

}  // namespace cpgcert::conformance::dispatch

#endif  // CPGCERT_CONFORMANCE_DISPATCH_CELLS_H_
