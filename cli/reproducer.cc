#include "cli/reproducer.h"

#include <fmt/core.h>
#include <fmt/ranges.h>
#include <fnmatch.h>

#include <algorithm>
#include <set>
#include <vector>

#include "cli/wrap.h"
#include "conformance/case.h"
#include "conformance/reproducers/reproducers.h"
#include "conformance/requirements/requirements.h"

namespace cpgcert::cli {

namespace {

using conformance::CaseInfo;
using conformance::Deviation;
using conformance::Deviations;

// A case and the line of the known deviations that has a program for it.
struct Found {
  const CaseInfo* which = nullptr;
  const Deviation* line = nullptr;
};

// One for each program, in the order of the cases.
std::vector<Found> Find(const Deviations& deviations, const std::string& glob) {
  std::vector<Found> found;
  std::set<std::string> programs;
  for (const CaseInfo& info : conformance::AllCases()) {
    if (fnmatch(glob.c_str(), info.name.c_str(), 0) != 0) {
      continue;
    }
    const Deviation* line =
        deviations.WithReproducer({info.name, info.requirements});
    if (line != nullptr && programs.insert(line->reproducer).second) {
      found.push_back({&info, line});
    }
  }
  return found;
}

// "dispatch_one_fragment (DISPATCH-02)".
std::string Describe(const std::vector<Found>& all) {
  std::vector<std::string> names;
  for (const Found& found : all) {
    names.push_back(fmt::format("{} ({})", found.line->reproducer,
                                found.line->requirement));
  }
  return names.empty() ? "none" : fmt::format("{}", fmt::join(names, ", "));
}

std::string Comment(const Found& found, const Deviations& deviations) {
  const auto prose = [](const std::string& text) {
    return Wrap(text, "// ", "// ");
  };
  std::string comment;
  if (const auto* row = conformance::FindRequirement(found.line->requirement)) {
    comment = prose(fmt::format("{} ({}): {} Source: {}.", row->id,
                                conformance::ToString(row->tier), row->sentence,
                                row->source));
  }
  return comment +
         prose(fmt::format("{}: {} See {}", deviations.implementation(),
                           found.line->why, found.line->url)) +
         prose("Case: " + found.which->name) +
         prose("Build: cc x.c -lcpg. Status: 0 as owed, 1 defect, 2 unknown.");
}

}  // namespace

std::string PrintReproducer(const Options& options,
                            const Deviations& deviations, std::string* text) {
  const std::vector<Found> found = Find(deviations, options.reproducer);
  if (found.empty()) {
    return fmt::format("no reproducer for '{}'; there are: {}",
                       options.reproducer, Describe(Find(deviations, "*")));
  }
  if (found.size() > 1) {
    return fmt::format("several reproducers for '{}': {}; name one case",
                       options.reproducer, Describe(found));
  }
  const auto* reproducer =
      conformance::FindReproducer(found.front().line->reproducer);
  if (reproducer == nullptr) {
    return fmt::format("there is no reproducer '{}'",
                       found.front().line->reproducer);
  }
  *text = Comment(found.front(), deviations) + std::string(reproducer->program);
  return "";
}

}  // namespace cpgcert::cli
