// A program that shows a known defect without this project: the text of
// --reproducer.

#ifndef CPGCERT_CLI_REPRODUCER_H_
#define CPGCERT_CLI_REPRODUCER_H_

#include <string>

#include "cli/options.h"
#include "conformance/deviations.h"

namespace cpgcert::cli {

// The program that the known deviations name for the case --reproducer, which
// may be a glob, under a comment: what is owed and by which source, what the
// implementation does, and how to build it. `deviations` is what the command
// line asks for. Returns "" or, for exit status 2, one line: no case matches,
// none that does has a program, or they have several.
std::string PrintReproducer(const Options& options,
                            const conformance::Deviations& deviations,
                            std::string* text);

}  // namespace cpgcert::cli

#endif  // CPGCERT_CLI_REPRODUCER_H_
