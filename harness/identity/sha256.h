// SHA-256, as 64 lower-case hexadecimal digits.

#ifndef CPGCERT_HARNESS_IDENTITY_SHA256_H_
#define CPGCERT_HARNESS_IDENTITY_SHA256_H_

#include <string>
#include <string_view>

namespace cpgcert::harness {

std::string Sha256(std::string_view bytes);

// Of the whole file, wherever its offset is; "" if it cannot be read to its
// end.
std::string Sha256OfFile(int file);

}  // namespace cpgcert::harness

#endif  // CPGCERT_HARNESS_IDENTITY_SHA256_H_
