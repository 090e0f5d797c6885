// Certificates read back from where write_out wrote them.
#ifndef CPGCERT_REPORTS_READ_IN_H_
#define CPGCERT_REPORTS_READ_IN_H_

#include <string>

#include "reports/certificate.h"

namespace cpgcert::reports {

// Reads the file, or certificate.json in the directory, of this name. Returns
// "" or one line that names the file and says what is wrong with it: it is not
// there, is no ordinary file, is no JSON, lacks a key, is of another schema.
std::string ReadIn(const std::string& path, Certificate* certificate);

}  // namespace cpgcert::reports

#endif  // CPGCERT_REPORTS_READ_IN_H_
