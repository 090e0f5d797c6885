#include "reports/html.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <kainjow/mustache.hpp>
#include <map>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "reports/certificate.h"
#include "reports/findings.h"
#include "reports/html_template.h"
#include "reports/text.h"

namespace cpgcert::reports {
namespace {

using kainjow::mustache::data;
using kainjow::mustache::mustache;

// One object for the template. Every name that a section of the template uses
// is set in each of its objects: Mustache would look further out otherwise.
class Object {
 public:
  Object& Text(const char* name, std::string_view text) {
    data_.set(name, Visible(text, Lines::kKeep));
    return *this;
  }
  Object& Flag(const char* name, bool flag) {
    data_.set(name, flag);
    return *this;
  }
  Object& Number(const char* name, std::size_t number) {
    return Text(name, std::to_string(number));
  }
  Object& Set(const char* name, const data& value) {
    data_.set(name, value);
    return *this;
  }
  const data& value() const { return data_; }

 private:
  data data_;
};

data TextList(const std::vector<std::string>& texts) {
  data list(data::type::list);
  for (const std::string& text : texts) {
    list << Object().Text("text", text).value();
  }
  return list;
}

// The words and signs of one verdict; the sign helps the eye, the word tells.
Object& Verdict(std::string_view verdict, bool deviation, Object& object) {
  static const std::map<std::string_view, const char*> kSigns = {
      {"pass", "✓"},         {"fail", "✗"},        {"crash", "✗"},
      {"hang", "✗"},         {"unsupported", "–"}, {"untested", "–"},
      {"inconclusive", "?"}, {"error", "!"}};
  const auto sign = kSigns.find(verdict);
  object.Text("verdict", verdict);
  object.Text("sign", sign == kSigns.end() ? "" : sign->second);
  object.Text("kind", deviation ? "deviation" : verdict);
  object.Flag("deviation", deviation);
  return object;
}

// Where the case's bug report stands on the page.
class Anchors {
 public:
  explicit Anchors(const std::vector<Case>& cases) {
    for (const Case& result : cases) {
      if (!IsUnfavourable(result)) continue;
      numbers_.emplace(&result, numbers_.size() + 1);
    }
  }

  bool Has(const Case& result) const { return numbers_.contains(&result); }

  // REQUIRES: Has(result).
  std::string Name(const Case& result) const {
    return "report-" + std::to_string(numbers_.at(&result));
  }

