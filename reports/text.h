// Text from outside (messages of an implementation, names on a command line)
// made fit to be shown: valid UTF-8, nothing invisible, no longer than the
// line.
#ifndef CPGCERT_REPORTS_TEXT_H_
#define CPGCERT_REPORTS_TEXT_H_

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace cpgcert::reports {

enum class Lines {
  kKeep,  // newlines and tabs stay
  kOne,   // they are shown as \n and \t
};

// `text` with every ill-formed byte replaced by U+FFFD, and every character
// that steers a terminal or cannot stand in XML 1.0 (controls, directional
// marks, noncharacters) shown as \xHH or \uHHHH.
std::string Visible(std::string_view text, Lines lines);

// Terminal columns of visible text, taking one for each code point.
std::size_t Columns(std::string_view visible);

// The text itself if it fits, else its beginning and "…", `columns` in all.
std::string Shorten(std::string_view visible, std::size_t columns);

// Without the newlines. A newline at the end starts no further line; the empty
// text has no lines.
std::vector<std::string> SplitLines(std::string_view text);

// Empty if there is none.
std::string FirstLine(std::string_view text);

// "1 case", "2 cases"; for words that take an s.
std::string Plural(std::size_t count, std::string_view word);

// "a, b, c".
std::string Join(const std::vector<std::string>& parts,
                 std::string_view separator);

}  // namespace cpgcert::reports

#endif  // CPGCERT_REPORTS_TEXT_H_
