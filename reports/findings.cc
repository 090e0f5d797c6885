#include "reports/findings.h"

#include <algorithm>
#include <array>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "reports/certificate.h"
#include "reports/text.h"

namespace cpgcert::reports {
namespace {

// The order in which counts are told.
constexpr std::array<std::string_view, 8> kVerdicts = {
    "pass",        "fail",         "crash", "hang",
    "unsupported", "inconclusive", "error", "untested"};

// Of the table of requirements.
constexpr std::array<std::string_view, 10> kColumns = {
    "requirements", "pass",        "deviation",    "fail",  "crash",
    "hang",         "unsupported", "inconclusive", "error", "untested"};

bool Satisfies(const Requirement& requirement) {
  return requirement.verdict == "pass" || requirement.deviation ||
         (requirement.optional && requirement.verdict == "unsupported");
}

void AddCount(int count, std::string_view what,
              std::vector<std::string>& parts) {
  if (count == 0) return;
  parts.push_back(std::to_string(count) + " " + std::string(what));
}

// "no case decides and 3 more requirements"; empty if all are decided.
std::string Undecided(const Certificate& certificate) {
  constexpr std::size_t kNamed = 8;
  std::vector<std::string> ids;
  for (const Requirement& requirement : certificate.requirements) {
    if (requirement.cases.empty()) ids.push_back(requirement.id);
  }
  if (ids.empty()) return "";
  const std::size_t more = ids.size() > kNamed ? ids.size() - kNamed : 0;
  ids.resize(ids.size() - more);
  std::string text = "no case decides " + Join(ids, ", ");
  if (more > 0) text += " and " + Plural(more, "more requirement");
  return text;
}

}  // namespace

bool IsUnfavourable(const Case& result) {
  return !result.deviation &&
         (result.verdict == "fail" || result.verdict == "crash" ||
          result.verdict == "hang" || result.verdict == "inconclusive" ||
          result.verdict == "error");
}

std::string VerdictFor(const Case& result, std::string_view requirement) {
  if (result.verdict != "fail" || result.failures.empty()) {
    return result.verdict;
  }
  for (const Failure& failure : result.failures) {
    const bool own =
        std::find(result.requirements.begin(), result.requirements.end(),
                  failure.requirement) != result.requirements.end();
    if (!own || failure.requirement == requirement) return result.verdict;
  }
  return "pass";
}

std::vector<Finding> Findings(const Certificate& certificate) {
  std::map<std::string_view, const Case*> by_name;
  for (const Case& result : certificate.cases) {
    by_name.emplace(result.name, &result);
  }
  std::vector<Finding> findings;
  for (const Requirement& requirement : certificate.requirements) {
    if (Satisfies(requirement)) continue;
    Finding finding{.requirement = &requirement, .cases = {}};
    for (const std::string& name : requirement.cases) {
      const auto found = by_name.find(name);
      if (found == by_name.end() || found->second->deviation) continue;
      const std::string verdict = VerdictFor(*found->second, requirement.id);
      if (verdict == "pass") continue;
      finding.cases.push_back(found->second);
    }
    findings.push_back(std::move(finding));
  }
  return findings;
}

std::vector<DeviationGroup> DeviationsByReason(const Certificate& certificate) {
  std::vector<DeviationGroup> groups;
  for (const Case& result : certificate.cases) {
    if (!result.deviation) continue;
    auto group = std::find_if(
        groups.begin(), groups.end(), [&](const DeviationGroup& candidate) {
          return candidate.reason == result.deviation_reason;
        });
    if (group == groups.end()) {
      group = groups.insert(groups.end(), {result.deviation_reason, {}, ""});
    }
    group->cases.push_back(&result);
    if (group->reproducer.empty()) group->reproducer = result.reproducer;
  }
  return groups;
}

RequirementTable TabulateRequirements(const Certificate& certificate) {
  constexpr std::string_view kAll = "all";
  std::map<std::string, std::map<std::string_view, std::size_t>> counts;
  for (const Requirement& requirement : certificate.requirements) {
    const std::string_view verdict =
        requirement.deviation ? std::string_view("deviation")
                              : std::string_view(requirement.verdict);
    for (const std::string& label :
         {requirement.profile + " " + requirement.tier, std::string(kAll)}) {
      ++counts[label]["requirements"];
      ++counts[label][verdict];
    }
  }
  RequirementTable table;
  for (const std::string_view column : kColumns) {
    if (counts[std::string(kAll)].contains(column)) {
      table.columns.emplace_back(column);
    }
  }
  const auto add = [&](const std::string& label) {
    RequirementCounts& row = table.rows.emplace_back();
    row.label = label;
    for (const std::string& column : table.columns) {
      row.counts.push_back(counts[label][column]);
    }
  };
  for (const Profile& profile : certificate.profiles) {
    add(profile.name + " " + profile.tier);
  }
  if (table.rows.size() > 1) add(std::string(kAll));
  return table;
}

std::string DescribeCases(const std::vector<Case>& cases) {
  std::map<std::string_view, int> counts;
  for (const Case& result : cases) {
    ++counts[result.deviation ? std::string_view("deviation")
                              : std::string_view(result.verdict)];
  }
  std::vector<std::string> parts;
  for (const std::string_view verdict : kVerdicts) {
    AddCount(counts[verdict], verdict, parts);
  }
  const int deviations = counts["deviation"];
  AddCount(deviations, deviations == 1 ? "deviation" : "deviations", parts);
  return parts.empty() ? "no cases" : Join(parts, ", ");
}

std::string DescribeProfile(const Profile& profile) {
  std::vector<std::string> parts;
  AddCount(profile.fail, "fail", parts);
  AddCount(profile.crash, "crash", parts);
  AddCount(profile.hang, "hang", parts);
  AddCount(profile.unsupported, "unsupported", parts);
  AddCount(profile.inconclusive, "inconclusive", parts);
  AddCount(profile.error, "error", parts);
  AddCount(profile.untested, "untested", parts);
  if (profile.deviation > 0) {
    const bool documented = profile.tier == "documented";
    parts.push_back(Plural(static_cast<std::size_t>(profile.deviation),
                           documented ? "documented deviation" : "deviation"));
  }
  const std::string counts = Join(parts, ", ");
  if (profile.certified) {
    return counts.empty() ? "CERTIFIED" : "CERTIFIED, with " + counts;
  }
  return counts.empty() ? "NOT CERTIFIED" : "NOT CERTIFIED: " + counts;
}

std::string DescribeCertificate(const Certificate& certificate) {
  std::vector<std::string> parts;
  if (!certificate.complete) parts.push_back("incomplete");
  const Asked& asked = certificate.asked;
  if (!asked.profiles.empty()) {
    const bool one = asked.profiles.size() == 1;
    parts.push_back((one ? "profile " : "profiles ") +
                    Join(asked.profiles, ", "));
  }
  if (!asked.tier.empty()) parts.push_back("tier " + asked.tier);
  if (!asked.only.empty()) parts.push_back("only cases " + asked.only);
  std::string text = certificate.certified ? "CERTIFIED" : "NOT CERTIFIED";
  if (!parts.empty()) text += " (" + Join(parts, "; ") + ")";
  return text;
}

std::vector<std::string> Objections(const Certificate& certificate) {
  std::vector<std::string> objections;
  if (!certificate.complete) {
    objections.push_back("the run is incomplete: not every case was run");
  }
  const std::string undecided = Undecided(certificate);
  if (!undecided.empty()) objections.push_back(undecided);
  const auto append = [&](const std::vector<std::string>& more) {
    objections.insert(objections.end(), more.begin(), more.end());
  };
  append(certificate.deviations.problems);
  append(certificate.problems);
  return objections;
}

std::string MessageOf(const Case& result) {
  if (!result.message.empty()) return result.message;
  std::vector<std::string> texts;
  for (const Failure& failure : result.failures) {
    texts.push_back(failure.requirement + ": " + failure.text);
  }
  return Join(texts, "\n");
}

}  // namespace cpgcert::reports
