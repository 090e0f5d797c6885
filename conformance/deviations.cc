#include "conformance/deviations.h"

#include <fnmatch.h>

// The parser reports what it meets as errors; its assertions, and what it takes
// for granted with NDEBUG, would come before that and end the process.
#pragma push_macro("NDEBUG")
#undef NDEBUG
#define TOML_ASSERT(expression) static_cast<void>(0)
#include <toml++/toml.h>
#pragma pop_macro("NDEBUG")

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "conformance/certification.h"
#include "harness/verdict.h"

namespace cpgcert::conformance {
namespace {

using harness::Verdict;

// Reads the parsed table; stops at the first thing that breaks a rule.
class Reader {
 public:
  explicit Reader(std::string file) : file_(std::move(file)) {}

  bool ReadFile(const toml::table& root, std::string& implementation,
                std::vector<Deviation>& lines) {
    if (!OnlyKeys(root, {"implementation", "deviation"}, "the file")) {
      return false;
    }
    if (!ReadText(root, "implementation", 1, "the file", implementation)) {
      return false;
    }
    const toml::node* node = root.get("deviation");
    if (node == nullptr) return true;
    const toml::array* array = node->as_array();
    if (array == nullptr) {
      return Fail(*node, "write [[deviation]], not [deviation]");
    }
    for (const toml::node& item : *array) {
      const toml::table* table = item.as_table();
      if (table == nullptr) return Fail(item, "a deviation must be a table");
      Deviation deviation;
      if (!ReadDeviation(*table, deviation)) return false;
      lines.push_back(std::move(deviation));
    }
    return true;
  }

  const std::string& error() const { return error_; }

 private:
  bool ReadDeviation(const toml::table& table, Deviation& deviation) {
    constexpr const char* kWhere = "a deviation";
    deviation.line = LineOf(table);
    if (!OnlyKeys(
            table,
            {"case", "requirement", "verdict", "why", "url", "reproducer"},
            kWhere)) {
      return false;
    }
    std::string verdict;
    if (!ReadGlobs(table, deviation) ||
        !ReadText(table, "requirement", deviation.line, kWhere,
                  deviation.requirement) ||
        !ReadText(table, "verdict", deviation.line, kWhere, verdict) ||
        !ReadText(table, "why", deviation.line, kWhere, deviation.why) ||
        !ReadText(table, "url", deviation.line, kWhere, deviation.url)) {
      return false;
    }
    if (table.contains("reproducer") &&
        !ReadText(table, "reproducer", deviation.line, kWhere,
                  deviation.reproducer)) {
      return false;
    }
    const std::optional<Verdict> parsed = harness::FromString(verdict);
    if (!parsed || !IsUnfavourable(*parsed)) {
      return Fail(*table.get("verdict"),
                  "verdict must be \"fail\", \"crash\" or \"hang\", not \"" +
                      verdict + "\"");
    }
    deviation.verdict = *parsed;
    if (!deviation.url.starts_with("https://") &&
        !deviation.url.starts_with("http://")) {
      return Fail(*table.get("url"),
                  "url must start with https:// or http://, not \"" +
                      deviation.url + "\"");
    }
    return true;
  }

  bool ReadGlobs(const toml::table& table, Deviation& deviation) {
    const toml::node* node = table.get("case");
    if (node != nullptr && node->is_array()) {
      const toml::array& array = *node->as_array();
      if (array.empty()) return Fail(*node, "case must name a glob");
      for (const toml::node& item : array) {
        const toml::value<std::string>* text = item.as_string();
        if (text == nullptr || text->get().empty()) {
          return Fail(item, "case must hold texts that are not empty");
        }
        deviation.cases.push_back(text->get());
      }
      return true;
    }
    std::string glob;
    if (!ReadText(table, "case", deviation.line, "a deviation", glob)) {
      return false;
    }
    deviation.cases.push_back(std::move(glob));
    return true;
  }

  bool ReadText(const toml::table& table, const char* key, int line,
                const char* where, std::string& text) {
    const toml::node* node = table.get(key);
    if (node == nullptr) {
      return FailAt(line,
                    std::string(where) + " must have the key \"" + key + "\"");
    }
    const toml::value<std::string>* value = node->as_string();
    if (value == nullptr) {
      return Fail(*node, std::string(key) + " must be a text");
    }
    // Blank is as good as missing.
    if (value->get().find_first_not_of(" \t\r\n") == std::string::npos) {
      return Fail(*node, std::string(key) + " must not be empty");
    }
    text = value->get();
    return true;
  }

  bool OnlyKeys(const toml::table& table,
                const std::vector<std::string_view>& known, const char* where) {
    for (const auto& [key, node] : table) {
      if (std::find(known.begin(), known.end(), key.str()) != known.end()) {
        continue;
      }
      return FailAt(static_cast<int>(key.source().begin.line),
                    std::string(where) + " has an unknown key \"" +
                        std::string(key.str()) + "\"");
    }
    return true;
  }

  static int LineOf(const toml::node& node) {
    return static_cast<int>(node.source().begin.line);
  }

  bool Fail(const toml::node& node, const std::string& text) {
    return FailAt(LineOf(node), text);
  }

  bool FailAt(int line, const std::string& text) {
    error_ = file_ + ":" + std::to_string(line) + ": " + text;
    return false;
  }

