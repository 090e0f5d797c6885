#include "cli/options.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <map>

namespace cpgcert::cli {

namespace {

using conformance::Tier;

const std::map<std::string, Tier> kTiers = {{"documented", Tier::kDocumented},
                                            {"header", Tier::kHeader},
                                            {"observed", Tier::kObserved}};

// From the name of a tier to the number that stands for it; or what is wrong.
std::string ToTier(std::string& text) {
  const auto found = kTiers.find(text);
  if (found == kTiers.end()) {
    return "'" + text + "' is no tier; there are documented, header, observed";
  }
  text = std::to_string(static_cast<int>(found->second));
  return "";
}

// CLI11 itself would take -1 for a very large number.
std::string CheckSeed(std::string& text) {
  constexpr size_t kDigitsMax = 19;
  const bool good = !text.empty() && text.size() <= kDigitsMax &&
                    text.find_first_not_of("0123456789") == std::string::npos;
  return good ? "" : "'" + text + "' is no whole number of at most 19 digits";
}

std::string CheckNotEmpty(std::string& text) {
  return text.empty() ? "the name of a case is missing" : "";
}

void Declare(CLI::App* app, Options* options) {
  app->add_option("--libcpg", options->libcpg,
                  "the shared object to judge (default: this machine's "
                  "libcpg.so.4)")
      ->type_name("FILE");
  app->add_option("--service", options->service,
                  "what stands behind it: corosync (the default), scripted (a "
                  "simple one of one node), running (what serves this "
                  "machine, undisturbed), exec:COMMAND (a program; see "
                  "CONTRIBUTING.md)")
      ->type_name("KIND");
  app->add_option("--profile", options->profiles,
                  "judge only these: api, faults, wire (default: all)")
      ->delimiter(',')
      ->type_name("NAME[,NAME]");
  app->add_option("--tier", options->tier,
                  "how far down the sources to go: documented, header (and "
                  "documented), observed (all; the default)")
      ->transform(CLI::Validator(ToTier, ""))
      ->type_name("TIER");
  app->add_option("--only", options->only,
                  "only cases whose name matches, e.g. 'DISPATCH-05/*'")
      ->type_name("GLOB");
  app->add_flag("--list", options->list,
                "print the cases, one a line: name, requirements, profile");
  app->add_flag("--list-exclusions", options->list_exclusions,
                "print what is left out of the matrix, and why");
  app->add_flag("--list-requirements", options->list_requirements,
                "print what is owed: each requirement, its source, and how "
                "many of the cases asked for decide it");
  app->add_option("--reproducer", options->reproducer,
                  "print a short C program, of libcpg alone, that shows the "
                  "known defect which the case meets")
      ->check(CLI::Validator(CheckNotEmpty, ""))
      ->type_name("CASE");
  app->add_option("--jobs", options->jobs,
                  "cases at a time (default: two for each core, since a case "
                  "mostly waits)")
      ->check(CLI::Range(1, 1024).description(""))
      ->type_name("N");
  app->add_option("--seed", options->seed,
                  "for what is drawn by chance (default: 1)")
      ->check(CLI::Validator(CheckSeed, ""))
      ->type_name("N");
  app->add_option("--fuzz-time", options->fuzz_time,
                  "seconds for each fuzz target of the profile wire "
                  "(default: 30)")
      ->check(CLI::Range(3, 1'000'000).description(""))
      ->type_name("S");
  app->add_option("--deviations", options->deviations,
                  "known deviations (default: those of corosync 3.1.7 if "
                  "this machine's own library is judged against it; 'none' "
                  "for none)")
      ->type_name("FILE");
  app->add_option("--out", options->out,
                  "where certificate.json, certificate.html, junit.xml and "
                  "traces go (default: reports/out/<time>)")
      ->type_name("DIR");
  app->add_option("--implementation-name", options->implementation_name,
                  "the name on the certificate")
      ->type_name("TEXT");
  app->footer(
      "Commands that look at certificates: certify compare OLD NEW, certify "
      "matrix DIR..., certify verify DIR, certify trace DIR CASE; each has a "
      "--help.\n\nExit status: 0 "
      "certified for what was asked, 1 not certified, 2 could not judge.");
}

}  // namespace

ParsedOptions ParseOptions(int argc, const char* const* argv) {
  ParsedOptions parsed;
  CLI::App app("Certifies an implementation of corosync's libcpg.", "certify");
  Declare(&app, &parsed.options);
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    std::fputs(app.help().c_str(), stdout);
    return {parsed.options, true, kCertified};
  } catch (const CLI::ParseError& error) {
    std::string line = error.what();
    std::ranges::replace(line, '\n', ' ');
    std::fprintf(stderr, "certify: %s; see certify --help\n", line.c_str());
    return {parsed.options, true, kCouldNotJudge};
  }
  return parsed;
}

std::vector<Tier> TiersUpTo(Tier tier) {
  std::vector<Tier> tiers;
  for (const Tier each : {Tier::kDocumented, Tier::kHeader, Tier::kObserved}) {
    if (each <= tier) {
      tiers.push_back(each);
    }
  }
  return tiers;
}

}  // namespace cpgcert::cli
