// `certify matrix DIR...`: certificates of several implementations side by
// side. Runs nothing.

#ifndef CPGCERT_CLI_MATRIX_H_
#define CPGCERT_CLI_MATRIX_H_

#include <string>
#include <vector>

namespace cpgcert::cli {

// The command: `arguments` follow the word "matrix". Prints, writes a page, and
// returns the exit status: 0, or 2 if it could not.
int MatrixCommand(const std::vector<std::string>& arguments);

}  // namespace cpgcert::cli

#endif  // CPGCERT_CLI_MATRIX_H_
