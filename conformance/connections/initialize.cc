// What cpg_initialize and cpg_model_initialize refuse, and what a failed call
// leaves: INIT-02, INIT-03, INIT-05, INIT-07.

#include <fmt/core.h>

#include <array>
#include <climits>
#include <string>
#include <vector>

#include "conformance/connections/raw_connection.h"
#include "conformance/connections/topics.h"
#include "conformance/support/support.h"
#include "harness/process_census.h"

namespace cpgcert::conformance::connections {

namespace {

using harness::CpgApi;
using harness::ErrorName;

// What the handle variable holds before a call that must not write it.
constexpr cpg_handle_t kUntouched = 0x1122334455667788;

const std::vector<std::string_view> kSymbols = {
    "cpg_initialize", "cpg_model_initialize", "cpg_finalize", "cpg_local_get"};

// The caller's model may be no value of the enumeration.
__attribute__((no_sanitize("enum"))) cs_error_t
ModelInitialize(const CpgApi& api, cpg_handle_t* handle, int model,
                cpg_model_v1_data_t* data) {
  return api.model_initialize(handle, static_cast<cpg_model_t>(model),
                              AsModelData(data), nullptr);
}

void RefusesModel(CaseContext& context, int model, bool with_data) {
  const CpgApi& api = context.Api(kSymbols);
  cpg_model_v1_data_t data = ModelData(Table::kRegistered);
  cpg_handle_t handle = kUntouched;
  const std::string call =
      fmt::format("cpg_model_initialize, model {}, {}", model,
                  with_data ? "model data of model 1" : "no model data");
  const cs_error_t came =
      ModelInitialize(api, &handle, model, with_data ? &data : nullptr);
  ExpectOneOf(context, "INIT-02", call, came, {CS_ERR_INVALID_PARAM});
  if (handle != kUntouched) {
    context.Fail("INIT-02", Report(call, "the handle variable as before",
                                   fmt::format("{:#x} instead of {:#x}", handle,
                                               kUntouched)));
  }
  if (came == CS_OK) {
    api.finalize(handle);
  }
}

// A handle that a failed call may have written: it must be good for nothing.
void MustBeUnusable(CaseContext& context, const CpgApi& api, const char* call,
                    cpg_handle_t handle) {
  unsigned int node_id = 0;
  ExpectOneOf(context, "INIT-07",
              fmt::format("cpg_local_get with what {}, which answered an "
                          "error, left in the handle variable",
                          call),
              api.local_get(handle, &node_id), {CS_ERR_BAD_HANDLE});
  ExpectOneOf(context, "INIT-07",
              fmt::format("cpg_finalize with what {}, which answered an error, "
                          "left in the handle variable",
                          call),
              api.finalize(handle), {CS_ERR_BAD_HANDLE});
}

// True if it was refused as it must be.
bool RefusesFlags(CaseContext& context, const CpgApi& api, unsigned int flags) {
  cpg_model_v1_data_t data = ModelData(Table::kRegistered);
  data.flags = flags;
  cpg_handle_t handle = kUntouched;
  const cs_error_t came = ModelInitialize(api, &handle, CPG_MODEL_V1, &data);
  const bool refused =
      ExpectOneOf(context, "INIT-03",
                  fmt::format("cpg_model_initialize, flags {:#x}", flags), came,
                  {CS_ERR_INVALID_PARAM});
  if (came == CS_OK) {
    api.finalize(handle);
  } else {
    MustBeUnusable(context, api, "cpg_model_initialize", handle);
  }
  return refused;
}

constexpr char kLeftConnections[] =
    "a connection of a refused call has no handle to finalize it with";

void RefusesEachUnknownFlag(CaseContext& context) {
  const CpgApi& api = context.Api(kSymbols);
  context.SkipCensus(kLeftConnections);
  for (unsigned int bit = 0; bit < 32; ++bit) {
    const unsigned int flag = 1U << bit;
    if (flag != CPG_MODEL_V1_DELIVER_INITIAL_TOTEM_CONF &&
        !RefusesFlags(context, api, flag)) {
      return;
    }
  }
}

void RefusesUnknownBesideKnownFlag(CaseContext& context) {
  const CpgApi& api = context.Api(kSymbols);
  context.SkipCensus(kLeftConnections);
  for (const unsigned int flags :
       {0x3U, 0x80000001U, 0xffffffffU, 0xfffffffeU, 0x101U, 0x10001U, 0x11U}) {
    if (!RefusesFlags(context, api, flags)) {
      return;
    }
  }
}

void AcceptsKnownFlag(CaseContext& context) {
  for (const unsigned int flags :
       {0U, unsigned{CPG_MODEL_V1_DELIVER_INITIAL_TOTEM_CONF}}) {
    const RawConnection connection(
        context, [flags](const CpgApi& api, cpg_handle_t* handle) {
          cpg_model_v1_data_t data = ModelData(Table::kRegistered);
          data.flags = flags;
          return ModelInitialize(api, handle, CPG_MODEL_V1, &data);
        });
    ExpectOk(context, "INIT-03",
             fmt::format("cpg_model_initialize, flags {:#x}", flags),
             connection.result());
  }
}

// A connection that is left behind holds descriptors and mappings.
void RefusedFlagsLeaveNothing(CaseContext& context) {
  constexpr int kCalls = 50;
  const CpgApi& api = context.Api(kSymbols);
  context.SkipCensus(kLeftConnections);
  if (!RefusesFlags(context, api, 0x2)) {
    return;
  }
  const harness::ProcessCensus before = harness::TakeProcessCensus();
  for (int i = 0; i < kCalls; ++i) {
    cpg_model_v1_data_t data = ModelData(Table::kRegistered);
    data.flags = 0x2;
    cpg_handle_t handle = kUntouched;
    (void)ModelInitialize(api, &handle, CPG_MODEL_V1, &data);
  }
  const harness::CensusGrowth growth =
      harness::Growth(before, harness::TakeProcessCensus());
  if (!growth.empty()) {
    context.Fail(
        "INIT-03",
        Report(fmt::format("cpg_model_initialize, flags 0x2, {} times", kCalls),
               "no connection is left behind",
               fmt::format("{} more descriptors, {} more shared mappings, {} "
                           "more threads",
                           growth.descriptors.size(),
                           growth.shared_mappings.size(), growth.threads)));
  }
}

// One call with a dead service, by either function.
void InitializeWithoutService(CaseContext& context, const CpgApi& api,
                              bool by_model) {
  cpg_handle_t handle = kUntouched;
  cpg_model_v1_data_t data = ModelData(Table::kRegistered);
  cpg_callbacks_t callbacks = PlainCallbacks(Table::kRegistered);
  const char* call = by_model ? "cpg_model_initialize" : "cpg_initialize";
  context.Step(fmt::format("{}, the service is dead", call));
  const cs_error_t came =
      by_model ? ModelInitialize(api, &handle, CPG_MODEL_V1, &data)
               : api.initialize(&handle, &callbacks);
  ExpectOneOf(
      context, "INIT-05", fmt::format("{}, the service is dead", call), came,
      {CS_ERR_LIBRARY, CS_ERR_NOT_EXIST, CS_ERR_TRY_AGAIN, CS_ERR_ACCESS});
  if (came != CS_OK) {
    MustBeUnusable(context, api, call, handle);
  }
}

// The first call of the process finds no service, and neither do later ones.
void ServiceWasKilledBefore(CaseContext& context) {
  constexpr int kCalls = 20;
  const CpgApi& api = context.Api(kSymbols);
  Need(context.service().Kill());
  for (int i = 0; i < kCalls; ++i) {
    InitializeWithoutService(context, api, i % 2 == 1);
  }
}

// The process has a connection whose service dies.
void ServiceWasKilledAfterAConnection(CaseContext& context) {
  auto client = Connect(context);
  Need(context.service().Kill());
  const CpgApi& api = context.Api(kSymbols);
  InitializeWithoutService(context, api, false);
  InitializeWithoutService(context, api, true);
}

struct UnknownModel {
  const char* name;
  int model;
};
constexpr auto kUnknownModels = std::to_array<UnknownModel>({
    {"Zero", 0},
    {"Two", 2},
    {"MinusOne", -1},
    {"Greatest", INT_MAX},
    {"Smallest", INT_MIN},
    {"OneAndHighBits", CPG_MODEL_V1 + 0x10000},
});

}  // namespace

void RegisterInitialize() {
  for (const UnknownModel& unknown : kUnknownModels) {
    for (const bool with_data : {true, false}) {
      RegisterCase(
          {.name = fmt::format("INIT-02/{}/{}", unknown.name,
                               with_data ? "WithModelData" : "NoModelData"),
           .requirements = {"INIT-02"},
           .profile = "api"},
          [model = unknown.model, with_data](CaseContext& context) {
            RefusesModel(context, model, with_data);
          });
    }
  }
  RegisterCase({.name = "INIT-03/EachUnknownFlag",
                .requirements = {"INIT-03", "INIT-07"},
                .profile = "api"},
               RefusesEachUnknownFlag);
  RegisterCase({.name = "INIT-03/UnknownBesideKnownFlag",
                .requirements = {"INIT-03", "INIT-07"},
                .profile = "api"},
               RefusesUnknownBesideKnownFlag);
  RegisterCase({.name = "INIT-03/KnownFlag",
                .requirements = {"INIT-03"},
                .profile = "api"},
               AcceptsKnownFlag);
  RegisterCase({.name = "INIT-03/NothingLeftBehind",
                .requirements = {"INIT-03", "INIT-07"},
                .profile = "api"},
               RefusedFlagsLeaveNothing);
  RegisterCase({.name = "INIT-05/ServiceKilled/NeverConnected",
                .requirements = {"INIT-05", "INIT-07"},
                .profile = "faults"},
               ServiceWasKilledBefore);
  RegisterCase({.name = "INIT-05/ServiceKilled/WasConnected",
                .requirements = {"INIT-05", "INIT-07"},
                .profile = "faults"},
               ServiceWasKilledAfterAConnection);
}

}  // namespace cpgcert::conformance::connections
