#include "cli/wrap.h"

#include <sstream>

namespace cpgcert::cli {

std::string Wrap(std::string_view text, std::string_view first,
                 std::string_view next) {
  constexpr size_t kColumns = 80;
  std::string lines;
  std::string line(first);
  bool is_empty = true;
  std::istringstream words{std::string(text)};
  for (std::string word; words >> word;) {
    if (!is_empty && line.size() + 1 + word.size() > kColumns) {
      lines += line + "\n";
      line = next;
      is_empty = true;
    }
    line += (is_empty ? "" : " ") + word;
    is_empty = false;
  }
  return is_empty ? "" : lines + line + "\n";
}

}  // namespace cpgcert::cli
