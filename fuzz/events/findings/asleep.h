// Ends a call that sleeps where nobody can wake it.

#ifndef CPGCERT_FUZZ_EVENTS_FINDINGS_ASLEEP_H_
#define CPGCERT_FUZZ_EVENTS_FINDINGS_ASLEEP_H_

namespace cpgcert::fuzz {

// From now on, a thread that is found within one system call, or others like
// it, again and again for a second, comes to the end that SIGALRM had for this
// process before. Time that it waits for a processor does not count. To be
// called anew for each session: a service in the same process never lets a call
// wait for what is still to come.
void WatchForSleep();

}  // namespace cpgcert::fuzz

#endif  // CPGCERT_FUZZ_EVENTS_FINDINGS_ASLEEP_H_
