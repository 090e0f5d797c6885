// The dispatch matrix as the reports show it.

#ifndef CPGCERT_CLI_DISPATCH_MATRIX_H_
#define CPGCERT_CLI_DISPATCH_MATRIX_H_

#include <map>
#include <string>

#include "reports/certificate.h"

namespace cpgcert::cli {

// The axes with what their values mean, and what is left out.
reports::Matrix DispatchMatrix();

// The cell that the case of this name stands for, axis to value; empty if it
// is no case of the matrix.
std::map<std::string, std::string> CellOf(const std::string& case_name);

}  // namespace cpgcert::cli

#endif  // CPGCERT_CLI_DISPATCH_MATRIX_H_
