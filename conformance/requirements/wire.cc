#include <iterator>
#include <vector>

#include "conformance/requirements/areas.h"

namespace cpgcert::conformance {

namespace {

// Decided by campaigns, which the command line adds to the cases. Optional: an
// implementation may speak otherwise to a service of its own.
constexpr Requirement kRows[] = {
    {"WIRE-CONFORMANT", Tier::kDocumented, "wire", "",
     "Whatever a correct service can send is decoded exactly: callbacks and "
     "answers have every byte of it, in its order, and nothing else.",
     "cpg_dispatch(3) and cpg_model_initialize(3): the callbacks; the wire "
     "layout observed in corosync 3.1.7",
     "", true},
    {"WIRE-CONSISTENT", Tier::kObserved, "wire", "",
     "A message whose lengths and counts fit the bytes that came is decoded "
     "as it stands or answered with an error, whatever its other fields say.",
     "the wire layout observed in corosync 3.1.7", "", true},
    {"WIRE-HOSTILE", Tier::kObserved, "wire", "",
     "Whatever bytes come, every call returns, no callback is run for what is "
     "malformed, and no memory is touched but the caller's and what came.",
     "the wire layout observed in corosync 3.1.7", "", true},
    {"WIRE-MEMORY", Tier::kObserved, "wire", "",
     "Nothing of what a correct service sent is kept: after cpg_finalize a "
     "connection has no memory in use.",
     "the meaning of closing a connection, cpg_finalize(3)", "", true},
    {"WIRE-REQUESTS", Tier::kObserved, "wire", "",
     "Whatever bytes a client sends as requests, the service lives, goes on "
     "answering its other clients, and sends them nothing malformed.",
     "the wire layout observed in corosync 3.1.7", "", true},
    {"WIRE-CALLS", Tier::kObserved, "wire", "",
     "Each call of any program of calls, callbacks, peers and faults of the "
     "service is answered with something that is owed for it there.",
     "the requirements of the profiles api and faults, taken together", "",
     true},
};

}  // namespace

std::vector<Requirement> WireRequirements() {
  return {std::begin(kRows), std::end(kRows)};
}

}  // namespace cpgcert::conformance
