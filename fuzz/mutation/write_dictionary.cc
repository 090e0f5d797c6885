// Writes the dictionary of event_decoder.
//
// usage: write_dictionary FILE
//
// Exit status: 0 written, 1 not.

#include <cstdio>
#include <fstream>

#include "fuzz/mutation/dictionary.h"

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: write_dictionary FILE\n");
    return 1;
  }
  std::ofstream file(argv[1], std::ios::binary);
  file << cpgcert::fuzz::DictionaryText(cpgcert::fuzz::EventWords())
       << std::flush;
  if (!file) {
    std::fprintf(stderr, "cannot write %s\n", argv[1]);
    return 1;
  }
  return 0;
}
