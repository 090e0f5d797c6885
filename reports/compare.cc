#include "reports/compare.h"

#include <fmt/core.h>

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "reports/certificate.h"
#include "reports/findings.h"
#include "reports/text.h"

namespace cpgcert::reports {
namespace {

enum class Direction { kSame, kBetter, kWorse, kChanged };

constexpr int kUnsupported = 1;
constexpr int kUndecided = 2;
constexpr int kBad = 3;

int Rank(std::string_view verdict) {
  static const std::map<std::string_view, int> kRanks = {
      {"pass", 0},
      {"unsupported", kUnsupported},
      {"untested", kUndecided},
      {"inconclusive", kUndecided},
      {"error", kUndecided},
      {"fail", kBad},
      {"hang", kBad + 1},
      {"crash", kBad + 1}};
  const auto found = kRanks.find(verdict);
  return found == kRanks.end() ? kBad + 1 : found->second;
}

// Of cases and of requirements.
template <typename Item>
Direction DirectionOf(const Item& before, const Item& after) {
  if (before.verdict == after.verdict) {
    return before.deviation == after.deviation ? Direction::kSame
                                               : Direction::kChanged;
  }
  const int was = Rank(before.verdict);
  const int is = Rank(after.verdict);
  if (is > was) return Direction::kWorse;
  if (is == was || (was >= kBad && is >= kUnsupported && is < kBad)) {
    return Direction::kChanged;
  }
  return Direction::kBetter;
}

template <typename Item>
std::string Words(const Item& item) {
  return item.verdict + (item.deviation ? ", known deviation" : "");
}

std::string Name(const Case& item) { return item.name; }
std::string Name(const Requirement& item) { return item.id; }
std::string Name(const Profile& item) { return item.name + " " + item.tier; }

std::string Detail(const Case& item) { return MessageOf(item); }
std::string Detail(const Requirement& item) { return item.sentence; }

// "pass 12, fail 3".
std::string Counts(const Profile& profile) {
  std::vector<std::string> counts;
  const std::pair<const char*, int> all[] = {
      {"pass", profile.pass},
      {"fail", profile.fail},
      {"crash", profile.crash},
      {"hang", profile.hang},
      {"deviation", profile.deviation},
      {"unsupported", profile.unsupported},
      {"inconclusive", profile.inconclusive},
      {"error", profile.error},
      {"untested", profile.untested}};
  for (const auto& [verdict, count] : all) {
    if (count != 0) counts.push_back(fmt::format("{} {}", verdict, count));
  }
  return counts.empty() ? "no cases" : Join(counts, ", ");
}

std::string Certified(bool certified) {
  return certified ? "certified" : "not certified";
}

std::string Words(const Profile& profile) {
  return Certified(profile.certified) + " (" + Counts(profile) + ")";
}

// Items by name; the first of two with the same name counts.
template <typename Item>
std::map<std::string, const Item*> ByName(const std::vector<Item>& items) {
  std::map<std::string, const Item*> by_name;
  for (const Item& item : items) by_name.emplace(Name(item), &item);
  return by_name;
}

class Comparer {
 public:
  Comparer(const Certificate& before, const Certificate& after)
      : before_(before), after_(after) {}

  Comparison All() && {
    Facts();
    Whole();
    Profiles();
    Judged("requirement", before_.requirements, after_.requirements);
    Judged("case", before_.cases, after_.cases);
    RootCauses();
    return std::move(comparison_);
  }

 private:
  void Fact(const char* what, const std::string& was, const std::string& is) {
    if (was == is) return;
    const auto shown = [](const std::string& text) {
      return text.empty() ? "none" : text;
    };
    comparison_.facts.push_back(
        fmt::format("another {}: {}, now {}", what, shown(was), shown(is)));
  }

  void Facts() {
    const Implementation& was = before_.implementation;
    const Implementation& is = after_.implementation;
    Fact("implementation", was.name, is.name);
    Fact("library hash", was.sha256, is.sha256);
    Fact("build id", was.build_id, is.build_id);
    Fact("service", was.service + " " + was.service_version,
         is.service + " " + is.service_version);
    Fact("suite", SuiteOf(before_), SuiteOf(after_));
    Fact("fingerprint of the suite", before_.suite.fingerprint,
         after_.suite.fingerprint);
    Fact("seed", std::to_string(before_.seed), std::to_string(after_.seed));
    Fact("set of profiles asked for", Join(before_.asked.profiles, " "),
         Join(after_.asked.profiles, " "));
    Fact("tier asked for", before_.asked.tier, after_.asked.tier);
    Fact("choice of cases", before_.asked.only, after_.asked.only);
    Fact("deviations file", before_.deviations.file, after_.deviations.file);
    std::set<std::string> keys;
    for (const auto& [key, value] : before_.host) keys.insert(key);
    for (const auto& [key, value] : after_.host) keys.insert(key);
    for (const std::string& key : keys) {
      Fact(("host's " + key).c_str(), HostOf(before_, key),
           HostOf(after_, key));
    }
  }

  static std::string SuiteOf(const Certificate& certificate) {
    return certificate.suite.version +
           (certificate.suite.commit.empty()
                ? ""
                : " (" + certificate.suite.commit + ")");
  }

