// `certify trace`: what happened in a case, line by line.

#ifndef CPGCERT_CLI_TRACE_COMMAND_H_
#define CPGCERT_CLI_TRACE_COMMAND_H_

#include <string>
#include <string_view>
#include <vector>

namespace cpgcert::cli {

// The trace for a reader: a line for each event, with its thread and a sign.
std::string Readable(std::string_view trace);

// The command: `arguments` follow the word "trace". Prints, and returns the
// exit status: 0 printed, 2 there is nothing to print.
int TraceCommand(const std::vector<std::string>& arguments);

}  // namespace cpgcert::cli

#endif  // CPGCERT_CLI_TRACE_COMMAND_H_
