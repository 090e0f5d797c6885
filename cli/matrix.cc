#include "cli/matrix.h"

#include <CLI/CLI.hpp>
#include <cstdio>

#include "cli/certificate_command.h"
#include "reports/certificate.h"
#include "reports/read_in.h"
#include "reports/side_by_side.h"

namespace cpgcert::cli {

int MatrixCommand(const std::vector<std::string>& arguments) {
  std::vector<std::string> paths;
  std::string page = "matrix.html";
  CLI::App app("Puts certificates of several implementations side by side.",
               "certify matrix");
  app.add_option("DIR", paths, "certificate.json files, or their folders")
      ->required()
      ->type_name("...");
  app.add_option("--html", page, "the page (default: matrix.html)")
      ->type_name("FILE");
  app.footer("Exit status: 0 the page is written, 2 it could not be.");
  if (const auto status = ParseArguments(&app, arguments)) {
    return *status;
  }
  std::vector<reports::Certificate> certificates;
  for (const std::string& path : paths) {
    const std::string error =
        reports::ReadIn(path, &certificates.emplace_back());
    if (!error.empty()) {
      return CouldNot(error);
    }
  }
  const std::string error = Put(reports::SideBySideText(certificates), page,
                                reports::SideBySideHtml(certificates));
  if (!error.empty()) {
    return CouldNot(error);
  }
  std::fprintf(stderr, "wrote %s\n", page.c_str());
  return 0;
}

}  // namespace cpgcert::cli
