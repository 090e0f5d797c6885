// The reports as files.
#ifndef CPGCERT_REPORTS_WRITE_OUT_H_
#define CPGCERT_REPORTS_WRITE_OUT_H_

#include <string>
#include <string_view>
#include <vector>

#include "reports/certificate.h"

namespace cpgcert::reports {

// Replaces `file` by `content` in one step: readers see the old file or the
// whole new one, and nothing else is left behind. Returns "" or one line that
// names the file and the reason.
std::string WriteFile(const std::string& file, std::string_view content);

// Makes `directory` with its parents and tries to write into it. Returns "" or
// one line. Leaves nothing behind but the directory.
std::string CheckWritable(const std::string& directory);

struct Written {
  std::vector<std::string> files;  // those that are complete, as paths
  std::string error;               // "", or one line: the first that failed
};

// Writes certificate.json, certificate.html and junit.xml into `directory`,
// which is made with its parents if need be. Tries all three whatever happens.
Written WriteOut(const Certificate& certificate, const std::string& directory);

}  // namespace cpgcert::reports

#endif  // CPGCERT_REPORTS_WRITE_OUT_H_
