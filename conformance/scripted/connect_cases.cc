// A service that is absent, refuses, or dies while a client connects.

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <functional>

#include "conformance/scripted/scripted_scene.h"
#include "conformance/scripted/topics.h"
#include "conformance/support/support.h"
#include "conformance/support/watched_answer.h"

namespace cpgcert::conformance::scripted {

namespace {

using harness::Admission;
using harness::CpgApi;
using harness::ErrorName;

// What stands in the handle variable before the call.
constexpr cpg_handle_t kUntouched = 0x0123456789abcdef;

// The two ways to connect.
struct Opening {
  const char* name;      // of the case
  const char* function;  // "cpg_initialize"
  cs_error_t (*open)(const CpgApi& api, cpg_handle_t* handle);
};

constexpr std::array kOpenings = {
    Opening{"Initialize", "cpg_initialize",
            [](const CpgApi& api, cpg_handle_t* handle) {
              cpg_callbacks_t callbacks{};
              return api.initialize(handle, &callbacks);
            }},
    Opening{"ModelInitialize", "cpg_model_initialize",
            [](const CpgApi& api, cpg_handle_t* handle) {
              cpg_model_v1_data_t data{};
              data.model = CPG_MODEL_V1;
              return api.model_initialize(
                  handle, CPG_MODEL_V1,
                  reinterpret_cast<cpg_model_data_t*>(&data), nullptr);
            }}};

struct Refusal {
  const char* name;  // of the case
  const char* situation;
  harness::Script script{};
  std::vector<cs_error_t> owed{};  // empty: any error
};

std::vector<Refusal> Refusals() {
  const auto with_errno = [](int number) {
    return harness::Script{.admission = {.refuse_errno = number}};
  };
  return {
      {"Absent",
       "there is no service",
       {.listen = false},
       {CS_ERR_LIBRARY, CS_ERR_NOT_EXIST}},
      {"UserNotAdmitted",
       "the service admits another user only",
       {.admission = {.only_user = 4242}},
       {CS_ERR_ACCESS}},
      {"Refused",
       "the service refuses with EACCES",
       with_errno(EACCES),
       {CS_ERR_ACCESS}},
      {"NotReady",
       "the service is not ready, EAGAIN",
       with_errno(EAGAIN),
       {CS_ERR_TRY_AGAIN}},
      {"NoMemory", "the service refuses with ENOMEM", with_errno(ENOMEM)},
      {"NoDescriptors", "the service refuses with EMFILE", with_errno(EMFILE)},
      {"NotSupported", "the service refuses with ENOSYS", with_errno(ENOSYS)},
  };
}

// The value that a failed call has left is no handle.
void CheckUnusable(CaseContext& context, ScriptedScene& scene,
                   const Opening& opening, cpg_handle_t handle,
                   cs_error_t failed) {
  unsigned int node = 0;
  const cs_error_t used = scene.api().local_get(handle, &node);
  ExpectError(context, "INIT-07",
              fmt::format("cpg_local_get on what stands in the handle variable "
                          "after {} answered {}",
                          opening.function, ErrorName(failed)),
              used);
  const cs_error_t closed = scene.api().finalize(handle);
  ExpectError(context, "INIT-07",
              fmt::format("cpg_finalize on what stands in the handle variable "
                          "after {} answered {}",
                          opening.function, ErrorName(failed)),
              closed);
}

void ConnectIsRefused(CaseContext& context, const Opening& opening,
                      const Refusal& refusal) {
  ScriptedScene scene(context, refusal.script);
  cpg_handle_t handle = kUntouched;
  const cs_error_t came =
      harness::WithPatience([&] { return opening.open(scene.api(), &handle); });
  // An implementation that talks to something else shows itself here.
  if (!refusal.script.listen) {
    Need(scene.service().Listen());
  }
  Need(scene.service().Admit({}));
  scene.Connect();
  const std::string call =
      fmt::format("{}, while {}", opening.function, refusal.situation);
  if (came == CS_OK) {
    context.Fail("INIT-05", Report(call, "an error", "CS_OK"));
    return;
  }
  if (!refusal.owed.empty() &&
      std::ranges::find(refusal.owed, came) == refusal.owed.end()) {
    std::string owed;
    for (const cs_error_t code : refusal.owed) {
      owed += (owed.empty() ? "" : " or ") + ErrorName(code);
    }
    context.Fail("INIT-05", Report(call, owed, ErrorName(came)));
  }
  CheckUnusable(context, scene, opening, handle, came);
  ExpectOk(context, "INIT-07",
           "cpg_local_get on another connection, after the use of a handle "
           "that was never given",
           scene.Make(Call::kLocalGet)());
}

void ServiceDiesBeforeItAnswers(CaseContext& context, const Opening& opening) {
  ScriptedScene scene(context);
  scene.Connect();
  Need(scene.service().Stop());
  const CpgApi functions = scene.api();
  WatchedAnswer answer([opening, functions] {
    cpg_handle_t handle = kUntouched;
    return harness::WithPatience(
        [&] { return opening.open(functions, &handle); });
  });
  const std::string call = fmt::format(
      "{}, while the service is stopped and then dies", opening.function);
  if (answer.Settle().kind == harness::CallState::Kind::kReturned) {
    ExpectError(context, "INIT-05", call, answer.answer());
    return;
  }
  Need(scene.service().Kill());
  if (!answer.WaitReturned()) {
    context.Fail("INIT-05", Report(call, "an error", answer.Came()));
    return;
  }
  ExpectError(context, "INIT-05", call, answer.answer());
}

// Whatever number a refusal carries, no error comes of it that means something
// else than that the connection was not made.
void EveryErrno(CaseContext& context) {
  constexpr int kErrnoMax = 133;
  constexpr std::array kForeign = {CS_ERR_QUEUE_FULL, CS_ERR_SECURITY,
                                   CS_ERR_VERSION, CS_ERR_INIT};
  ScriptedScene scene(context);
  scene.Connect();
  for (int number = 1; number <= kErrnoMax; ++number) {
    Need(scene.service().Admit({.refuse_errno = number}));
    cpg_handle_t handle = kUntouched;
    const cs_error_t came = harness::WithPatience(
        [&] { return kOpenings[0].open(scene.api(), &handle); });
    const std::string call = fmt::format(
        "cpg_initialize, which the service refuses with errno {}", number);
    if (came == CS_OK) {
      context.Fail("INIT-05", Report(call, "an error", "CS_OK"));
    }
    if (std::ranges::find(kForeign, came) != kForeign.end()) {
      context.Fail("ERR-05", Report(call,
                                    "an error that the service or the "
                                    "page knows",
                                    ErrorName(came)));
    }
  }
}

}  // namespace

void RegisterConnectCases() {
  for (const Opening& opening : kOpenings) {
    for (const Refusal& refusal : Refusals()) {
      RegisterCase(
          {.name = Scripted("INIT-05") + opening.name + "/" + refusal.name,
           .requirements = {"INIT-05", "INIT-07"},
           .profile = "faults",
           .needs_capability = true},
          [opening, refusal](CaseContext& context) {
            ConnectIsRefused(context, opening, refusal);
          });
    }
    RegisterCase(
        {.name = Scripted("INIT-05") + opening.name + "/DiesBeforeItAnswers",
         .requirements = {"INIT-05"},
         .profile = "faults",
         .needs_capability = true},
        [opening](CaseContext& context) {
          ServiceDiesBeforeItAnswers(context, opening);
        });
  }
  RegisterCase({.name = Scripted("ERR-05") + "RefusedWithEveryErrno",
                .requirements = {"ERR-05", "INIT-05"},
                .profile = "faults",
                .needs_capability = true},
               EveryErrno);
}

}  // namespace cpgcert::conformance::scripted
