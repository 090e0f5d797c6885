#include "fuzz/campaign/report.h"

#include <fmt/core.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "fuzz/support/trust.h"

namespace cpgcert::fuzz {

namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

// Lines of at most 400 characters, printable, six columns in.
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

std::string Printable(const std::string& text) {
  std::string plain;
  for (const char byte : text) {
    const auto code = static_cast<unsigned char>(byte);
    plain += byte == '\n' || (code >= ' ' && code <= '~')
                 ? std::string(1, byte)
                 : fmt::format("\\x{:02x}", code);
  }
  return plain;
}

std::string Hex(const std::string& bytes) {
  std::string hex;
  for (const char byte : bytes) {
    hex += fmt::format("{:02x}", static_cast<unsigned char>(byte));
  }
  return hex;
}

std::string TextOf(const Finding& finding, size_t number) {
  std::string text = fmt::format(
      "{:3} {}\n"
      "    field: {}; service: {}\n"
      "    damage: {}\n"
      "    reproduced: {} of {}{}\n"
      "    input:\n{}"
      "    owed:\n{}"
      "    came:\n{}"
      "    regressions/{}",
      number, finding.key, finding.field, NameOf(finding.tier),
      fmt::join(finding.damages, "; "), finding.reproductions, finding.tries,
      finding.where.empty() ? "" : fmt::format(", in {}", finding.where),
      Indented(Printable(finding.annotated)), Indented(Printable(finding.owed)),
      Indented(Printable(finding.came)), finding.name);
  if (!finding.program.empty()) {
    text += fmt::format(", reproducers/{}.cc", finding.name);
  }
  return text + "\n\n";
}

Json JsonOf(const Finding& finding) {
  return {{"key", finding.key},
          {"name", finding.name},
          {"tier", NameOf(finding.tier)},
          {"field", finding.field},
          {"relation", finding.relation},
          {"damages", finding.damages},
          {"owed", Printable(finding.owed)},
          {"came", Printable(finding.came)},
          {"where", finding.where},
          {"annotated", Printable(finding.annotated)},
          {"reproductions", finding.reproductions},
          {"tries", finding.tries},
          {"input_hex", Hex(finding.input)}};
}

bool Write(const fs::path& path, const std::string& text) {
  std::ofstream file(path, std::ios::binary);
  file << text << std::flush;
  return static_cast<bool>(file);
}

}  // namespace

std::string ReportText(const CampaignReport& report) {
  std::string text = fmt::format(
      "{}, {} ({}): {} root causes; {} inputs run, {} not run for what is "
      "known, {:.0f} s\n",
      report.target, report.library, report.transport, report.findings.size(),
      report.inputs, report.hidden, report.seconds);
  for (const auto& [damage, count] : report.not_reproduced) {
    text += fmt::format("{} only after other inputs: {}\n", count, damage);
  }
  text += "\n";
  for (size_t i = 0; i < report.findings.size(); ++i) {
    text += TextOf(report.findings[i], i + 1);
  }
  return text;
}

std::string ReportJson(const CampaignReport& report) {
  Json findings = Json::array();
  for (const Finding& finding : report.findings) {
    findings.push_back(JsonOf(finding));
  }
  const Json json = {
      {"target", report.target},
      {"library", Printable(report.library)},
      {"transport", report.transport},
      {"tier", report.tier ? Json(NameOf(*report.tier)) : Json()},
      {"seed", report.seed},
      {"seconds", report.seconds},
      {"inputs", report.inputs},
      {"hidden", report.hidden},
      {"not_reproduced", report.not_reproduced},
      {"findings", std::move(findings)}};
  return json.dump(2, ' ', true, Json::error_handler_t::replace) + "\n";
}

std::string WriteReport(const CampaignReport& report,
                        const std::string& folder) {
  const fs::path root = folder;
  std::error_code error;
  fs::create_directories(root / "regressions", error);
  fs::create_directories(root / "reproducers", error);
  std::vector<std::pair<fs::path, std::string>> files = {
      {root / "findings.txt", ReportText(report)},
      {root / "findings.json", ReportJson(report)}};
  for (const Finding& finding : report.findings) {
    files.emplace_back(root / "regressions" / finding.name, finding.input);
    if (!finding.program.empty()) {
      files.emplace_back(root / "reproducers" / (finding.name + ".cc"),
                         finding.program);
    }
  }
  for (const auto& [path, text] : files) {
    if (!Write(path, text)) {
      return fmt::format("cannot write {}", path.string());
    }
  }
  return "";
}

}  // namespace cpgcert::fuzz
