#include "reports/example.h"

#include <string>
#include <vector>

#include "reports/certificate.h"

namespace cpgcert::reports {
namespace {

Requirement ExampleRequirement(const std::string& id, const std::string& tier,
                               const std::string& verdict,
                               const std::vector<std::string>& cases) {
  Requirement requirement;
  requirement.id = id;
  requirement.tier = tier;
  requirement.function = "cpg_dispatch";
  requirement.sentence = "The sentence of " + id + ".";
  requirement.source = "cpg_dispatch(3)";
  requirement.profile = id[0] == 'A' ? "api" : "faults";
  requirement.verdict = verdict;
  requirement.cases = cases;
  return requirement;
}

Certificate Frame() {
  Certificate certificate;
  certificate.complete = true;
  certificate.implementation = {.name = "corosync 3.1.7",
                                .library = "/usr/lib/libcpg.so.4",
                                .sha256 = "00ff",
                                .build_id = "abcd",
                                .service = "corosync",
                                .service_version = "3.1.7"};
  certificate.suite = {.version = "0.1", .commit = "1234567"};
  certificate.host = {{"cpus", "2"}, {"kernel", "6.1"}};
  certificate.seed = 7;
  certificate.started = "2024-05-01T12:00:00Z";
  certificate.duration_s = 1.5;
  return certificate;
}

}  // namespace

Case ExampleCase(const std::string& name, const std::string& requirement,
                 const std::string& verdict) {
  Case result;
  result.name = name;
  result.requirements = {requirement};
  result.profile = requirement[0] == 'A' ? "api" : "faults";
  result.verdict = verdict;
  result.duration_ms = 250;
  if (verdict == "pass") return result;
  result.message = verdict + " of " + name + "\nexpected: 1\nactual:   2";
  result.reproduce = "./certify --only '" + name + "'";
  if (verdict == "fail") result.failures = {{requirement, "expected 1, was 2"}};
  return result;
}

Certificate ExampleCertificate() {
  Certificate certificate = Frame();
  certificate.deviations.file = "d.toml";
  certificate.cases = {ExampleCase("A-1/Pass", "A-1", "pass"),
                       ExampleCase("A-1/Fail", "A-1", "fail"),
                       ExampleCase("A-1/Crash", "A-1", "crash"),
                       ExampleCase("A-2/Known", "A-2", "fail"),
                       ExampleCase("A-3/Unsupported", "A-3", "unsupported"),
                       ExampleCase("B-1/Hang", "B-1", "hang"),
                       ExampleCase("B-1/Inconclusive", "B-1", "inconclusive"),
                       ExampleCase("B-1/Error", "B-1", "error"),
                       ExampleCase("B-1/Untested", "B-1", "untested")};
  certificate.cases[0].notes = {"took two calls"};
  certificate.cases[3].deviation = true;
  certificate.cases[3].deviation_reason = "returns 2";
  certificate.cases[3].reproducer = "./certify --reproducer 'A-2/Known'";
  certificate.requirements = {
      ExampleRequirement("A-1", "documented", "crash",
                         {"A-1/Pass", "A-1/Fail", "A-1/Crash"}),
      ExampleRequirement("A-2", "header", "fail", {"A-2/Known"}),
      ExampleRequirement("A-3", "observed", "unsupported", {"A-3/Unsupported"}),
      ExampleRequirement(
          "B-1", "documented", "error",
          {"B-1/Hang", "B-1/Inconclusive", "B-1/Error", "B-1/Untested"})};
  certificate.requirements[1].deviation = true;
  certificate.requirements[2].optional = true;
  certificate.profiles.resize(4);
  certificate.profiles[0] = {.name = "api", .tier = "documented"};
  certificate.profiles[0].pass = 1;
  certificate.profiles[0].fail = 1;
  certificate.profiles[0].crash = 1;
  certificate.profiles[1] = {
      .name = "api", .tier = "header", .certified = true, .deviation = 1};
  certificate.profiles[2] = {
      .name = "api", .tier = "observed", .certified = true, .unsupported = 1};
  certificate.profiles[3] = {.name = "faults",
                             .tier = "documented",
                             .hang = 1,
                             .inconclusive = 1,
                             .error = 1,
                             .untested = 1};
  return certificate;
}

Certificate GoodCertificate() {
  Certificate certificate = Frame();
  certificate.certified = true;
  certificate.cases = {ExampleCase("A-1/One", "A-1", "pass"),
                       ExampleCase("A-1/Two", "A-1", "pass")};
  certificate.requirements = {
      ExampleRequirement("A-1", "documented", "pass", {"A-1/One", "A-1/Two"})};
  certificate.profiles = {
      {.name = "api", .tier = "documented", .certified = true, .pass = 2}};
  return certificate;
}

}  // namespace cpgcert::reports
