// A comparison as text and as a page.

#include <fmt/core.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "reports/certificate.h"
#include "reports/compare.h"
#include "reports/findings.h"
#include "reports/page_assets.h"
#include "reports/page_object.h"
#include "reports/page_policy.h"
#include "reports/text.h"

namespace cpgcert::reports {
namespace {

using Data = PageObject::Data;

// "libcpg with corosync 3.1.7, sha256 eab1, 2024-05-01T12:00:00Z: CERTIFIED".
std::string Describe(const Certificate& certificate) {
  return Visible(
      fmt::format("{}, sha256 {}, judged {}: {}",
                  certificate.implementation.name,
                  certificate.implementation.sha256, certificate.started,
                  DescribeCertificate(certificate)),
      Lines::kOne);
}

std::string Verdict(const Comparison& comparison) {
  return comparison.worse.empty()
             ? "nothing got worse"
             : Plural(comparison.worse.size(), "thing") + " got worse";
}

// "pass, now fail".
std::string Movement(const Change& change) {
  if (change.before.empty()) return change.after;
  if (change.after.empty()) return "was " + change.before + ", is gone";
  return change.before + ", now " + change.after;
}

void AppendList(const char* title, const std::vector<Change>& changes,
                bool details, std::string* text) {
  if (changes.empty()) return;
  *text += fmt::format("\n{}: {}\n", title, changes.size());
  for (const Change& change : changes) {
    *text += fmt::format("  {} {}: {}\n", change.kind,
                         Visible(change.name, Lines::kOne),
                         Visible(Movement(change), Lines::kOne));
    if (!details) continue;
    for (const std::string& line :
         SplitLines(Visible(change.detail, Lines::kKeep))) {
      *text += "    " + line + "\n";
    }
  }
}

Data ChangeList(const std::vector<Change>& changes) {
  Data list(Data::type::list);
  for (const Change& change : changes) {
    list << PageObject()
                .Text("kind", change.kind)
                .Text("name", change.name)
                .Text("movement", Movement(change))
                .Flag("has_detail", !change.detail.empty())
                .Text("detail", change.detail)
                .value();
  }
  return list;
}

Data SectionList(const Comparison& comparison) {
  struct Section {
    const char* id;
    const char* title;
    const char* sign;
    const char* look;
    const char* verb;
    bool open;
    const std::vector<Change>* changes;
  };
  const Section sections[] = {
      {"worse", "Worse", "✗", "bad", "became worse", true, &comparison.worse},
      {"better", "Better", "✓", "good", "became better", true,
       &comparison.better},
      {"changed", "Changed", "△", "known", "changed", true,
       &comparison.changed},
      {"appeared", "Appeared", "+", "plain", "appeared", false,
       &comparison.appeared},
      {"vanished", "Vanished", "–", "plain", "vanished", false,
       &comparison.vanished}};
  Data list(Data::type::list);
  for (const Section& section : sections) {
    list << PageObject()
                .Text("id", section.id)
                .Text("title", section.title)
                .Text("sign", section.sign)
                .Text("look", section.look)
                .Text("verb", section.verb)
                .Flag("open", section.open)
                .Text("count", std::to_string(section.changes->size()))
                .Flag("has_changes", !section.changes->empty())
                .Set("changes", ChangeList(*section.changes))
                .value();
  }
  return list;
}

}  // namespace

std::string ComparisonText(const Certificate& before, const Certificate& after,
                           const Comparison& comparison) {
  std::string text =
      fmt::format("old: {}\nnew: {}\n", Describe(before), Describe(after));
  for (const std::string& fact : comparison.facts) {
    text += Visible(fact, Lines::kOne) + "\n";
  }
  AppendList("worse", comparison.worse, true, &text);
  AppendList("better", comparison.better, false, &text);
  AppendList("changed", comparison.changed, false, &text);
  AppendList("appeared", comparison.appeared, false, &text);
  AppendList("vanished", comparison.vanished, false, &text);
  return text + "\n" + Verdict(comparison) + "\n";
}

std::string ComparisonHtml(const Certificate& before, const Certificate& after,
                           const Comparison& comparison) {
  PageObject page;
  page.Text("policy", PagePolicy(PageStyle(), {}))
      .Set("style", std::string(PageStyle()))
      .Text("before", Describe(before))
      .Text("after", Describe(after))
      .Text("verdict", Verdict(comparison))
      .Flag("good", comparison.worse.empty())
      .Flag("has_facts", !comparison.facts.empty())
      .Texts("facts", comparison.facts)
      .Set("sections", SectionList(comparison));
  return RenderPage(ComparisonTemplate(), "comparison.html.tmpl", page);
}

}  // namespace cpgcert::reports
