// The trace of a case as a file beside the certificate: gzip, which zcat(1)
// reads, and which is named by the SHA-256 of what it holds.
#ifndef CPGCERT_REPORTS_TRACE_FILE_H_
#define CPGCERT_REPORTS_TRACE_FILE_H_

#include <cstddef>
#include <set>
#include <string>
#include <string_view>

namespace cpgcert::reports {

// The same bytes for the same text. Empty if there is no memory for it.
std::string Pack(std::string_view text);

// A file that says more than that is refused.
inline constexpr size_t kUnpackedMax = size_t{256} << 20;

// Returns "" or what is wrong with it.
std::string Unpack(std::string_view packed, std::string* text);

// Beside the certificate in `folder`; the name has 64 hexadecimal digits.
std::string TraceFile(const std::string& folder, const std::string& name);

// Removes the traces in `folder` that are not named in `kept`: those of a
// certificate that stood there before. Files that are no traces stay.
void RemoveOtherTraces(const std::string& folder,
                       const std::set<std::string>& kept);

}  // namespace cpgcert::reports

#endif  // CPGCERT_REPORTS_TRACE_FILE_H_
