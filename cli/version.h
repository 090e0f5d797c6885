#ifndef CPGCERT_CLI_VERSION_H_
#define CPGCERT_CLI_VERSION_H_

namespace cpgcert::cli {

// Of the suite; it stands in every certificate.
inline constexpr char kVersion[] = "0.1.0";

}  // namespace cpgcert::cli

#endif  // CPGCERT_CLI_VERSION_H_
