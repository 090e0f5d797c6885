// Writes the dictionary of a fuzz target.
//
// usage: write_dictionary event_decoder|reply_decoder|request_decoder FILE
//
// Exit status: 0 written, 1 not.

#include <cstdio>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include "fuzz/mutation/dictionary.h"

int main(int argc, char** argv) {
  using cpgcert::fuzz::Word;
  const std::map<std::string, std::vector<Word> (*)()> words = {
      {"event_decoder", cpgcert::fuzz::EventWords},
      {"reply_decoder", cpgcert::fuzz::ReplyWords},
      {"request_decoder", cpgcert::fuzz::RequestWords},
  };
  if (argc != 3 || !words.contains(argv[1])) {
    std::fprintf(stderr, "usage: write_dictionary TARGET FILE\n");
    return 1;
  }
  std::ofstream file(argv[2], std::ios::binary);
  file << cpgcert::fuzz::DictionaryText(words.at(argv[1])()) << std::flush;
  if (!file) {
    std::fprintf(stderr, "cannot write %s\n", argv[2]);
    return 1;
  }
  return 0;
}
