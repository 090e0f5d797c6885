// The list of root causes, for people and for programs.

#ifndef CPGCERT_FUZZ_FINDINGS_REPORT_H_
#define CPGCERT_FUZZ_FINDINGS_REPORT_H_

#include <string>

#include "fuzz/findings/campaign.h"

namespace cpgcert::fuzz {

// "deliver-message-size-beyond": of a root cause, for its files.
std::string FileNameOf(const RootCause& cause);

// The events with their fields, and the relation that the guilty one breaks.
std::string AnnotatedInput(const RootCause& cause);

std::string ReportText(const CampaignResult& result,
                       const std::string& library);
std::string ReportJson(const CampaignResult& result,
                       const std::string& library);

// Writes into the folder, which is made if it is not there:
//   findings.txt, findings.json  both reports
//   regressions/NAME             the minimised input, for event_decoder
//   reproducers/NAME.cc          reproducer.h
// Returns "" or, in one line, what could not be written.
std::string WriteReport(const CampaignResult& result,
                        const std::string& library, const std::string& folder);

}  // namespace cpgcert::fuzz

#endif  // CPGCERT_FUZZ_FINDINGS_REPORT_H_
