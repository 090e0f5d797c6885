#include "reports/write_out.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include "reports/certificate.h"
#include "reports/html.h"
#include "reports/json.h"
#include "reports/junit.h"
#include "reports/text.h"

namespace cpgcert::reports {
namespace {

namespace fs = std::filesystem;

// 0 or the errno of the first write that failed.
int WriteAll(int descriptor, std::string_view content) {
  while (!content.empty()) {
    const ssize_t size = write(descriptor, content.data(), content.size());
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return errno;
    if (size == 0) return ENOSPC;
    content.remove_prefix(static_cast<std::size_t>(size));
  }
  return 0;
}

// 0 or an errno; on failure `file` is removed if this call made it.
int CreateFile(const std::string& file, std::string_view content) {
  unlink(file.c_str());  // left by a process of the same id that was killed
  const int descriptor =
      open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  if (descriptor < 0) return errno;
  int error = WriteAll(descriptor, content);
  // Some file systems only notice here that they are full.
  if (close(descriptor) != 0 && error == 0 && errno != EINTR) error = errno;
  if (error != 0) unlink(file.c_str());
  return error;
}

std::string CannotWrite(const std::string& file, const std::string& why) {
  return Visible("cannot write " + file + ": " + why, Lines::kOne);
}

// Returns "" or one line.
std::string MakeDirectory(const std::string& directory) {
  if (directory.empty()) {
    return "cannot write the reports: no directory was given";
  }
  std::error_code error;
  fs::create_directories(directory, error);
  return error ? CannotWrite(directory, error.message()) : "";
}

}  // namespace

std::string WriteFile(const std::string& file, std::string_view content) {
  const fs::path path(file);
  const std::string temporary =
      (path.parent_path() / ("." + path.filename().string() + "." +
                             std::to_string(getpid()) + ".tmp"))
          .string();
  int error = CreateFile(temporary, content);
  if (error == 0 && rename(temporary.c_str(), file.c_str()) != 0) {
    error = errno;
    unlink(temporary.c_str());
  }
  return error == 0 ? "" : CannotWrite(file, std::strerror(error));
}

std::string CheckWritable(const std::string& directory) {
  std::string failure = MakeDirectory(directory);
  if (failure.empty()) {
    const std::string file =
        (fs::path(directory) /
         (".cpgcert-" + std::to_string(getpid()) + ".writable"))
            .string();
    failure = WriteFile(file, "?");
    unlink(file.c_str());
  }
  return failure;
}

Written WriteOut(const Certificate& certificate, const std::string& directory) {
  Written written;
  written.error = MakeDirectory(directory);
  if (!written.error.empty()) {
    return written;
  }
  const std::pair<const char*, std::string (*)(const Certificate&)> reports[] =
      {{"certificate.json", &ToJson},
       {"certificate.html", &ToHtml},
       {"junit.xml", &ToJunit}};
  for (const auto& [name, render] : reports) {
    const std::string file = (fs::path(directory) / name).string();
    const std::string failure = WriteFile(file, render(certificate));
    if (failure.empty()) {
      written.files.push_back(file);
    } else if (written.error.empty()) {
      written.error = failure;
    }
  }
  return written;
}

}  // namespace cpgcert::reports
