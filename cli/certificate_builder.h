// From the runs of cases to the certificate: applies the known deviations and
// the rules of certification, and fills the plain values that reports writes.

#ifndef CPGCERT_CLI_CERTIFICATE_BUILDER_H_
#define CPGCERT_CLI_CERTIFICATE_BUILDER_H_

#include <string>
#include <vector>

#include "cli/options.h"
#include "conformance/case_runner.h"
#include "reports/certificate.h"

namespace cpgcert::cli {

struct Preparation;

class CertificateBuilder {
 public:
  // Both must outlive the builder. Notes the time as the begin of the run.
  CertificateBuilder(const Options& options, const Preparation& preparation);

  // Takes the run of a case, and returns how it will stand in the certificate.
  reports::Case Add(conformance::CaseRun run);

  // `complete`: every selected case has been added.
  reports::Certificate Build(bool complete, double duration_s);

 private:
  // A command line: certify with `option` and the case.
  std::string Command(const std::string& option,
                      const std::string& case_name) const;
  reports::Case CaseReport(const conformance::CaseRun& run) const;
  // If the case was one.
  static void AddCampaign(const conformance::CaseRun& run,
                          reports::Certificate* certificate);
  void AddFigures(reports::Certificate* certificate) const;

  const Options& options_;
  const Preparation& preparation_;
  std::string started_;
  std::vector<conformance::CaseRun> runs_;
};

}  // namespace cpgcert::cli

#endif  // CPGCERT_CLI_CERTIFICATE_BUILDER_H_
