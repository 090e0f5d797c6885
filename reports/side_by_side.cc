#include "reports/side_by_side.h"

#include <fmt/core.h>

#include <algorithm>
#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "reports/certificate.h"
#include "reports/findings.h"
#include "reports/page_assets.h"
#include "reports/page_object.h"
#include "reports/page_policy.h"
#include "reports/text.h"

namespace cpgcert::reports {
namespace {

using Data = PageObject::Data;

constexpr std::string_view kNone = "not judged";

// Rows by their names, which gain a column with each certificate.
class Rows {
 public:
  explicit Rows(std::size_t columns) : columns_(columns) {}

  void Add(std::size_t column, const std::string& name,
           const SideBySideRow& row, const std::string& verdict) {
    const auto [entry, added] = positions_.emplace(name, rows_.size());
    if (added) {
      rows_.push_back(row);
      rows_.back().verdicts.resize(columns_);
    }
    rows_[entry->second].verdicts[column] = verdict;
  }

  std::vector<SideBySideRow> Finished() && {
    for (SideBySideRow& row : rows_) {
      row.differs =
          std::ranges::any_of(row.verdicts, [&](const std::string& verdict) {
            return verdict != row.verdicts.front();
          });
    }
    return std::move(rows_);
  }

 private:
  std::size_t columns_;
  std::map<std::string, std::size_t> positions_;
  std::vector<SideBySideRow> rows_;
};

std::vector<std::string> NamesOf(const std::vector<Certificate>& certificates) {
  std::map<std::string, int> uses;
  std::vector<std::string> names;
  for (const Certificate& certificate : certificates) {
    const std::string& name = certificate.implementation.name;
    const int use = ++uses[name];
    names.push_back(use == 1 ? name : fmt::format("{} ({})", name, use));
  }
  return names;
}

std::vector<std::string> FactsOf(const std::vector<Certificate>& certificates) {
  std::vector<std::string> facts;
  const auto names = NamesOf(certificates);
  for (std::size_t i = 0; i < certificates.size(); ++i) {
    const Certificate& first = certificates.front();
    const Certificate& one = certificates[i];
    if (one.suite.version != first.suite.version ||
        one.suite.commit != first.suite.commit) {
      facts.push_back(fmt::format("{} was judged by another suite than {}",
                                  names[i], names[0]));
    }
    if (!one.complete) {
      facts.push_back("the run of " + names[i] + " is incomplete");
    }
    if (!one.asked.only.empty()) {
      facts.push_back("of " + names[i] + " only cases " + one.asked.only +
                      " were run");
    }
  }
  return facts;
}

struct Sign {
  const char* sign;
  const char* look;
};

Sign SignOf(std::string_view verdict) {
  if (verdict == "pass" || verdict == "certified") return {"✓", "good"};
  if (verdict.ends_with("known deviation")) return {"△", "known"};
  if (verdict == "unsupported" || verdict == kNone) return {"–", "plain"};
  if (verdict == "inconclusive") return {"?", "bad"};
  if (verdict == "untested") return {"○", "bad"};
  if (verdict == "error") return {"!", "bad"};
  return {"✗", "bad"};
}

Data RowList(const std::vector<SideBySideRow>& rows, bool only_different) {
  Data list(Data::type::list);
  for (const SideBySideRow& row : rows) {
    if (only_different && !row.differs) continue;
    Data cells(Data::type::list);
    for (const std::string& verdict : row.verdicts) {
      const std::string words = verdict.empty() ? std::string(kNone) : verdict;
      const Sign sign = SignOf(words);
      cells << PageObject()
                   .Text("words", words)
                   .Text("sign", sign.sign)
                   .Text("look", sign.look)
                   .value();
    }
    list << PageObject()
                .Text("id", row.id)
                .Text("of", row.profile + " " + row.tier)
                .Text("sentence", row.sentence)
                .Set("cells", cells)
                .value();
  }
  return list;
}

Data ImplementationList(const std::vector<Certificate>& certificates,
                        const std::vector<std::string>& names) {
  Data list(Data::type::list);
  for (std::size_t i = 0; i < certificates.size(); ++i) {
    const Certificate& certificate = certificates[i];
    list << PageObject()
                .Text("name", names[i])
                .Text("library", certificate.implementation.library)
                .Text("sha256", certificate.implementation.sha256)
                .Text("service", certificate.implementation.service + " " +
                                     certificate.implementation.service_version)
                .Text("outcome", DescribeCertificate(certificate))
                .Text("look", certificate.certified ? "good" : "bad")
                .Text("sign", certificate.certified ? "✓" : "✗")
                .Text("counts", DescribeCases(certificate.cases))
                .Text("started", certificate.started)
                .value();
  }
  return list;
}

void AppendTable(const char* title, const std::vector<SideBySideRow>& rows,
                 std::size_t columns, std::string* text) {
  std::vector<std::size_t> widths(columns, 1);
  std::size_t name_width = std::string_view(title).size();
  for (const SideBySideRow& row : rows) {
    name_width = std::max(name_width, Columns(Visible(row.id, Lines::kOne)));
    for (std::size_t i = 0; i < columns; ++i) {
      widths[i] =
          std::max({widths[i], Columns(row.verdicts[i]), std::size_t{1}});
    }
  }
  const auto padded = [](const std::string& cell, std::size_t width) {
    return cell + std::string(width - std::min(width, Columns(cell)), ' ');
  };
  const auto append = [&](std::string line) {
    line.resize(line.find_last_not_of(' ') + 1);
    *text += line + "\n";
  };
  std::string head = "\n" + padded(title, name_width);
  for (std::size_t i = 0; i < columns; ++i) {
    head += "  " + padded(std::to_string(i + 1), widths[i]);
  }
  append(head + "  differs");
  for (const SideBySideRow& row : rows) {
    std::string line = padded(Visible(row.id, Lines::kOne), name_width);
    for (std::size_t i = 0; i < columns; ++i) {
      const std::string& verdict = row.verdicts[i];
      line += "  " + padded(verdict.empty() ? "-" : verdict, widths[i]);
    }
    append(line + (row.differs ? "  *" : ""));
  }
}

}  // namespace

SideBySide PutSideBySide(const std::vector<Certificate>& certificates) {
  SideBySide all;
  all.names = NamesOf(certificates);
  all.facts = FactsOf(certificates);
  Rows profiles(certificates.size());
  Rows requirements(certificates.size());
  for (std::size_t i = 0; i < certificates.size(); ++i) {
    for (const Profile& profile : certificates[i].profiles) {
      const std::string name = profile.name + " " + profile.tier;
      profiles.Add(i, name,
                   {.id = name, .profile = profile.name, .tier = profile.tier},
                   profile.certified ? "certified" : "not certified");
    }
    for (const Requirement& requirement : certificates[i].requirements) {
      requirements.Add(i, requirement.id,
                       {.id = requirement.id,
                        .profile = requirement.profile,
                        .tier = requirement.tier,
                        .sentence = requirement.sentence},
                       requirement.verdict +
                           (requirement.deviation ? ", known deviation" : ""));
    }
  }
  all.profiles = std::move(profiles).Finished();
  all.requirements = std::move(requirements).Finished();
  return all;
}

std::string SideBySideText(const std::vector<Certificate>& certificates) {
  const SideBySide all = PutSideBySide(certificates);
  std::string text;
  for (std::size_t i = 0; i < certificates.size(); ++i) {
    text += fmt::format(
        "{}  {}, sha256 {}: {}\n", i + 1, Visible(all.names[i], Lines::kOne),
        Visible(certificates[i].implementation.sha256, Lines::kOne),
        Visible(DescribeCertificate(certificates[i]), Lines::kOne));
  }
  for (const std::string& fact : all.facts) {
    text += Visible(fact, Lines::kOne) + "\n";
  }
  AppendTable("profile and tier", all.profiles, certificates.size(), &text);
  AppendTable("requirement", all.requirements, certificates.size(), &text);
  return text;
}

std::string SideBySideHtml(const std::vector<Certificate>& certificates) {
  const SideBySide all = PutSideBySide(certificates);
  const auto different = std::ranges::count_if(
      all.requirements, [](const SideBySideRow& row) { return row.differs; });
  PageObject page;
  page.Text("policy", PagePolicy(PageStyle(), {}))
      .Set("style", std::string(PageStyle()))
      .Texts("names", all.names)
      .Flag("has_facts", !all.facts.empty())
      .Texts("facts", all.facts)
      .Set("implementations", ImplementationList(certificates, all.names))
      .Set("profiles", RowList(all.profiles, false))
      .Flag("has_different", different > 0)
      .Text("different_count",
            Plural(static_cast<std::size_t>(different), "requirement"))
      .Set("different", RowList(all.requirements, true))
      .Text("all_count", Plural(all.requirements.size(), "requirement"))
      .Set("requirements", RowList(all.requirements, false));
  return RenderPage(SideBySideTemplate(), "side_by_side.html.tmpl", page);
}

}  // namespace cpgcert::reports
