// Which cases a run is to judge.

#ifndef CPGCERT_CLI_SELECTION_H_
#define CPGCERT_CLI_SELECTION_H_

#include <cstddef>
#include <string>
#include <vector>

#include "cli/options.h"
#include "conformance/certification.h"

namespace cpgcert::cli {

struct Selection {
  std::vector<size_t> cases;  // indices into conformance::AllCases()
  conformance::Scope scope;
  std::string error;  // one line, if nothing can be judged
};

// "", or one line that says which of them is no profile.
std::string CheckProfiles(const std::vector<std::string>& profiles);

// The cases that --profile, --tier and --only ask for and, of those, the share
// of this shard (TEST_TOTAL_SHARDS and TEST_SHARD_INDEX of `bazel test`).
Selection Select(const Options& options);

}  // namespace cpgcert::cli

#endif  // CPGCERT_CLI_SELECTION_H_
