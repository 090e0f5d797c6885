// The caller's pointer that a connection carries: CTX-01.

#include <fmt/core.h>

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "conformance/connections/raw_connection.h"
#include "conformance/connections/topics.h"
#include "conformance/support/support.h"
#include "harness/message.h"

namespace cpgcert::conformance::connections {

namespace {

using harness::CallbackRecord;
using harness::Client;
using harness::CpgApi;
using harness::ErrorName;

// No page says that it must point anywhere.
void* Pointer(uintptr_t value) { return reinterpret_cast<void*>(value); }

std::string Text(const void* pointer) { return fmt::format("{}", pointer); }

// What cpg_context_get must not leave as it is.
void* const kUnset = Pointer(0x5e7);

// Fails CTX-01 unless the context is `owed`.
void ExpectContext(CaseContext& context, const CpgApi& api, cpg_handle_t handle,
                   const void* owed, std::string_view when) {
  void* came = kUnset;
  const cs_error_t result = api.context_get(handle, &came);
  if (result != CS_OK || came != owed) {
    context.Fail("CTX-01", Report(fmt::format("cpg_context_get {}", when),
                                  "CS_OK, " + Text(owed),
                                  ErrorName(result) + ", " + Text(came)));
  }
}

void SetContext(CaseContext& context, const CpgApi& api, cpg_handle_t handle,
                void* value, std::string_view when) {
  ExpectOk(context, "CTX-01",
           fmt::format("cpg_context_set({}) {}", Text(value), when),
           api.context_set(handle, value));
}

void NullAfterInitialize(CaseContext& context) {
  const auto client = Connect(context);
  ExpectContext(context, client->api(), client->handle(), nullptr,
                "after cpg_initialize");
}

void ArgumentOfModelInitialize(CaseContext& context) {
  for (const uintptr_t value : {uintptr_t{0}, uintptr_t{1}, UINTPTR_MAX}) {
    const RawConnection connection(
        context, [value](const CpgApi& api, cpg_handle_t* handle) {
          cpg_model_v1_data_t data = ModelData(Table::kRegistered);
          return api.model_initialize(handle, CPG_MODEL_V1, AsModelData(&data),
                                      Pointer(value));
        });
    NeedOk("cpg_model_initialize", connection.result());
    ExpectContext(context, connection.api(), connection.handle(),
                  Pointer(value), "after cpg_model_initialize with it");
  }
}

void LastOneSet(CaseContext& context) {
  const auto client = Connect(context);
  const std::string group = UniqueGroup("context");
  const CpgApi& api = client->api();
  for (const uintptr_t value : {uintptr_t{1}, UINTPTR_MAX, uintptr_t{0},
                                uintptr_t{4096}, uintptr_t{4096}}) {
    SetContext(context, api, client->handle(), Pointer(value), "");
    ExpectContext(context, api, client->handle(), Pointer(value),
                  "after cpg_context_set");
    ExpectContext(context, api, client->handle(), Pointer(value), "again");
  }
  JoinAndSettle(*client, group);
  DispatchThroughBarrier(*client);
  ExpectContext(context, api, client->handle(), Pointer(4096),
                "after a join and a message");
  NeedOk("cpg_leave", client->Leave(group));
  DispatchWaiting(*client);
  ExpectContext(context, api, client->handle(), Pointer(4096), "after a leave");
}

void InCallbacks(CaseContext& context) {
  const auto client = Connect(context);
  const CpgApi& api = client->api();
  SetContext(context, api, client->handle(), Pointer(1), "");
  uintptr_t last = 1;
  client->on_callback = [&](const CallbackRecord& record) {
    ExpectContext(context, api, record.handle, Pointer(last), "in a callback");
    ++last;
    SetContext(context, api, record.handle, Pointer(last), "in a callback");
    ExpectContext(context, api, record.handle, Pointer(last),
                  "in a callback, after cpg_context_set there");
  };
  JoinAndSettle(*client, UniqueGroup("context"));
  DispatchThroughBarrier(*client);
  if (last < 3) {
    CaseContext::Untested("the callbacks did not run");
  }
  ExpectContext(context, api, client->handle(), Pointer(last),
                "after the callbacks that set it");
}

void OneForEachConnection(CaseContext& context) {
  std::vector<std::unique_ptr<Client>> clients;
  for (int i = 0; i < Client::kClientsMax; ++i) {
    clients.push_back(Connect(context));
    SetContext(context, clients.back()->api(), clients.back()->handle(),
               Pointer(100 + i), "");
  }
  NeedOk("cpg_finalize", clients.front()->Finalize());
  for (int i = 1; i < Client::kClientsMax; ++i) {
    ExpectContext(context, clients.at(i)->api(), clients.at(i)->handle(),
                  Pointer(100 + i),
                  fmt::format("on connection {} of several", i + 1));
  }
  // The slot of the first one may be used again; its context must not.
  const RawConnection connection(context,
                                 [](const CpgApi& api, cpg_handle_t* handle) {
                                   return api.initialize(handle, nullptr);
                                 });
  NeedOk("cpg_initialize", connection.result());
  ExpectContext(context, connection.api(), connection.handle(), nullptr,
                "on a new connection, after another one was finalized");
}

void WithoutService(CaseContext& context) {
  const auto client = Connect(context);
  const CpgApi& api = client->api();
  SetContext(context, api, client->handle(), Pointer(1), "");
  Need(context.service().Kill());
  ExpectContext(context, api, client->handle(), Pointer(1),
                "after the death of the service");
  SetContext(context, api, client->handle(), Pointer(2),
             "after the death of the service");
  ExpectContext(context, api, client->handle(), Pointer(2),
                "after the death of the service and cpg_context_set");
  (void)client->Finalize();
  void* came = nullptr;
  ExpectOneOf(context, "FIN-03",
              "cpg_context_get after cpg_finalize without a service",
              api.context_get(client->handle(), &came), {CS_ERR_BAD_HANDLE});
}

}  // namespace

void RegisterContext() {
  struct Row {
    const char* name;
    void (*body)(CaseContext& context);
  };
  for (const Row& row : std::to_array<Row>({
           {"NullAfterInitialize", NullAfterInitialize},
           {"ArgumentOfModelInitialize", ArgumentOfModelInitialize},
           {"LastOneSet", LastOneSet},
           {"InCallbacks", InCallbacks},
           {"OneForEachConnection", OneForEachConnection},
       })) {
    RegisterCase({.name = fmt::format("CTX-01/{}", row.name),
                  .requirements = {"CTX-01"},
                  .profile = "api"},
                 row.body);
  }
  RegisterCase({.name = "CTX-01/ServiceKilled",
                .requirements = {"CTX-01", "FIN-03"},
                .profile = "faults"},
               WithoutService);
}

}  // namespace cpgcert::conformance::connections
