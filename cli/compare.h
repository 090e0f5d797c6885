// `certify compare OLD NEW`: what got better and worse between two
// certificates. Runs nothing.

#ifndef CPGCERT_CLI_COMPARE_H_
#define CPGCERT_CLI_COMPARE_H_

#include <string>
#include <vector>

namespace cpgcert::cli {

// The command: `arguments` follow the word "compare". Prints, and returns the
// exit status: 0 nothing got worse, 1 something did, 2 could not compare.
int CompareCommand(const std::vector<std::string>& arguments);

}  // namespace cpgcert::cli

#endif  // CPGCERT_CLI_COMPARE_H_
