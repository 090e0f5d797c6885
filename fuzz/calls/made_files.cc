#include "fuzz/calls/made_files.h"

#include <unistd.h>

#include <cstdlib>
#include <utility>

namespace cpgcert::fuzz {

namespace {

std::vector<std::string>& Made() {
  static auto& made = *new std::vector<std::string>;
  return made;
}

}  // namespace

std::vector<std::string> TakeMadeFiles() {
  std::vector<std::string> left;
  for (std::string& path : std::exchange(Made(), {})) {
    if (unlink(path.c_str()) == 0) left.push_back(std::move(path));
  }
  return left;
}

}  // namespace cpgcert::fuzz

extern "C" int mkstemp(char* path) {
  const int file = mkostemp(path, 0);
  if (file >= 0) cpgcert::fuzz::Made().emplace_back(path);
  return file;
}
