// The command line of certify. Its words and exit statuses are fixed: scripts
// depend on them.

#ifndef CPGCERT_CLI_OPTIONS_H_
#define CPGCERT_CLI_OPTIONS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "conformance/certification.h"

namespace cpgcert::cli {

// Exit statuses.
inline constexpr int kCertified = 0;
inline constexpr int kNotCertified = 1;
inline constexpr int kCouldNotJudge = 2;

struct Options {
  std::string libcpg;  // empty: this machine's
  std::string service = "corosync";
  std::vector<std::string> profiles;                      // empty: all
  conformance::Tier tier = conformance::Tier::kObserved;  // and those before
  std::string only;  // glob over case names; empty: all
  bool list = false;
  bool list_exclusions = false;
  bool list_requirements = false;
  std::string reproducer;  // glob over case names; empty: none asked for
  int jobs = 0;            // 0: two for each core
  uint64_t seed = 1;
  int fuzz_time = 30;      // seconds for each target of the profile wire
  std::string deviations;  // empty: what fits the implementation
  std::string out;         // empty: reports/out/<time>
  std::string implementation_name;
};

struct ParsedOptions {
  Options options;
  bool stop = false;  // --help was answered, or the usage was bad
  int status = 0;     // then the exit status
};

// Prints help to stdout and one line about bad usage to stderr.
ParsedOptions ParseOptions(int argc, const char* const* argv);

// The tiers that `tier` asks for: itself and the stricter sources.
std::vector<conformance::Tier> TiersUpTo(conformance::Tier tier);

}  // namespace cpgcert::cli

#endif  // CPGCERT_CLI_OPTIONS_H_
