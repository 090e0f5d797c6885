#include "cli/certificate_command.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>

#include "cli/options.h"
#include "reports/write_out.h"

namespace cpgcert::cli {

std::optional<int> ParseArguments(CLI::App* app,
                                  const std::vector<std::string>& arguments) {
  try {
    // CLI11 takes them from the back.
    app->parse(std::vector<std::string>(arguments.rbegin(), arguments.rend()));
  } catch (const CLI::CallForHelp&) {
    std::fputs(app->help().c_str(), stdout);
    return 0;
  } catch (const CLI::ParseError& error) {
    std::string line = error.what();
    std::ranges::replace(line, '\n', ' ');
    return CouldNot(line + "; see " + app->get_name() + " --help");
  }
  return std::nullopt;
}

std::string FolderOf(const std::string& path) {
  return std::filesystem::is_directory(path)
             ? path
             : std::filesystem::path(path).parent_path().string();
}

int CouldNot(const std::string& line) {
  std::fprintf(stderr, "certify: %s\n", line.c_str());
  return kCouldNotJudge;
}

std::string Put(const std::string& text, const std::string& file,
                const std::string& page) {
  if (std::fputs(text.c_str(), stdout) == EOF || std::fflush(stdout) != 0) {
    return std::string("cannot write to standard output: ") +
           std::strerror(errno);
  }
  return file.empty() ? "" : reports::WriteFile(file, page);
}

}  // namespace cpgcert::cli
