// What cpg_dispatch owes: one table that can be read beside the manual page.

#ifndef CPGCERT_CONFORMANCE_DISPATCH_OWED_H_
#define CPGCERT_CONFORMANCE_DISPATCH_OWED_H_

#include <corosync/corotypes.h>

#include <string>
#include <string_view>
#include <vector>

#include "conformance/dispatch/cells.h"

namespace cpgcert::conformance::dispatch {

// An event that the service has for a connection.
struct Event {
  enum class Kind {
    kMessage,
    kFragment,  // not the last one of a message
    kOwnJoin,
    kOwnLeave,
    kPeerJoin,
    kTotem,
  };
  Kind kind = Kind::kMessage;
  std::string text;          // as scene.h renders its callback
  bool has_callback = true;  // false: nothing is registered for it
};

// What the call meets.
enum class Situation {
  kBadHandle,
  kNothingWaits,
  kCallbackWaits,       // the first event has a callback
  kSilentThenCallback,  // the first has none registered, a later one has
  kSilentFragmentsThenCallback,  // the same, and the first is part of a message
  kOnlySilent,                   // none has
  kFragmentsThenMessage,  // the first is part of a message with a callback
  kFinalizedByCallback,   // the first callback finalizes the handle
};

Situation SituationOf(const std::vector<Event>& waiting);

// How many callbacks ran, counted in the order of the events.
enum class Ran {
  kNone,
  kFirst,        // exactly the first
  kFirstOrMore,  // the first, and any number that follow it
  kAll,
  kAnyNumber,
};

struct Outcome {
  bool blocks = false;            // asleep, until an event comes
  std::vector<cs_error_t> codes;  // otherwise it returns one of these
  Ran ran = Ran::kNone;
};

// A set of allowed outcomes.
struct OwedRow {
  Situation situation = Situation::kNothingWaits;
  std::vector<Type> types;
  std::vector<Outcome> allowed;
  std::string_view source;
};

const std::vector<OwedRow>& OwedTable();

// The one row for this type and situation.
const OwedRow& OwedFor(Type type, Situation situation);

// "returns CS_OK after the first callback or more, or blocks after none".
std::string Describe(const std::vector<Outcome>& allowed);

// True if `count` callbacks of `all` waiting ones are what `ran` says.
bool Matches(Ran ran, size_t count, size_t all);

}  // namespace cpgcert::conformance::dispatch

#endif  // CPGCERT_CONFORMANCE_DISPATCH_OWED_H_
