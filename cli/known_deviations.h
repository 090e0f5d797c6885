// Which file of known deviations applies, and what stands in it.

#ifndef CPGCERT_CLI_KNOWN_DEVIATIONS_H_
#define CPGCERT_CLI_KNOWN_DEVIATIONS_H_

#include <string>

#include "cli/options.h"
#include "conformance/deviations.h"

namespace cpgcert::cli {

// Reads the file that --deviations names; without that option the suite's own,
// those of corosync 3.1.7, if `own`. 'none', or none of the two, is no error:
// nothing is predicted. Returns "" or one line: the file cannot be read, breaks
// a rule, or names a reproducer that does not exist.
std::string ReadDeviations(const Options& options, bool own,
                           conformance::Deviations* deviations);

// A file of the repository by its name there, also when Bazel runs this or it
// is run from elsewhere; the name itself if there is no such file.
std::string RepositoryFile(const std::string& name);

// The release that the suite's own deviations are about.
inline constexpr char kOwnDeviationsVersion[] = "3.1.7";

}  // namespace cpgcert::cli

#endif  // CPGCERT_CLI_KNOWN_DEVIATIONS_H_
