// The steps that make a worker's namespaces; used by namespaces.cc alone.
#ifndef CPGCERT_HARNESS_NAMESPACE_SETUP_H_
#define CPGCERT_HARNESS_NAMESPACE_SETUP_H_

#include <string>

#include "harness/namespaces.h"

namespace cpgcert::harness {

// Each step returns "", or one line: what the kernel refused, and what to do.

// Moves the calling process, of one thread, to new user, mount and UTS
// namespaces, and with kOwn to network and IPC namespaces; its next child is
// pid 1 of a new PID namespace.
std::string UnshareForWorker(WorkerNetwork network);

// Mounts what namespaces.h promises. Call it as pid 1, after the above.
std::string MountForWorker(WorkerNetwork network);

// Brings lo up in the calling process's network namespace.
std::string BringUpLoopback();

// The line for `step` that failed with `error` (an errno), without advice.
std::string DescribeSetUpFailure(const std::string& step, int error);

}  // namespace cpgcert::harness

#endif  // CPGCERT_HARNESS_NAMESPACE_SETUP_H_
