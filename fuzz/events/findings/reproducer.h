// A program that shows one finding with nothing but libqb and libcpg.

#ifndef CPGCERT_FUZZ_EVENTS_FINDINGS_REPRODUCER_H_
#define CPGCERT_FUZZ_EVENTS_FINDINGS_REPRODUCER_H_

#include <string>

#include "fuzz/events/findings/root_cause.h"

namespace cpgcert::fuzz {

// The events with their fields, and the relation that the guilty one breaks.
std::string AnnotatedInput(const RootCause& cause);

// One C++17 file: a service by libqb sends the events of the minimised input,
// a client dispatches them with the libcpg that it is linked with. It exits
// with 0 if what came is what is owed, with 1 if it is not; or it crashes or
// hangs, if that is the finding. Needs a network namespace without corosync.
std::string ReproducerSource(const RootCause& cause);

}  // namespace cpgcert::fuzz

#endif  // CPGCERT_FUZZ_EVENTS_FINDINGS_REPRODUCER_H_
