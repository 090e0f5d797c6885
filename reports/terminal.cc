#include "reports/terminal.h"

#include <fmt/core.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <mutex>
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

constexpr std::size_t kCasesOfEach = 3;  // requirement
constexpr std::size_t kCasesInFull = 40;
constexpr std::size_t kMessageLines = 24;  // of each case
constexpr std::size_t kHeadlineColumns = 200;
constexpr char kEraseLine[] = "\r\x1b[K";

std::string One(std::string_view text) { return Visible(text, Lines::kOne); }

// "fail NAME: first line of the message".
std::string Headline(const Case& result) {
  const std::string message = FirstLine(MessageOf(result));
  std::string line = result.verdict + " " + result.name;
  if (!message.empty()) line += ": " + message;
  return Shorten(One(line), kHeadlineColumns);
}

class SummaryText {
 public:
  SummaryText(const Certificate& certificate, const Terminal& terminal,
              std::string_view html_file)
      : certificate_(certificate),
        colours_(terminal.colours),
        html_file_(html_file) {}

  std::string Write() {
    Head();
    for (const Finding& finding : Findings(certificate_)) {
      // The others are among the objections.
      if (!finding.requirement->cases.empty()) Show(finding);
    }
    KnownDeviations();
    ObjectionLines();
    Requirements();
    Foot();
    return std::move(text_);
  }

 private:
  enum class Colour { kGood = 32, kBad = 31, kKnown = 33, kStrong = 1 };

  void Line(std::string_view line) { text_.append(line).append("\n"); }

  std::string Paint(Colour colour, std::string_view text) const {
    if (!colours_) return std::string(text);
    return fmt::format("\x1b[{}m{}\x1b[0m", static_cast<int>(colour), text);
  }

  void Head() {
    const Implementation& judged = certificate_.implementation;
    Line(Paint(Colour::kStrong, One(judged.name)) + " (" + One(judged.library) +
         ")");
    std::string service = judged.service;
    if (!judged.service_version.empty()) {
      service += " " + judged.service_version;
    }
    Line(fmt::format(
        "service {}; seed {}; {} in {:.1f} s", One(service), certificate_.seed,
        Plural(certificate_.cases.size(), "case"), certificate_.duration_s));
    Line(DescribeCases(certificate_.cases));
  }

  void Show(const Finding& finding) {
    const Requirement& requirement = *finding.requirement;
    Line("");
    Line(fmt::format(
        "{} ({}): {}, {} of {}", Paint(Colour::kStrong, One(requirement.id)),
        requirement.tier, Paint(Colour::kBad, requirement.verdict),
        finding.cases.size(), Plural(requirement.cases.size(), "case")));
    Line("  " + One(requirement.sentence));
    Line("  source: " + One(requirement.source));
    const std::size_t shown = std::min(finding.cases.size(), kCasesOfEach);
    for (std::size_t i = 0; i < shown; ++i) Show(*finding.cases[i]);
    const std::size_t more = finding.cases.size() - shown;
    if (more == 0) return;
    Line(fmt::format("  … and {} more (see {})", more, One(html_file_)));
  }

  void Show(const Case& result) {
    if (shown_.size() >= kCasesInFull && !shown_.contains(result.name)) {
      Line("  " + Headline(result));
      return;
    }
    std::string line =
        "  " + Paint(Colour::kBad, result.verdict) + " " + One(result.name);
    const bool first_time = shown_.insert(result.name).second;
    if (!first_time) line += " (shown above)";
    Line(line);
    if (!first_time) return;
    const std::vector<std::string> message =
        SplitLines(Visible(MessageOf(result), Lines::kKeep));
    const std::size_t lines = std::min(message.size(), kMessageLines);
    for (std::size_t i = 0; i < lines; ++i) {
      Line(message[i].empty() ? "" : "    " + message[i]);
    }
    if (message.size() > lines) {
      Line("    … and " + Plural(message.size() - lines, "more line"));
    }
    if (result.reproduce.empty()) return;
    Line("    reproduce: " + One(result.reproduce));
  }

  void KnownDeviations() {
    const std::vector<DeviationGroup> groups = DeviationsByReason(certificate_);
    if (groups.empty()) return;
    Line("");
    Line("known deviations (" + One(certificate_.deviations.file) + "):");
    for (const DeviationGroup& group : groups) {
      Line("  " + Paint(Colour::kKnown, Plural(group.cases.size(), "case")) +
           ": " + One(group.reason));
      if (group.reproducer.empty()) continue;
      Line("    a program that shows it: " + One(group.reproducer));
    }
  }

  void ObjectionLines() {
    const std::vector<std::string> objections = Objections(certificate_);
    if (objections.empty()) return;
    Line("");
    Line("the certificate is also withheld because:");
    for (const std::string& objection : objections) {
      Line("  " + One(objection));
    }
  }

