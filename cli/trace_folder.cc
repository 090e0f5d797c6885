#include "cli/trace_folder.h"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <system_error>

#include "harness/identity/sha256.h"
#include "reports/trace_file.h"
#include "reports/write_out.h"

namespace cpgcert::cli {

namespace {

namespace fs = std::filesystem;

// A name comes from a certificate, which may name any file in it.
bool IsName(std::string_view name) {
  return name.size() == 64 &&
         name.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

}  // namespace

std::string TraceFolder::Put(std::string_view packed) {
  if (packed.empty()) {
    return "";
  }
  const std::string name = harness::Sha256(packed);
  const std::string file = reports::TraceFile(folder_, name);
  std::error_code ignored;  // what follows says it
  fs::create_directories(fs::path(file).parent_path(), ignored);
  const std::string error = reports::WriteFile(file, packed);
  if (!error.empty()) {
    error_ = error_.empty() ? error : error_;
    return "";
  }
  names_.insert(name);
  return name;
}

void TraceFolder::RemoveOthers() const {
  reports::RemoveOtherTraces(folder_, names_);
}

std::string TraceFolder::Get(const std::string& name, std::string* text) const {
  if (!IsName(name)) {
    return "its trace is not named by a SHA-256: " + name;
  }
  const std::string file = reports::TraceFile(folder_, name);
  std::error_code ignored;  // such a file is none
  if (!fs::is_regular_file(file, ignored)) {
    return "its trace is not there: " + file;
  }
  if (fs::file_size(file, ignored) > reports::kUnpackedMax) {
    return "its trace is too long: " + file;
  }
  std::ifstream stream(file, std::ios::binary);
  if (!stream) {
    return "its trace cannot be read: " + file;
  }
  const std::string packed(std::istreambuf_iterator<char>(stream), {});
  if (harness::Sha256(packed) != name) {
    return "its trace is not what its name says: " + file;
  }
  const std::string error = reports::Unpack(packed, text);
  return error.empty() ? "" : "its trace: " + error;
}

}  // namespace cpgcert::cli
