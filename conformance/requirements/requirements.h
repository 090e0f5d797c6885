// What libcpg owes its callers: one table, one testable sentence a row.
//
// The rows stand in one file per area beside this one.

#ifndef CPGCERT_CONFORMANCE_REQUIREMENTS_REQUIREMENTS_H_
#define CPGCERT_CONFORMANCE_REQUIREMENTS_REQUIREMENTS_H_

#include <string>
#include <string_view>
#include <vector>

#include "conformance/certification.h"

namespace cpgcert::conformance {

// An id never changes its meaning and is never used again.
struct Requirement {
  std::string_view id;
  Tier tier = Tier::kDocumented;
  std::string_view profile;   // "api", "faults" or "wire"
  std::string_view function;  // of libcpg, "" if it concerns several
  std::string_view sentence;
  std::string_view source;  // page and section, header, or observation
  // Where page, header and corosync contradict each other: how, and which
  // readings the sentence admits. "" where they agree.
  std::string_view readings = "";
  bool optional = false;  // an implementation may lack the capability
};

const std::vector<Requirement>& Requirements();

// The row, or null if there is no such id.
const Requirement* FindRequirement(std::string_view id);

// What one might expect in the table and will not find.
struct StruckRequirement {
  std::string_view id;
  std::string_view claim;
  std::string_view reason;
};
const std::vector<StruckRequirement>& StruckRequirements();

// The rows as certification wants them.
std::vector<RequirementRow> RequirementRows();

}  // namespace cpgcert::conformance

#endif  // CPGCERT_CONFORMANCE_REQUIREMENTS_REQUIREMENTS_H_
