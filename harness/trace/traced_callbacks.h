// Functions of ours that stand for a caller's callbacks.

#ifndef CPGCERT_HARNESS_TRACE_TRACED_CALLBACKS_H_
#define CPGCERT_HARNESS_TRACE_TRACED_CALLBACKS_H_

#include <corosync/cpg.h>

#include <functional>

#include "harness/trace/trace_event.h"

namespace cpgcert::harness::trace {

// The callbacks that a connection registers; each may be null.
struct Callbacks {
  cpg_deliver_fn_t deliver = nullptr;
  cpg_confchg_fn_t configuration = nullptr;
  cpg_totem_confchg_fn_t totem = nullptr;
  friend bool operator==(const Callbacks&, const Callbacks&) = default;
};

// ["deliver","configuration"]: which of them there are.
Json WhichValue(const Callbacks& callbacks);

// The number by which the trace names these callbacks; -1 if there are too many
// different ones.
int SlotOf(const Callbacks& callbacks);
// Functions that call those of the slot and are null where those are.
Callbacks StandIns(int slot);

// In a replay: the number is that of the trace.
void SetSlot(int slot, const Callbacks& callbacks);

// In a replay: makes the callback if one is the next event of this thread, and
// returns whether it was.
bool CallBackReplayed();

}  // namespace cpgcert::harness::trace

#endif  // CPGCERT_HARNESS_TRACE_TRACED_CALLBACKS_H_
