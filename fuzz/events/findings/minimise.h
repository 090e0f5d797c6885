// Makes the input of a finding as small and as honest as it can be.

#ifndef CPGCERT_FUZZ_EVENTS_FINDINGS_MINIMISE_H_
#define CPGCERT_FUZZ_EVENTS_FINDINGS_MINIMISE_H_

#include <cstddef>

#include "fuzz/events/findings/outcome.h"
#include "fuzz/events/findings/runner.h"
#include "fuzz/events/findings/sequence.h"

namespace cpgcert::fuzz {

// Fewer events, the simplest deliveries, honest values in all fields that can
// have them, short lists, names and messages; and what has to stay broken is
// broken as little as can be. The outcome stays like `outcome`, no relation
// (relation.h) is broken that was not, and no worse service is needed. Runs at
// most `runs_max` inputs.
Sequence Minimise(const Sequence& sequence, const Outcome& outcome,
                  size_t runs_max, Runner* runner);

}  // namespace cpgcert::fuzz

#endif  // CPGCERT_FUZZ_EVENTS_FINDINGS_MINIMISE_H_
