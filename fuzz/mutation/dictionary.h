// A dictionary for libFuzzer (-dict=FILE), made from the drawing of the wire.

#ifndef CPGCERT_FUZZ_MUTATION_DICTIONARY_H_
#define CPGCERT_FUZZ_MUTATION_DICTIONARY_H_

#include <string>
#include <vector>

namespace cpgcert::fuzz {

// libFuzzer ignores what is longer, in bytes.
inline constexpr size_t kWordMax = 64;

struct Word {
  std::string name;
  std::string bytes;
};

// What the events, replies or requests have in them: their headers, the id and
// size of each, the values that a field may have, the numbers at which a
// decoder goes wrong, in 4 and in 8 bytes. No bytes twice.
std::vector<Word> EventWords();
std::vector<Word> ReplyWords();
std::vector<Word> RequestWords();

// One line for each: name="\x05\x00\x00\x00".
std::string DictionaryText(const std::vector<Word>& words);

}  // namespace cpgcert::fuzz

#endif  // CPGCERT_FUZZ_MUTATION_DICTIONARY_H_
