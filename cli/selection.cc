#include "cli/selection.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <fmt/ranges.h>
#include <fnmatch.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <set>

#include "conformance/case.h"
#include "conformance/requirements/requirements.h"

namespace cpgcert::cli {

namespace {

using conformance::CaseInfo;
using conformance::Requirement;

struct Shard {
  size_t index = 0;
  size_t count = 1;
};

size_t NumberFromEnvironment(const char* name, size_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : std::strtoul(text, nullptr, 10);
}

// Tells Bazel that its sharding is honoured.
Shard ShardFromEnvironment() {
  Shard shard;
  shard.count =
      std::max<size_t>(NumberFromEnvironment("TEST_TOTAL_SHARDS", 1), 1);
  shard.index = NumberFromEnvironment("TEST_SHARD_INDEX", 0);
  const char* status = std::getenv("TEST_SHARD_STATUS_FILE");
  if (status != nullptr) {
    const int file = open(status, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
    if (file >= 0) {
      close(file);
    }
  }
  return shard;
}

std::vector<std::string> KnownProfiles() {
  std::set<std::string> profiles;
  for (const Requirement& requirement : conformance::Requirements()) {
    profiles.emplace(requirement.profile);
  }
  return {profiles.begin(), profiles.end()};
}

bool Asks(const Options& options, const CaseInfo& info) {
  if (!options.profiles.empty() &&
      std::ranges::find(options.profiles, info.profile) ==
          options.profiles.end()) {
    return false;
  }
  const bool tier =
      std::ranges::any_of(info.requirements, [&options](const std::string& id) {
        const Requirement* requirement = conformance::FindRequirement(id);
        return requirement != nullptr && requirement->tier <= options.tier;
      });
  return tier && (options.only.empty() ||
                  fnmatch(options.only.c_str(), info.name.c_str(), 0) == 0);
}

}  // namespace

std::string CheckProfiles(const std::vector<std::string>& profiles) {
  const std::vector<std::string> known = KnownProfiles();
  for (const std::string& profile : profiles) {
    if (std::ranges::find(known, profile) == known.end()) {
      return fmt::format("no profile is called '{}'; there are {}", profile,
                         fmt::join(known, ", "));
    }
  }
  return "";
}

Selection Select(const Options& options) {
  Selection selection;
  selection.error = CheckProfiles(options.profiles);
  if (!selection.error.empty()) {
    return selection;
  }
  selection.scope.profiles = options.profiles;
  selection.scope.tiers = TiersUpTo(options.tier);
  const Shard shard = ShardFromEnvironment();
  const auto& all = conformance::AllCases();
  std::set<std::string> requirements;
  size_t asked = 0;
  for (size_t i = 0; i < all.size(); ++i) {
    if (Asks(options, all[i]) && asked++ % shard.count == shard.index) {
      selection.cases.push_back(i);
      requirements.insert(all[i].requirements.begin(),
                          all[i].requirements.end());
    }
  }
  if (asked == 0) {
    selection.error = fmt::format(
        "no case matches{}{}; certify --list prints them all",
        options.only.empty() ? "" : " --only '" + options.only + "'",
        options.profiles.empty() ? "" : " in the profiles asked for");
  }
  if (!options.only.empty() || shard.count > 1) {
    selection.scope.requirements.assign(requirements.begin(),
                                        requirements.end());
  }
  return selection;
}

}  // namespace cpgcert::cli
