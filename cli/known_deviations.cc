#include "cli/known_deviations.h"

#include <fmt/core.h>
#include <unistd.h>

#include <cstdlib>
#include <utility>

#include "conformance/reproducers/reproducers.h"

namespace cpgcert::cli {

namespace {

constexpr const char* kOwnDeviations =
    "conformance/deviations/corosync_3_1_7.toml";

}  // namespace

std::string RepositoryFile(const std::string& name) {
  if (access(name.c_str(), R_OK) == 0) {
    return name;
  }
  for (const char* variable : {"CPGCERT_ROOT", "TEST_SRCDIR"}) {
    const char* root = std::getenv(variable);
    if (root == nullptr) {
      continue;
    }
    for (const char* middle : {"/", "/cpgcert/"}) {
      const std::string path = std::string(root) + middle + name;
      if (access(path.c_str(), R_OK) == 0) {
        return path;
      }
    }
  }
  return name;
}

std::string ReadDeviations(const Options& options, bool own,
                           conformance::Deviations* deviations) {
  if (options.deviations == "none" || (options.deviations.empty() && !own)) {
    return "";
  }
  std::string error;
  auto read = conformance::Deviations::Read(options.deviations.empty()
                                                ? RepositoryFile(kOwnDeviations)
                                                : options.deviations,
                                            &error);
  if (!read.has_value()) {
    return error;
  }
  for (const conformance::Deviation& line : read->lines()) {
    if (!line.reproducer.empty() &&
        conformance::FindReproducer(line.reproducer) == nullptr) {
      return fmt::format(
          "{}:{}: there is no reproducer \"{}\" in conformance/reproducers",
          read->file(), line.line, line.reproducer);
    }
  }
  *deviations = std::move(*read);
  return "";
}

}  // namespace cpgcert::cli
