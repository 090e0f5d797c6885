// The traces beside a certificate, each named by the SHA-256 of its file.

#ifndef CPGCERT_CLI_TRACE_FOLDER_H_
#define CPGCERT_CLI_TRACE_FOLDER_H_

#include <set>
#include <string>
#include <string_view>

namespace cpgcert::cli {

class TraceFolder {
 public:
  // `folder` is the certificate's; nothing is made yet.
  explicit TraceFolder(std::string folder) : folder_(std::move(folder)) {}

  // Writes a packed trace (reports::Pack) and returns its name; "" for an empty
  // one, or if it cannot be written: see error().
  std::string Put(std::string_view packed);
  // Removes the traces that were there before and have not been put again.
  void RemoveOthers() const;

  // Reads the trace of that name. Returns "" or one line: it is not there, is
  // not what its name says, cannot be unpacked.
  std::string Get(const std::string& name, std::string* text) const;

  // "" or one line, of the first that could not be written.
  const std::string& error() const { return error_; }

 private:
  std::string folder_;
  std::string error_{};
  std::set<std::string> names_{};
};

}  // namespace cpgcert::cli

#endif  // CPGCERT_CLI_TRACE_FOLDER_H_