  // One requirement needs no table.
  void Requirements() {
    if (certificate_.requirements.size() < 2) return;
    const RequirementTable table = TabulateRequirements(certificate_);
    std::size_t width = 0;
    for (const RequirementCounts& row : table.rows) {
      width = std::max(width, Columns(One(row.label)));
    }
    std::string head(width, ' ');
    for (const std::string& column : table.columns) head += "  " + column;
    Line("");
    Line(head);
    for (const RequirementCounts& row : table.rows) {
      std::string line = One(row.label);
      line.append(width - Columns(line), ' ');
      for (std::size_t i = 0; i < row.counts.size(); ++i) {
        line += fmt::format(
            "  {:>{}}",
            row.counts[i] == 0 ? "-" : std::to_string(row.counts[i]),
            table.columns[i].size());
      }
      Line(line);
    }
  }

  void Foot() {
    Line("");
    for (const Profile& profile : certificate_.profiles) {
      Line(fmt::format("{} {}: {}", One(profile.name), profile.tier,
                       Paint(profile.certified ? Colour::kGood : Colour::kBad,
                             DescribeProfile(profile))));
    }
    Line(One(certificate_.implementation.name) + ": " +
         Paint(certificate_.certified ? Colour::kGood : Colour::kBad,
               One(DescribeCertificate(certificate_))));
  }

  const Certificate& certificate_;
  const bool colours_;
  const std::string html_file_;
  std::set<std::string_view> shown_;
  std::string text_;
};

}  // namespace

Terminal Detect(std::FILE* out) {
  Terminal terminal;
  const int descriptor = fileno(out);
  const char* type = std::getenv("TERM");
  terminal.is_tty = descriptor >= 0 && isatty(descriptor) == 1 &&
                    type != nullptr && std::string_view(type) != "dumb";
  const char* no_color = std::getenv("NO_COLOR");
  terminal.colours =
      terminal.is_tty && (no_color == nullptr || *no_color == '\0');
  winsize size{};
  if (terminal.is_tty && ioctl(descriptor, TIOCGWINSZ, &size) == 0 &&
      size.ws_col > 0) {
    terminal.columns = size.ws_col;
  }
  return terminal;
}

Progress::Progress(std::FILE* out, const Terminal& terminal, std::size_t total)
    : out_(out), terminal_(terminal), total_(total) {}

Progress::~Progress() { Done(); }

void Progress::Started(std::string_view case_name) {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (!done_ && terminal_.is_tty) Rewrite(case_name);
}

void Progress::Finished(const Case& result) {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (done_) return;
  ++finished_;
  if (IsUnfavourable(result)) {
    ++unfavourable_;
    ++unfavourable_by_verdict_[result.verdict];
  }
  if (terminal_.is_tty) {
    Rewrite(result.name);
  } else {
    PrintLine(result);
  }
}

void Progress::Done() {
  const std::lock_guard<std::mutex> lock(mutex_);
  done_ = true;
  if (!line_shown_) return;
  line_shown_ = false;
  std::fputs(kEraseLine, out_);
  std::fflush(out_);
}

void Progress::Rewrite(std::string_view case_name) {
  const std::string total = std::to_string(total_);
  std::string line =
      fmt::format("[{:>{}}/{}] ", finished_, total.size(), total);
  std::vector<std::string> counts;
  for (const char* verdict :
       {"fail", "crash", "hang", "inconclusive", "error"}) {
    const auto count = unfavourable_by_verdict_.find(verdict);
    if (count == unfavourable_by_verdict_.end()) continue;
    counts.push_back(fmt::format("{} {}", count->second, verdict));
  }
  if (!counts.empty()) line += Join(counts, ", ") + "  ";
  line += One(case_name);
  // The last column stays free: some terminals wrap as soon as it is filled.
  const int columns = std::max(terminal_.columns - 1, 1);
  line = kEraseLine + Shorten(line, static_cast<std::size_t>(columns));
  std::fputs(line.c_str(), out_);
  std::fflush(out_);
  line_shown_ = true;
}

void Progress::PrintLine(const Case& result) {
  std::string lines;
  if (IsUnfavourable(result)) lines += Headline(result) + "\n";
  const std::size_t step = std::max<std::size_t>((total_ + 9) / 10, 10);
  if (finished_ % step == 0 || finished_ == total_) {
    lines += fmt::format("{} of {}, {} unfavourable\n", finished_,
                         Plural(total_, "case"), unfavourable_);
  }
  if (lines.empty()) return;
  std::fputs(lines.c_str(), out_);
  std::fflush(out_);
}

std::string Summary(const Certificate& certificate, const Terminal& terminal,
                    std::string_view html_file) {
  return SummaryText(certificate, terminal, html_file).Write();
}

}  // namespace cpgcert::reports
