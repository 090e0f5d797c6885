// Certificates as broad as those of real runs: a whole matrix, long names, some
// 2,500 cases.
#include <cstddef>
#include <initializer_list>
#include <string>
#include <vector>

#include "reports/certificate.h"
#include "reports/example.h"

namespace cpgcert::reports {
namespace {

constexpr char kDisturbance[] = "Undisturbed";

Axis AxisOf(const std::string& name,
            std::initializer_list<const char*> values) {
  Axis axis{.name = name};
  for (const char* value : values) {
    axis.values.push_back({value, std::string("what ") + value + " means"});
  }
  return axis;
}

Matrix BroadMatrix() {
  return {
      .axes = {AxisOf("type", {"One", "All", "Blocking", "OneNonblocking",
                               "Invalid0", "Invalid5", "InvalidMinus1"}),
               AxisOf("handle", {"Zero", "NeverIssued", "NotJoined", "Joined",
                                 "LeaveUnconfirmed", "Left", "Finalized",
                                 "FinalizedSlotReused", "FinalizedInCallback",
                                 "InsideCallback", "OtherConnectionHasEvents",
                                 "ServiceKilledBefore", "ServiceKilledDuring",
                                 "ServiceStopped", "ForkedChild"}),
               AxisOf("pending", {"NothingPending", "OneMessage",
                                  "MixtureOfFive", "MessageInFragments"}),
               AxisOf("callbacks",
                      {"AllCallbacks", "NoDeliver", "NoChange", "NoCallbacks",
                       "AllCallbacksAndTotem", "OnlyTotem"}),
               AxisOf("disturbance", {kDisturbance})},
      .left_out = {{"an invalid type looks at nothing", 34025}}};
}

void Deviate(const char* verdict, const char* reason, Case& result) {
  result.verdict = verdict;
  result.deviation = true;
  result.deviation_reason = reason;
  result.message = "requires what is owed\n  call: cpg_dispatch\n  owed: " +
                   std::string("CS_OK\n  came: ") + verdict;
  result.reproducer = "./certify --reproducer '" + result.name + "'";
}

// The verdict of one cell. What is defective has deviations and failures, more
// than a page shows at once; what is not lacks a function here and there.
void Judge(bool defective, Case& result) {
  const std::string& pending = result.cell["pending"];
  const std::string& handle = result.cell["handle"];
  if (defective && pending == "MessageInFragments" && handle == "Joined") {
    Deviate("crash", "It jumps to address 0 at the last fragment.", result);
  } else if (defective && pending == "MixtureOfFive" &&
             (handle == "Left" || handle == "Finalized")) {
    result.verdict = "fail";
    result.message = "owed: five callbacks\ncame: four";
    result.failures = {{result.requirements[0], "five callbacks, came four"}};
  } else if (!defective && handle == "ForkedChild" &&
             pending == "NothingPending") {
    result.verdict = "unsupported";
    result.message = "the library lacks it";
  }
}

Case CellCase(const std::string& requirement, const std::string& type,
              const std::string& handle, const std::string& pending,
              const std::string& callbacks) {
  Case result = ExampleCase(requirement + "/" + type + "/" + handle + "/" +
                                pending + "/" + callbacks + "/" + kDisturbance,
                            requirement, "pass");
  result.profile = "api";
  result.reproduce = "./certify --only '" + result.name + "'";
  result.steps = {"loads the library",
                  "cpg_initialize",
                  "cpg_join",
                  "cpg_dispatch(handle, " + type + ")",
                  "owed: returns CS_OK",
                  "came: returned CS_OK"};
  result.cell = {{"type", type},
                 {"handle", handle},
                 {"pending", pending},
                 {"callbacks", callbacks},
                 {"disturbance", kDisturbance}};
  return result;
}

// All cells of a type decide one requirement.
void AddType(std::size_t type, bool defective, Certificate& certificate) {
  const std::vector<Axis>& axes = certificate.matrix.axes;
  Requirement requirement{.id = "DISPATCH-0" + std::to_string(type),
                          .tier = type < 4 ? "documented" : "observed",
                          .function = "cpg_dispatch",
                          .sentence = "It does what its page says.",
                          .source = "cpg_dispatch(3), DESCRIPTION",
                          .profile = "api",
                          .verdict = "pass",
                          .cases = {}};
  for (const AxisValue& handle : axes[1].values) {
    for (const AxisValue& pending : axes[2].values) {
      for (const AxisValue& callbacks : axes[3].values) {
        Case result = CellCase(requirement.id, axes[0].values[type].name,
                               handle.name, pending.name, callbacks.name);
        Judge(defective, result);
        requirement.cases.push_back(result.name);
        certificate.cases.push_back(result);
      }
    }
  }
  if (defective) requirement.verdict = "fail";
  certificate.requirements.push_back(requirement);
}

// A requirement outside of the matrix, with one case.
void AddOther(std::size_t number, bool defective, Certificate& certificate) {
  static const char* const kTiers[] = {"documented", "header", "observed"};
  static const char* const kFunctions[] = {"cpg_join", "cpg_leave", "",
                                           "cpg_zcb_mcast_joined"};
  const std::string id = "OTHER-" + std::to_string(100 + number);
  Case result = ExampleCase(id + "/WhileItWaits/SameHandle", id, "pass");
  result.profile = "faults";
  Requirement requirement{.id = id,
                          .tier = kTiers[number % 3],
                          .function = kFunctions[number % 4],
                          .sentence = "After an error nothing has happened.",
                          .source = "cpg_overview(3)",
                          .profile = "faults",
                          .optional = number % 5 == 0,
                          .verdict = "pass",
                          .cases = {result.name}};
  if (number % (defective ? 3 : 30) == 1) {
    Deviate("fail", "It looks at a reply that never came.", result);
    requirement.verdict = "fail";
    requirement.deviation = true;
  }
  certificate.cases.push_back(result);
  certificate.requirements.push_back(requirement);
}

// What the verdicts of the cases and requirements add up to.
Profile Summed(const std::string& name, const std::string& tier,
               const Certificate& certificate) {
  Profile profile{.name = name, .tier = tier, .certified = true};
  for (const Requirement& requirement : certificate.requirements) {
    if (requirement.profile != name || requirement.tier != tier) continue;
    const bool passed = requirement.verdict == "pass";
    ++(passed ? profile.pass : profile.deviation);
    if (!passed && tier == "documented") profile.certified = false;
  }
  return profile;
}

}  // namespace

Certificate BroadCertificate(bool defective) {
  Certificate certificate = ExampleCertificate();
  certificate.requirements.clear();
  certificate.cases.clear();
  certificate.profiles.clear();
  certificate.matrix = BroadMatrix();
  for (std::size_t type = 0; type < 7; ++type) {
    AddType(type, defective, certificate);
  }
  for (std::size_t i = 0; i < 125; ++i) AddOther(i, defective, certificate);
  for (const char* profile : {"api", "faults"}) {
    for (const char* tier : {"documented", "header", "observed"}) {
      certificate.profiles.push_back(Summed(profile, tier, certificate));
    }
  }
  certificate.campaigns = FullCertificate().campaigns;
  for (Campaign& campaign : certificate.campaigns) {
    if (!defective) campaign.causes.clear();
    for (RootCause& cause : campaign.causes) {
      for (int i = 0; i < 300; ++i) cause.annotated += ", members[1].node 0";
    }
  }
  return certificate;
}

}  // namespace cpgcert::reports
