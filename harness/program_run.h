// Runs a program to its end.

#ifndef CPGCERT_HARNESS_PROGRAM_RUN_H_
#define CPGCERT_HARNESS_PROGRAM_RUN_H_

#include <string>
#include <vector>

namespace cpgcert::harness {

struct ProgramEnd {
  std::string error{};  // "" or, in one line, why it could not be started
  int status = 0;       // as waitpid(2) gives it
};

// `arguments` begin with the program's path. Its standard input is empty; what
// it prints goes to `output`, a file that is written anew. It is killed if the
// calling thread ends before it.
ProgramEnd RunProgram(const std::vector<std::string>& arguments,
                      const std::string& output);

// "exit status 3" or "killed by signal 11 (SIGSEGV)".
std::string DescribeStatus(int status);

}  // namespace cpgcert::harness

#endif  // CPGCERT_HARNESS_PROGRAM_RUN_H_
