// What is owed, for people to read: the text of --list-requirements.

#ifndef CPGCERT_CLI_REQUIREMENT_LIST_H_
#define CPGCERT_CLI_REQUIREMENT_LIST_H_

#include <string>

#include "cli/options.h"

namespace cpgcert::cli {

// A block for each requirement that --profile, --tier and --only ask for (with
// --only: those that the selected cases decide), in the order of the table,
// with the number of selected cases that decide it; then, unless --only narrows
// the list, what was struck from the table and why; then one line of counts.
// Returns "" or, for exit status 2, one line.
std::string ListRequirements(const Options& options, std::string* text);

}  // namespace cpgcert::cli

#endif  // CPGCERT_CLI_REQUIREMENT_LIST_H_
