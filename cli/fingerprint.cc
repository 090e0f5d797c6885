#include "cli/fingerprint.h"

#include <fmt/core.h>

#include "cli/version.h"
#include "conformance/case.h"
#include "conformance/requirements/requirements.h"
#include "harness/identity/sha256.h"

namespace cpgcert::cli {

std::string SuiteFingerprint() {
  // Traces of another form cannot be judged again by this suite.
  constexpr const char* kTraces = "traces 1";
  std::string text = fmt::format("{} {}", kVersion, kTraces);
  for (const auto& row : conformance::Requirements()) {
    text += fmt::format("\n{} {} {} {} {}", row.id, ToString(row.tier),
                        row.profile, row.optional, row.sentence);
  }
  for (const conformance::CaseInfo& info : conformance::AllCases()) {
    text += "\n" + info.name;
    for (const std::string& id : info.requirements) text += " " + id;
  }
  return harness::Sha256(text);
}

}  // namespace cpgcert::cli
