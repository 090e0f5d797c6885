// The profile "wire": cases that are campaigns of the fuzz targets.

#ifndef CPGCERT_CLI_WIRE_SUITE_H_
#define CPGCERT_CLI_WIRE_SUITE_H_

#include <string>

#include "cli/options.h"
#include "reports/certificate.h"

namespace cpgcert::cli {

// Adds the cases. Of a decoder of the library there is one for each tier,
// WIRE-HOSTILE/EventDecoder and others, and each searches for a third of
// --fuzz-time; the others search for all of it. A case fails for the root
// causes that are of its own tier; a target that cannot reach what it is about
// decides nothing. The programs of the targets are looked for beside this one,
// as Bazel builds them.
void RegisterWireSuite(const Options& options);

// The name of the case that such a campaign was; "" if there is none.
std::string CampaignCaseName(const reports::Campaign& campaign);

// The requirement that a root cause of it breaks; "": it is of another tier,
// and of no account there.
std::string RequirementBroken(const reports::Campaign& campaign,
                              const reports::RootCause& cause);

// What such a case has attached, for the certificate. Returns "" or what is
// wrong with it, in one line.
std::string ReadCampaign(const std::string& attachment,
                         reports::Campaign* campaign);

}  // namespace cpgcert::cli

#endif  // CPGCERT_CLI_WIRE_SUITE_H_
