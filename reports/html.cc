#include "reports/html.h"

#include <fmt/core.h>

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "reports/certificate.h"
#include "reports/findings.h"
#include "reports/page_assets.h"
#include "reports/page_data.h"
#include "reports/page_object.h"
#include "reports/page_policy.h"
#include "reports/text.h"

namespace cpgcert::reports {
namespace {

using data = PageObject::Data;
using Rows = PageObject::Rows;

data ProfileList(const Certificate& certificate) {
  data list(data::type::list);
  for (const Profile& profile : certificate.profiles) {
    PageObject row;
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

// For browsers without scripts.
data RequirementList(const Certificate& certificate) {
  data list(data::type::list);
  for (const Requirement& requirement : certificate.requirements) {
    const char* known = requirement.deviation ? ", known deviation" : "";
    list << PageObject()
                .Text("id", requirement.id)
                .Text("verdict", requirement.verdict + known)
                .Text("sentence", requirement.sentence)
                .value();
  }
  return list;
}

// The rows of the table of requirements.
data CountRows(const RequirementTable& table) {
  data rows(data::type::list);
  for (const RequirementCounts& row : table.rows) {
    std::vector<std::string> counts;
    for (const std::size_t count : row.counts) {
      counts.push_back(std::to_string(count));
    }
    rows << PageObject()
                .Text("label", row.label)
                .Texts("counts_list", counts)
                .value();
  }
  return rows;
}

// What was judged, against what, and by what.
Rows Glance(const Certificate& certificate) {
  const Implementation& implementation = certificate.implementation;
  const Suite& suite = certificate.suite;
  return {
      {"library", implementation.library},
      {"sha256", implementation.sha256},
      {"build id", implementation.build_id},
      {"service",
       implementation.service + " " + implementation.service_version},
      {"suite", "cpgcert " + suite.version +
                    (suite.commit.empty() ? "" : " (" + suite.commit + ")")},
      {"seed", std::to_string(certificate.seed)},
      {"judged", fmt::format("{}, in {:.0f} s", certificate.started,
                             certificate.duration_s)}};
}

Rows Environment(const Certificate& certificate) {
  const Asked& asked = certificate.asked;
  Rows rows = {{"profiles asked for",
                asked.profiles.empty() ? "all" : Join(asked.profiles, ", ")},
               {"tier asked for", asked.tier.empty() ? "all" : asked.tier},
               {"cases asked for", asked.only.empty() ? "all" : asked.only},
               {"deviations file", certificate.deviations.file}};
  for (const auto& [key, value] : certificate.figures) {
    const bool sum = key.ends_with("_count");
    rows.emplace_back(sum ? key : "median " + key,
                      fmt::format("{:.0f}", value));
  }
  for (const auto& [key, value] : certificate.host) {
    rows.emplace_back("host: " + key, value);
  }
  return rows;
}

PageObject Page(const Certificate& certificate) {
  // The page is to stay below 3 MB; the rest of it takes 200 kB.
  constexpr std::size_t kDataBytesMax = 2'600'000;
  const std::vector<std::string> objections = Objections(certificate);
  const RequirementTable table = TabulateRequirements(certificate);
  PageObject page;
  page.Text("implementation", certificate.implementation.name)
      .Flag("certified", certificate.certified)
      .Text("outcome", DescribeCertificate(certificate))
      .Text("counts", Plural(certificate.cases.size(), "case") + ": " +
                          DescribeCases(certificate.cases))
      .Pairs("glance", Glance(certificate))
      .Set("profiles", ProfileList(certificate))
      .Flag("has_objections", !objections.empty())
      .Texts("objections", objections)
      .Texts("count_head", table.columns)
      .Set("count_rows", CountRows(table))
      .Set("requirements", RequirementList(certificate))
      .Pairs("environment", Environment(certificate))
      .Set("data", PageData(certificate, kDataBytesMax))
      .Set("policy", PagePolicy(PageStyle(), {VueLibrary(), PageScripts()}))
      .Set("style", std::string(PageStyle()))
      .Set("licence", std::string(VueLicence()))
      .Set("library", std::string(VueLibrary()))
      .Set("scripts", std::string(PageScripts()));
  return page;
}

}  // namespace

std::string ToHtml(const Certificate& certificate) {
  return RenderPage(CertificateTemplate(), "certificate.html.tmpl",
                    Page(certificate));
}

}  // namespace cpgcert::reports
