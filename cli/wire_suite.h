// The profile "wire": cases that are campaigns of the fuzz targets, one for
// each target and tier of trust in the service.

#ifndef CPGCERT_CLI_WIRE_SUITE_H_
#define CPGCERT_CLI_WIRE_SUITE_H_

#include <string>

#include "cli/options.h"
#include "reports/certificate.h"

namespace cpgcert::cli {

// Adds the cases, WIRE-HOSTILE/EventDecoder and others. Each searches for a
// third of --fuzz-time, with --seed. It fails for the root causes whose inputs
// are of its own tier; a target that cannot reach the library decides nothing.
// The programs of the targets are looked for beside this one, as Bazel builds
// them.
void RegisterWireSuite(const Options& options);

// The name of the case that such a campaign was: "WIRE-HOSTILE/EventDecoder".
std::string CampaignCaseName(const reports::Campaign& campaign);

// What such a case has attached, for the certificate. Returns "" or what is
// wrong with it, in one line.
std::string ReadCampaign(const std::string& attachment,
                         reports::Campaign* campaign);

}  // namespace cpgcert::cli

#endif  // CPGCERT_CLI_WIRE_SUITE_H_