  std::string file_;
  std::string error_;
};

// False with errno set if the file cannot be read to its end.
bool ReadWhole(const std::string& file, std::string& text) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> stream(
      std::fopen(file.c_str(), "rbe"), &std::fclose);
  if (stream == nullptr) return false;
  char buffer[4096];
  std::size_t size;
  while ((size = std::fread(buffer, 1, sizeof buffer, stream.get())) > 0) {
    text.append(buffer, size);
  }
  return std::ferror(stream.get()) == 0;
}

bool GlobMatches(const std::string& glob, const std::string& name) {
  return fnmatch(glob.c_str(), name.c_str(), 0) == 0;
}

bool LineMatches(const Deviation& line, const std::string& name) {
  return std::any_of(line.cases.begin(), line.cases.end(),
                     [&](const auto& glob) { return GlobMatches(glob, name); });
}

bool Names(const std::vector<std::string>& requirements,
           const std::string& requirement) {
  return std::find(requirements.begin(), requirements.end(), requirement) !=
         requirements.end();
}

// The requirements of the case that its verdict speaks against.
std::vector<std::string> RequirementsAgainst(const CaseOutcome& outcome,
                                             Verdict verdict) {
  return verdict == Verdict::kFail ? FailingRequirements(outcome)
                                   : outcome.requirements;
}

void Mark(const std::vector<Deviation>& lines, CaseOutcome& outcome) {
  outcome.is_deviation = false;
  outcome.deviation_reason.clear();
  const Verdict verdict = EffectiveVerdict(outcome);
  if (!IsUnfavourable(verdict)) return;

  const std::vector<std::string> against =
      RequirementsAgainst(outcome, verdict);
  std::vector<std::string> covered;
  std::vector<std::string> reasons;
  for (const Deviation& line : lines) {
    if (line.verdict != verdict || !Names(against, line.requirement) ||
        !LineMatches(line, outcome.name)) {
      continue;
    }
    if (!Names(covered, line.requirement)) covered.push_back(line.requirement);
    if (!Names(reasons, line.why)) reasons.push_back(line.why);
  }
  if (covered.empty()) return;
  if (verdict == Verdict::kFail &&
      !std::all_of(against.begin(), against.end(),
                   [&](const auto& id) { return Names(covered, id); })) {
    return;
  }
  outcome.is_deviation = true;
  for (const std::string& reason : reasons) {
    if (!outcome.deviation_reason.empty()) outcome.deviation_reason += "; ";
    outcome.deviation_reason += reason;
  }
}

}  // namespace

std::optional<Deviations> Deviations::Read(const std::string& file,
                                           std::string* error) {
  std::string text;
  if (!ReadWhole(file, text)) {
    *error = file + ": cannot be read: " + std::strerror(errno);
    return std::nullopt;
  }
  return Parse(text, file, error);
}

std::optional<Deviations> Deviations::Parse(std::string_view text,
                                            const std::string& file,
                                            std::string* error) {
  toml::table root;
  try {
    root = toml::parse(text, file);
  } catch (const toml::parse_error& bad) {
    *error = file + ":" + std::to_string(bad.source().begin.line) + ": " +
             std::string(bad.description());
    return std::nullopt;
  }
  Deviations deviations;
  deviations.file_ = file;
  Reader reader(file);
  if (!reader.ReadFile(root, deviations.implementation_, deviations.lines_)) {
    *error = reader.error();
    return std::nullopt;
  }
  return deviations;
}

std::vector<std::string> Deviations::Apply(
    const std::vector<RegisteredCase>& registry,
    std::vector<CaseOutcome>& outcomes) const {
  for (CaseOutcome& outcome : outcomes) Mark(lines_, outcome);

  std::vector<std::string> problems;
  for (const Deviation& line : lines_) {
    const std::string where = file_ + ":" + std::to_string(line.line) + ": ";
    for (const std::string& glob : line.cases) {
      const bool alive =
          std::any_of(registry.begin(), registry.end(), [&](const auto& entry) {
            return Names(entry.requirements, line.requirement) &&
                   GlobMatches(glob, entry.name);
          });
      if (alive) continue;
      problems.push_back(where + "stale line: no case that decides " +
                         line.requirement + " matches \"" + glob + "\"");
    }
    for (const CaseOutcome& outcome : outcomes) {
      if (!Names(outcome.requirements, line.requirement) ||
          !LineMatches(line, outcome.name) ||
          VerdictFor(outcome, line.requirement) != Verdict::kPass) {
        continue;
      }
      problems.push_back(where + "unexpected pass: " + outcome.name +
                         " satisfies " + line.requirement + ", but \"" +
                         std::string(harness::ToString(line.verdict)) +
                         "\" was predicted");
    }
  }
  return problems;
}

const Deviation* Deviations::WithReproducer(const RegisteredCase& which) const {
  const Deviation* worst = nullptr;
  for (const Deviation& line : lines_) {
    if (!line.reproducer.empty() && LineMatches(line, which.name) &&
        Names(which.requirements, line.requirement) &&
        (worst == nullptr || line.verdict > worst->verdict)) {
      worst = &line;
    }
  }
  return worst;
}

}  // namespace cpgcert::conformance
