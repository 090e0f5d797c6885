// A program that shows one finding with nothing but libqb and libcpg.

#ifndef CPGCERT_FUZZ_REPLIES_FINDINGS_REPLY_REPRODUCER_H_
#define CPGCERT_FUZZ_REPLIES_FINDINGS_REPLY_REPRODUCER_H_

#include <string>

#include "fuzz/campaign/finding.h"

namespace cpgcert::fuzz {

// One C++17 file: a service by libqb gives the answer of the finding's input, a
// client makes the call with the libcpg that it is linked with. It exits with 0
// if the call comes to what is owed, with 1 if it does not; or it crashes or
// hangs, if that is the finding. Needs a network namespace without corosync.
// An errno is brought about by closing the connection. "" for an input that
// answers the same several times.
std::string ReplyReproducer(const Finding& finding);

}  // namespace cpgcert::fuzz

#endif  // CPGCERT_FUZZ_REPLIES_FINDINGS_REPLY_REPRODUCER_H_
