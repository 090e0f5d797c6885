#include "reports/example.h"

#include <cstddef>
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

Certificate FullCertificate() {
  Certificate certificate = ExampleCertificate();
  certificate.matrix.axes = {
      {"type", {{"One", "CS_DISPATCH_ONE"}, {"All", "CS_DISPATCH_ALL"}}},
      {"handle", {{"Joined", "a member"}, {"Left", "no member any more"}}},
      {"pending", {{"Nothing", "nothing waits"}}},
      {"callbacks", {{"All", "for everything"}, {"None", "none"}}},
      {"disturbance", {{"Undisturbed", "nothing disturbs the call"}}}};
  certificate.matrix.left_out = {{"who has left gets nothing", 5}};
  const auto cell = [&](std::size_t index, const char* type,
                        const char* callbacks) {
    certificate.cases[index].cell = {{"type", type},
                                     {"handle", "Joined"},
                                     {"pending", "Nothing"},
                                     {"callbacks", callbacks},
                                     {"disturbance", "Undisturbed"}};
    certificate.cases[index].steps = {"cpg_initialize", "cpg_dispatch"};
  };
  cell(0, "One", "All");
  cell(1, "One", "None");
  cell(3, "All", "All");
  certificate.campaigns = {
      {.target = "event_decoder",
       .tier = "hostile",
       .seconds = 30,
       .inputs = 123456,
       .seed = 7,
       .causes = {{.key = "deliver: size > bytes",
                   .tier = "hostile",
                   .field = "deliver.size",
                   .relation = "size > bytes that follow",
                   .damages = {"wrong data", "crash"},
                   .owed = "an error",
                   .came = "SIGSEGV in cpg_dispatch",
                   .annotated = "00 04 id\n04 08 size: 9",
                   .reproduced = "10 of 10"}}},
      {.target = "reply_decoder", .seconds = 30, .inputs = 99, .seed = 7}};
  return certificate;
}

Certificate HostileCertificate(const std::string& text) {
  Certificate certificate = FullCertificate();
  certificate.implementation = {.name = text,
                                .library = text,
                                .sha256 = text,
                                .build_id = text,
                                .service = text,
                                .service_version = text};
  certificate.suite = {.version = text, .commit = text};
  certificate.host = {{text, text}};
  certificate.started = text;
  certificate.asked = {.profiles = {text}, .tier = text, .only = text};
  certificate.deviations = {.file = text, .problems = {text}};
  certificate.problems = {text};
  for (Profile& profile : certificate.profiles) profile.name += text;
  for (Requirement& requirement : certificate.requirements) {
    requirement.function = requirement.sentence = requirement.source = text;
    requirement.profile = text;
    for (std::string& name : requirement.cases) name += text;
  }
  for (Case& result : certificate.cases) {
    result.message = result.profile = result.reproduce = text;
    result.deviation_reason = result.reproducer = text;
    result.notes = result.steps = {text};
    result.name += text;
  }
  for (Axis& axis : certificate.matrix.axes) {
    for (AxisValue& value : axis.values) value.meaning = text;
  }
  certificate.matrix.left_out = {{text, 1}};
  for (Campaign& campaign : certificate.campaigns) {
    campaign.target = campaign.tier = text;
    for (RootCause& cause : campaign.causes) {
      cause.key = cause.tier = cause.field = cause.relation = text;
      cause.owed = cause.came = cause.annotated = cause.reproduced = text;
      cause.damages = {text};
    }
  }
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
