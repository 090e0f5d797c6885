// What the commands that read certificates have in common.

#ifndef CPGCERT_CLI_CERTIFICATE_COMMAND_H_
#define CPGCERT_CLI_CERTIFICATE_COMMAND_H_

#include <CLI/CLI.hpp>
#include <optional>
#include <string>
#include <vector>

namespace cpgcert::cli {

// Parses the arguments. Returns the exit status if all is done: --help was
// answered, or one line about bad usage went to stderr.
std::optional<int> ParseArguments(CLI::App* app,
                                  const std::vector<std::string>& arguments);

// The folder of a certificate that is named by its file or by its folder.
std::string FolderOf(const std::string& path);

// One line on stderr; returns kCouldNotJudge.
int CouldNot(const std::string& line);

// To standard output, as all that was asked for, and then `page` to a file if
// it has a name. Returns "" or one line.
std::string Put(const std::string& text, const std::string& file,
                const std::string& page);

}  // namespace cpgcert::cli

#endif  // CPGCERT_CLI_CERTIFICATE_COMMAND_H_
