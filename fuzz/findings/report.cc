#include "fuzz/findings/report.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>
#include <cctype>
#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <vector>

#include "fuzz/findings/reproducer.h"

namespace cpgcert::fuzz {

namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

constexpr std::array<const char*, 3> kTiers = {"conformant", "consistent",
                                               "hostile"};

std::string DamagesOf(const RootCause& cause) {
  std::vector<std::string> names;
  for (const Damage damage : cause.damages) names.emplace_back(NameOf(damage));
  return fmt::format("{}", fmt::join(names, "; "));
}

std::string Indented(const std::string& text) {
  constexpr size_t kLineMax = 400;
  std::string indented;
  size_t begin = 0;
  while (begin < text.size()) {
    const size_t end = std::min(text.find('\n', begin), text.size());
    const std::string line = text.substr(begin, end - begin);
    indented += fmt::format("      {}{}\n", line.substr(0, kLineMax),
                            line.size() > kLineMax ? " ..." : "");
    begin = end + 1;
  }
  return indented;
}

// Printable, for JSON.
std::string Plain(const std::string& text) {
  std::string plain;
  for (const char byte : text) {
    const auto code = static_cast<unsigned char>(byte);
    plain += byte == '\n' || (code >= ' ' && code <= '~')
                 ? std::string(1, byte)
                 : fmt::format("\\x{:02x}", code);
  }
  return plain;
}

std::string TextOfCause(const RootCause& cause, size_t number) {
  const std::string name = FileNameOf(cause);
  return fmt::format(
      "{:3} {}\n"
      "    field: {}; service: {}; seen in: {}\n"
      "    damage: {}\n"
      "    reproduced: {} of {}{}\n"
      "    events:\n{}"
      "    owed:\n{}"
      "    came:\n{}"
      "    regressions/{}, reproducers/{}.cc\n\n",
      number, cause.Key(), cause.field,
      kTiers.at(static_cast<size_t>(cause.tier)), fmt::join(cause.kinds, ", "),
      DamagesOf(cause), cause.reproductions, cause.tries,
      cause.outcome.where.empty() ? ""
                                  : fmt::format(", in {}", cause.outcome.where),
      Indented(AnnotatedInput(cause)), Indented(cause.outcome.owed),
      Indented(cause.outcome.came), name, name);
}

Json JsonOfCause(const RootCause& cause) {
  std::vector<std::string> damages;
  for (const Damage damage : cause.damages)
    damages.emplace_back(NameOf(damage));
  return {{"key", cause.Key()},
          {"kinds", cause.kinds},
          {"field", cause.field},
          {"relation", cause.relation},
          {"tier", kTiers.at(static_cast<size_t>(cause.tier))},
          {"damages", damages},
          {"events", Plain(AnnotatedInput(cause))},
          {"owed", Plain(cause.outcome.owed)},
          {"came", Plain(cause.outcome.came)},
          {"where", cause.outcome.where},
          {"reproductions", cause.reproductions},
          {"tries", cause.tries},
          {"regression", "regressions/" + FileNameOf(cause)},
          {"reproducer", "reproducers/" + FileNameOf(cause) + ".cc"}};
}

bool Write(const fs::path& path, const std::string& text) {
  std::ofstream file(path, std::ios::binary);
  file << text << std::flush;
  return static_cast<bool>(file);
}

}  // namespace

std::string FileNameOf(const RootCause& cause) {
  std::string key = cause.Key();
  static const std::map<std::string, std::string> kWords = {
      {"<", "short"}, {">", "beyond"}, {"!=", "not"}};
  for (const auto& [sign, word] : kWords) {
    for (size_t at = key.find(sign); at != std::string::npos;
         at = key.find(sign, at)) {
      key.replace(at, sign.size(), word);
    }
  }
  std::string name;
  for (const char byte : key) {
    const auto code = static_cast<unsigned char>(byte);
    if (std::isalnum(code) != 0) {
      name += static_cast<char>(std::tolower(code));
    } else if (!name.empty() && name.back() != '_') {
      name += '_';
    }
  }
  return name;
}

std::string AnnotatedInput(const RootCause& cause) {
  std::string text = DescribeEventInput(RecordsOf(cause.input));
  return text + fmt::format("guilty: event {}, {}: {}\n", cause.event,
                            cause.field, cause.relation);
}

std::string ReportText(const CampaignResult& result,
                       const std::string& library) {
  std::string text = fmt::format(
      "{}: {} root causes; {} inputs run, {} not run for what is known, {} "
      "runs to minimise and to classify, {:.0f} s\n",
      library, result.causes.size(), result.inputs, result.hidden,
      result.runs_alone, result.seconds);
  for (const auto& [damage, count] : result.not_reproduced) {
    text +=
        fmt::format("{} only after other inputs: {}\n", count, NameOf(damage));
  }
  text += "\n";
  for (size_t i = 0; i < result.causes.size(); ++i) {
    text += TextOfCause(result.causes[i], i + 1);
  }
  text += "shadows:\n";
  for (const Shadow& shadow : result.shadows) {
    text += fmt::format("    {}\n", shadow.Describe());
  }
  return text;
}

std::string ReportJson(const CampaignResult& result,
                       const std::string& library) {
  Json causes = Json::array();
  for (const RootCause& cause : result.causes) {
    causes.push_back(JsonOfCause(cause));
  }
  std::vector<std::string> shadows;
  shadows.reserve(result.shadows.size());
  for (const Shadow& shadow : result.shadows) {
    shadows.push_back(shadow.Describe());
  }
  Json not_reproduced = Json::object();
  for (const auto& [damage, count] : result.not_reproduced) {
    not_reproduced[NameOf(damage)] = count;
  }
  const Json report = {
      {"library", library},        {"inputs", result.inputs},
      {"hidden", result.hidden},   {"not_reproduced", not_reproduced},
      {"seconds", result.seconds}, {"root_causes", causes},
      {"shadows", shadows}};
  return report.dump(2) + "\n";
}

std::string WriteReport(const CampaignResult& result,
                        const std::string& library, const std::string& folder) {
  const fs::path root = folder;
  std::error_code error;
  fs::create_directories(root / "regressions", error);
  fs::create_directories(root / "reproducers", error);
  std::vector<std::pair<fs::path, std::string>> files = {
      {root / "findings.txt", ReportText(result, library)},
      {root / "findings.json", ReportJson(result, library)}};
  for (const RootCause& cause : result.causes) {
    const std::string name = FileNameOf(cause);
    files.emplace_back(root / "regressions" / name, BuildSequence(cause.input));
    files.emplace_back(root / "reproducers" / (name + ".cc"),
                       ReproducerSource(cause));
  }
  for (const auto& [path, text] : files) {
    if (!Write(path, text)) {
      return fmt::format("cannot write {}", path.string());
    }
  }
  return "";
}

}  // namespace cpgcert::fuzz
