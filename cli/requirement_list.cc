#include "cli/requirement_list.h"

#include <fmt/core.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <string_view>
#include <utility>
#include <vector>

#include "cli/selection.h"
#include "cli/wrap.h"
#include "conformance/case.h"
#include "conformance/requirements/requirements.h"

namespace cpgcert::cli {

namespace {

using conformance::Requirement;
using conformance::Tier;

constexpr std::string_view kIndent = "  ";

std::string Plural(size_t count, std::string_view word) {
  return fmt::format("{} {}{}", count, word, count == 1 ? "" : "s");
}

bool InScope(const Requirement& requirement, const conformance::Scope& scope) {
  const auto asks = [](const auto& wanted, const auto& value) {
    return wanted.empty() || std::ranges::find(wanted, value) != wanted.end();
  };
  return asks(scope.profiles, requirement.profile) &&
         asks(scope.tiers, requirement.tier) &&
         asks(scope.requirements, requirement.id);
}

std::string Block(const Requirement& requirement, size_t cases) {
  std::string head =
      fmt::format("{} {} {}", requirement.id, requirement.profile,
                  conformance::ToString(requirement.tier));
  if (!requirement.function.empty()) {
    head += fmt::format(", {}", requirement.function);
  }
  if (requirement.optional) {
    head += ", optional";
  }
  const auto item = [](std::string_view name, std::string_view text) {
    return Wrap(text, fmt::format("{}{}: ", kIndent, name), "    ");
  };
  return head + "\n" + Wrap(requirement.sentence, kIndent, kIndent) +
         item("source", requirement.source) +
         item("readings", requirement.readings) +
         fmt::format("{}decided by {}\n\n", kIndent, Plural(cases, "case"));
}

std::string Struck() {
  std::string text = "Not required, and why:\n\n";
  for (const auto& struck : conformance::StruckRequirements()) {
    text += fmt::format("{}\n", struck.id);
    text += Wrap(struck.claim, kIndent, kIndent);
    text += Wrap(struck.reason, "  not required: ", "    ") + "\n";
  }
  return text;
}

// "3 requirements: api 1 documented, 1 observed; faults 1 header".
std::string Counts(const std::vector<const Requirement*>& listed) {
  std::vector<std::string_view> profiles;
  std::map<std::pair<std::string_view, Tier>, int> counts;
  for (const Requirement* requirement : listed) {
    if (std::ranges::find(profiles, requirement->profile) == profiles.end()) {
      profiles.push_back(requirement->profile);
    }
    ++counts[{requirement->profile, requirement->tier}];
  }
  std::vector<std::string> parts;
  for (const std::string_view profile : profiles) {
    std::vector<std::string> tiers;
    for (const Tier tier : TiersUpTo(Tier::kObserved)) {
      const auto count = counts.find({profile, tier});
      if (count != counts.end()) {
        tiers.push_back(
            fmt::format("{} {}", count->second, conformance::ToString(tier)));
      }
    }
    parts.push_back(fmt::format("{} {}", profile, fmt::join(tiers, ", ")));
  }
  return fmt::format("{}{}{}\n", Plural(listed.size(), "requirement"),
                     parts.empty() ? "" : ": ", fmt::join(parts, "; "));
}

}  // namespace

std::string ListRequirements(const Options& options, std::string* text) {
  const Selection selection = Select(options);
  // Without --only a requirement is listed even if no case decides it.
  const std::string error =
      options.only.empty() ? CheckProfiles(options.profiles) : selection.error;
  if (!error.empty()) {
    return error;
  }
  std::map<std::string, size_t> cases;
  for (const size_t index : selection.cases) {
    for (const auto& id : conformance::AllCases().at(index).requirements) {
      ++cases[id];
    }
  }
  std::vector<const Requirement*> listed;
  for (const Requirement& requirement : conformance::Requirements()) {
    if (InScope(requirement, selection.scope)) {
      listed.push_back(&requirement);
      *text += Block(requirement, cases[std::string(requirement.id)]);
    }
  }
  if (options.only.empty()) {
    *text += Struck();
  }
  *text += Counts(listed);
  return "";
}

}  // namespace cpgcert::cli
