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
};

}  // namespace

std::vector<Requirement> WireRequirements() {
  return {std::begin(kRows), std::end(kRows)};
}

}  // namespace cpgcert::conformance
