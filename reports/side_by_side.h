// Several implementations side by side: what each requirement says of each.
#ifndef CPGCERT_REPORTS_SIDE_BY_SIDE_H_
#define CPGCERT_REPORTS_SIDE_BY_SIDE_H_

#include <string>
#include <vector>

#include "reports/certificate.h"

namespace cpgcert::reports {

// A requirement and its verdicts, one for each certificate in their order:
// "pass", "fail, known deviation"; empty where the certificate has no such
// requirement.
struct SideBySideRow {
  std::string id{};
  std::string profile{};
  std::string tier{};
  std::string sentence{};  // of the first certificate that has it
  std::vector<std::string> verdicts{};
  bool differs = false;  // not all the same
};

struct SideBySide {
  std::vector<std::string> names{};  // of the implementations, no two the same
  std::vector<std::string> facts{};  // what makes them hard to compare
  // Profiles with their tiers, `sentence` empty: "certified", "not certified".
  std::vector<SideBySideRow> profiles{};
  std::vector<SideBySideRow> requirements{};
};

// Rows in the order of the first certificate, then what only others have.
SideBySide PutSideBySide(const std::vector<Certificate>& certificates);

// A table for a terminal or a log. Implementations are numbered.
std::string SideBySideText(const std::vector<Certificate>& certificates);

// A page of one file, without scripts.
std::string SideBySideHtml(const std::vector<Certificate>& certificates);

}  // namespace cpgcert::reports

#endif  // CPGCERT_REPORTS_SIDE_BY_SIDE_H_
