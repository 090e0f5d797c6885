// The list of root causes, for people and for programs.

#ifndef CPGCERT_FUZZ_CAMPAIGN_REPORT_H_
#define CPGCERT_FUZZ_CAMPAIGN_REPORT_H_

#include <string>

#include "fuzz/campaign/finding.h"

namespace cpgcert::fuzz {

std::string ReportText(const CampaignReport& report);

// Keys: "target", "library", "transport", "tier" (null: all), "seed",
// "seconds", "inputs", "hidden", "not_reproduced" {damage: count} and
// "findings", each with "key", "name", "tier", "field", "relation", "damages",
// "owed", "came", "where", "annotated", "reproductions", "tries" and
// "input_hex". ASCII only.
std::string ReportJson(const CampaignReport& report);

// Writes into the folder, which is made if it is not there:
//   findings.txt, findings.json  both reports
//   regressions/NAME             the minimised input, for the target
//   reproducers/NAME.cc          the program, where there is one
// Returns "" or, in one line, what could not be written.
std::string WriteReport(const CampaignReport& report,
                        const std::string& folder);

}  // namespace cpgcert::fuzz

#endif  // CPGCERT_FUZZ_CAMPAIGN_REPORT_H_