 private:
  std::map<const Case*, std::size_t> numbers_;
};

data ProfileList(const Certificate& certificate) {
  data list(data::type::list);
  for (const Profile& profile : certificate.profiles) {
    Object row;
    row.Text("name", profile.name).Text("tier", profile.tier);
    row.Flag("row_certified", profile.certified);
    row.Text("description", DescribeProfile(profile));
    const std::pair<const char*, int> counts[] = {
        {"pass", profile.pass},
        {"fail", profile.fail},
        {"crash", profile.crash},
        {"hang", profile.hang},
        {"deviation_count", profile.deviation},
        {"unsupported", profile.unsupported},
        {"inconclusive", profile.inconclusive},
        {"error", profile.error},
        {"untested", profile.untested}};
    for (const auto& [name, count] : counts) {
      row.Text(name, std::to_string(count));
    }
    list << row.value();
  }
  return list;
}

data RequirementList(const Certificate& certificate, const Anchors& anchors) {
  std::map<std::string_view, std::vector<const Case*>> against;
  for (const Finding& finding : Findings(certificate)) {
    against[finding.requirement->id] = finding.cases;
  }
  data list(data::type::list);
  for (const Requirement& requirement : certificate.requirements) {
    data links(data::type::list);
    for (const Case* result : against[requirement.id]) {
      const bool linked = anchors.Has(*result);
      links << Object()
                   .Text("name", result->name)
                   .Flag("linked", linked)
                   .Text("anchor", linked ? anchors.Name(*result) : "")
                   .value();
    }
    Object row;
    row.Text("id", requirement.id)
        .Text("tier", requirement.tier)
        .Text("profile", requirement.profile)
        .Text("function", requirement.function)
        .Text("sentence", requirement.sentence)
        .Text("source", requirement.source)
        .Flag("optional", requirement.optional)
        .Number("cases_count", requirement.cases.size())
        .Set("links", links);
    list << Verdict(requirement.verdict, requirement.deviation, row).value();
  }
  return list;
}

// The sentences that the case speaks against.
data SentenceList(const Certificate& certificate, const Case& result) {
  data list(data::type::list);
  for (const Requirement& requirement : certificate.requirements) {
    const bool own =
        std::find(result.requirements.begin(), result.requirements.end(),
                  requirement.id) != result.requirements.end();
    if (!own || VerdictFor(result, requirement.id) == "pass") continue;
    list << Object()
                .Text("id", requirement.id)
                .Text("tier", requirement.tier)
                .Text("sentence", requirement.sentence)
                .Text("source", requirement.source)
                .value();
  }
  return list;
}

data ReportList(const Certificate& certificate, const Anchors& anchors) {
  data list(data::type::list);
  for (const Case& result : certificate.cases) {
    if (!anchors.Has(result)) continue;
    const std::string message = MessageOf(result);
    Object report;
    report.Text("name", result.name)
        .Text("anchor", anchors.Name(result))
        .Set("sentences", SentenceList(certificate, result))
        .Text("message", message.empty() ? "(no message)" : message)
        .Flag("has_notes", !result.notes.empty())
        .Set("notes", TextList(result.notes))
        .Flag("has_reproduce", !result.reproduce.empty())
        .Text("reproduce", result.reproduce);
    list << Verdict(result.verdict, result.deviation, report).value();
  }
  return list;
}

data DeviationList(const Certificate& certificate) {
  data list(data::type::list);
  for (const DeviationGroup& group : DeviationsByReason(certificate)) {
    data names(data::type::list);
    for (const Case* result : group.cases) {
      names << Object()
                   .Text("name", result->name)
                   .Text("verdict", result->verdict)
                   .value();
    }
    list << Object()
                .Text("reason", group.reason)
                .Flag("has_reproducer", !group.reproducer.empty())
                .Text("reproducer", group.reproducer)
                .Text("cases_count", Plural(group.cases.size(), "case"))
                .Set("names", names)
                .value();
  }
  return list;
}

// The table of requirements: its head and its rows.
data CountHead(const RequirementTable& table) {
  return TextList(table.columns);
}

data CountRows(const RequirementTable& table) {
  data rows(data::type::list);
  for (const RequirementCounts& row : table.rows) {
    std::vector<std::string> counts;
    for (const std::size_t count : row.counts) {
      counts.push_back(std::to_string(count));
    }
    rows << Object()
                .Text("label", row.label)
                .Set("counts_list", TextList(counts))
                .value();
  }
  return rows;
}

data CaseList(const Certificate& certificate, const Anchors& anchors) {
  data list(data::type::list);
  for (const Case& result : certificate.cases) {
    const bool linked = anchors.Has(result);
    Object row;
    row.Text("name", result.name)
        .Text("profile", result.profile)
        .Text("requirements_text", Join(result.requirements, " "))
        .Text("duration", fmt::format("{:.1f}", result.duration_ms))
        .Flag("linked", linked)
        .Text("anchor", linked ? anchors.Name(result) : "")
        .Flag("has_notes", !result.notes.empty())
        .Set("notes", TextList(result.notes));
    list << Verdict(result.verdict, result.deviation, row).value();
  }
  return list;
}

data EnvironmentList(const Certificate& certificate) {
  const Implementation& implementation = certificate.implementation;
  const Asked& asked = certificate.asked;
  std::vector<std::pair<std::string, std::string>> rows = {
      {"library", implementation.library},
      {"sha256", implementation.sha256},
      {"build id", implementation.build_id},
      {"service", implementation.service},
      {"service version", implementation.service_version},
      {"suite version", certificate.suite.version},
      {"suite commit", certificate.suite.commit},
      {"profiles asked for",
       asked.profiles.empty() ? "all" : Join(asked.profiles, ", ")},
      {"tier asked for", asked.tier.empty() ? "all" : asked.tier},
      {"cases asked for", asked.only.empty() ? "all" : asked.only},
      {"deviations file", certificate.deviations.file},
      {"seed", std::to_string(certificate.seed)},
      {"started", certificate.started},
      {"duration", fmt::format("{:.1f} s", certificate.duration_s)}};
  for (const auto& [key, value] : certificate.figures) {
    rows.emplace_back("median " + key, fmt::format("{:.0f}", value));
  }
  for (const auto& [key, value] : certificate.host) {
    rows.emplace_back("host: " + key, value);
  }
  data list(data::type::list);
  for (const auto& [key, value] : rows) {
    list << Object()
                .Text("key", key)
                .Text("value", value.empty() ? "none" : value)
                .value();
  }
  return list;
}

data Page(const Certificate& certificate) {
  const Anchors anchors(certificate.cases);
  const Implementation& implementation = certificate.implementation;
  const data reports = ReportList(certificate, anchors);
  const data deviations = DeviationList(certificate);
  const std::vector<std::string> objections = Objections(certificate);
  const RequirementTable table = TabulateRequirements(certificate);
  Object page;
  page.Text("implementation", implementation.name)
      .Text("library", implementation.library)
      .Text("service", implementation.service)
      .Text("service_version", implementation.service_version)
      .Text("started", certificate.started)
      .Flag("certified", certificate.certified)
      .Text("outcome", DescribeCertificate(certificate))
      .Text("counts", DescribeCases(certificate.cases))
      .Set("profiles", ProfileList(certificate))
      .Flag("has_objections", !objections.empty())
      .Set("objections", TextList(objections))
      .Set("count_head", CountHead(table))
      .Set("count_rows", CountRows(table))
      .Set("requirements", RequirementList(certificate, anchors))
      .Flag("has_reports", !reports.list_value().empty())
      .Number("reports_count", reports.list_value().size())
      .Set("reports", reports)
      .Flag("has_deviations", !deviations.list_value().empty())
      .Set("deviations", deviations)
      .Text("all_count", Plural(certificate.cases.size(), "case"))
      .Set("cases", CaseList(certificate, anchors))
      .Set("environment", EnvironmentList(certificate));
  return page.value();
}

}  // namespace

std::string ToHtml(const Certificate& certificate) {
  mustache page{std::string(HtmlTemplate())};
  std::string html = page.render(Page(certificate));
  if (!page.is_valid()) {
    throw std::logic_error("certificate.html.tmpl: " + page.error_message());
  }
  return html;
}

}  // namespace cpgcert::reports
