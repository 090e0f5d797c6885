// Prose in lines for a terminal or a comment.

#ifndef CPGCERT_CLI_WRAP_H_
#define CPGCERT_CLI_WRAP_H_

#include <string>
#include <string_view>

namespace cpgcert::cli {

// The words of `text` in lines of at most 80 columns: the first begins with
// `first`, the others with `next`. A word that is longer has a line of its own.
// Ends with a newline; "" for a text without words.
std::string Wrap(std::string_view text, std::string_view first,
                 std::string_view next);

}  // namespace cpgcert::cli

#endif  // CPGCERT_CLI_WRAP_H_