  // They ask the same: of the same fingerprint, or of the same version where an
  // earlier one has written none.
  bool IsSameSuite() const {
    const std::string& was = before_.suite.fingerprint;
    const std::string& is = after_.suite.fingerprint;
    if (!was.empty() && !is.empty()) return was == is;
    return SuiteOf(before_) == SuiteOf(after_);
  }

  static std::string HostOf(const Certificate& certificate,
                            const std::string& key) {
    const auto found = certificate.host.find(key);
    return found == certificate.host.end() ? "" : found->second;
  }

  void Add(Direction direction, Change change) {
    switch (direction) {
      case Direction::kSame:
        break;
      case Direction::kBetter:
        comparison_.better.push_back(std::move(change));
        break;
      case Direction::kWorse:
        comparison_.worse.push_back(std::move(change));
        break;
      case Direction::kChanged:
        comparison_.changed.push_back(std::move(change));
        break;
    }
  }

  void Flag(const char* kind, const std::string& name, bool was, bool is,
            const std::pair<const char*, const char*>& words) {
    if (was == is) return;
    Add(is ? Direction::kBetter : Direction::kWorse,
        {kind, name, was ? words.first : words.second,
         is ? words.first : words.second, ""});
  }

  void Whole() {
    Flag("certificate", "as a whole", before_.certified, after_.certified,
         {"certified", "not certified"});
    Flag("run", "of all cases", before_.complete, after_.complete,
         {"complete", "incomplete"});
    const std::set<std::string> was = Problems(before_);
    const std::set<std::string> is = Problems(after_);
    for (const std::string& problem : is) {
      if (was.contains(problem)) continue;
      comparison_.worse.push_back({"problem", problem, "", "withholds it", ""});
    }
    for (const std::string& problem : was) {
      if (is.contains(problem)) continue;
      comparison_.better.push_back({"problem", problem, "withheld it", "", ""});
    }
  }

  static std::set<std::string> Problems(const Certificate& certificate) {
    std::set<std::string> problems(certificate.problems.begin(),
                                   certificate.problems.end());
    problems.insert(certificate.deviations.problems.begin(),
                    certificate.deviations.problems.end());
    return problems;
  }

  // What is in both, in the order of `after`; then what vanished.
  template <typename Item, typename Both, typename Gone>
  void Pairs(const char* kind, const std::vector<Item>& before,
             const std::vector<Item>& after, Both both, Gone gone) {
    const auto was = ByName(before);
    const auto is = ByName(after);
    for (const auto& [name, item] : is) {
      const auto old = was.find(name);
      if (old != was.end()) {
        both(*old->second, *item);
      } else {
        comparison_.appeared.push_back({kind, name, "", Words(*item), ""});
      }
    }
    for (const auto& [name, item] : was) {
      if (is.contains(name)) continue;
      auto& list = gone(*item) ? comparison_.worse : comparison_.vanished;
      list.push_back({kind, name, Words(*item), "", ""});
    }
  }

  void Profiles() {
    Pairs(
        "profile", before_.profiles, after_.profiles,
        [&](const Profile& was, const Profile& is) {
          const std::string old_words = Words(was);
          const std::string new_words = Words(is);
          if (old_words == new_words) return;
          Direction direction = Direction::kChanged;
          if (was.certified != is.certified) {
            direction = is.certified ? Direction::kBetter : Direction::kWorse;
          }
          Add(direction, {"profile", Name(is), old_words, new_words, ""});
        },
        [](const Profile& was) { return was.certified; });
  }

  template <typename Item>
  void Judged(const char* kind, const std::vector<Item>& before,
              const std::vector<Item>& after) {
    const bool same_suite = IsSameSuite();
    Pairs(
        kind, before, after,
        [&](const Item& was, const Item& is) {
          Add(DirectionOf(was, is),
              {kind, Name(is), Words(was), Words(is), Detail(is)});
        },
        [&](const Item& was) { return same_suite && was.verdict == "pass"; });
  }

  // Key to detail, of each target.
  static std::map<std::string, std::string> Causes(
      const Certificate& certificate) {
    std::map<std::string, std::string> causes;
    for (const Campaign& campaign : certificate.campaigns) {
      for (const RootCause& cause : campaign.causes) {
        causes.emplace(
            campaign.target + ": " + cause.key,
            fmt::format("owed: {}\ncame: {}", cause.owed, cause.came));
      }
    }
    return causes;
  }

  void RootCauses() {
    const auto was = Causes(before_);
    const auto is = Causes(after_);
    for (const auto& [name, detail] : is) {
      if (was.contains(name)) continue;
      comparison_.worse.push_back({"root cause", name, "", "found", detail});
    }
    for (const auto& [name, detail] : was) {
      if (is.contains(name)) continue;
      comparison_.vanished.push_back({"root cause", name, "found", "", ""});
    }
  }

  const Certificate& before_;
  const Certificate& after_;
  Comparison comparison_;
};

}  // namespace

Comparison Compare(const Certificate& before, const Certificate& after) {
  return Comparer(before, after).All();
}

}  // namespace cpgcert::reports
