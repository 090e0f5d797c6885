#include "reports/read_in.h"

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <system_error>
#include <utility>

#include "reports/certificate.h"
#include "reports/json.h"
#include "reports/text.h"

namespace cpgcert::reports {

std::string ReadIn(const std::string& path, Certificate* certificate) {
  namespace fs = std::filesystem;
  std::error_code error;
  const bool is_directory = fs::is_directory(path, error);
  const std::string name =
      is_directory ? (fs::path(path) / "certificate.json").string() : path;
  const std::string shown = Visible(name, Lines::kOne);
  const fs::file_status status = fs::status(name, error);
  if (!fs::exists(status)) {
    return "cannot read " + shown + ": " +
           (error ? error.message() : "no such file");
  }
  if (!fs::is_regular_file(status)) {
    return "cannot read " + shown + ": it is no ordinary file";
  }
  std::ifstream file(name, std::ios::binary);
  if (!file) {
    return "cannot read " + shown + ": " + std::strerror(errno);
  }
  const std::string text(std::istreambuf_iterator<char>(file), {});
  if (file.bad()) {
    return "cannot read " + shown + ": " + std::strerror(errno);
  }
  std::string why;
  std::optional<Certificate> read = FromJson(text, &why);
  if (!read) {
    return shown + " is no certificate: " + why;
  }
  *certificate = *std::move(read);
  return "";
}

}  // namespace cpgcert::reports
