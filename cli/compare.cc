#include "cli/compare.h"

#include <CLI/CLI.hpp>

#include "cli/certificate_command.h"
#include "reports/certificate.h"
#include "reports/compare.h"
#include "reports/read_in.h"

namespace cpgcert::cli {

int CompareCommand(const std::vector<std::string>& arguments) {
  std::string old_path;
  std::string new_path;
  std::string page;
  CLI::App app("Compares two certificates: what got better and worse.",
               "certify compare");
  app.add_option("OLD", old_path, "a certificate.json, or the folder it is in")
      ->required()
      ->type_name("");
  app.add_option("NEW", new_path, "another one of the same implementation")
      ->required()
      ->type_name("");
  app.add_option("--html", page, "write a page as well")->type_name("FILE");
  app.footer(
      "Exit status: 0 nothing got worse, 1 something did, 2 could not "
      "compare.");
  if (const auto status = ParseArguments(&app, arguments)) {
    return *status;
  }
  reports::Certificate before;
  reports::Certificate after;
  std::string error = reports::ReadIn(old_path, &before);
  if (error.empty()) {
    error = reports::ReadIn(new_path, &after);
  }
  if (!error.empty()) {
    return CouldNot(error);
  }
  const reports::Comparison comparison = reports::Compare(before, after);
  error = Put(
      reports::ComparisonText(before, after, comparison), page,
      page.empty() ? "" : reports::ComparisonHtml(before, after, comparison));
  if (!error.empty()) {
    return CouldNot(error);
  }
  return comparison.worse.empty() ? 0 : 1;
}

}  // namespace cpgcert::cli
