#include "harness/trace/traced_connections.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstring>

#include "harness/trace/traced_call.h"
#include "harness/trace/traced_callbacks.h"

namespace cpgcert::harness::trace {

namespace {

// A copy that ends where no more memory may be touched. Its memory is never
// given back: a library that goes on using it finds null pointers.
template <typename Table>
class GuardedCopy {
 public:
  explicit GuardedCopy(const Table& table) {
    const OwnWork work;
    const auto page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
    void* pages = mmap(nullptr, 2 * page, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (pages != MAP_FAILED) {
      auto* end = static_cast<std::byte*>(pages) + page;
      mprotect(end, page, PROT_NONE);
      table_ = reinterpret_cast<Table*>(end - sizeof(Table));
      std::memcpy(table_, &table, sizeof(Table));
    }
  }
  ~GuardedCopy() {
    if (table_ != nullptr) {
      std::memset(table_, 0, sizeof(Table));
    }
  }
  GuardedCopy(const GuardedCopy&) = delete;
  GuardedCopy& operator=(const GuardedCopy&) = delete;

  Table* get() const { return table_; }

 private:
  Table* table_ = nullptr;
};

// In a replay: the callbacks that are registered now are those of the trace.
void TakeInitialize(const char* name, const Json& with,
                    const Callbacks& callbacks, void* context) {
  const Json given = TakeCall(name, with);
  if (given.contains("slot")) {
    SetSlot(given.at("slot").get<int>(), callbacks);
  }
  if (given.contains("context")) {
    Remember(given.at("context"), context);
  }
}

template <typename With>
void BeginInitialize(const char* name, int slot, const With& with) {
  Begin(name, [&] {
    Json given = with();
    if (slot >= 0) {
      given["slot"] = slot;
    }
    return given;
  });
}

cs_error_t Initialize(cpg_handle_t* handle, cpg_callbacks_t* callbacks) {
  constexpr const char* kName = "cpg_initialize";
  if (CurrentMode() == Mode::kOff) {
    return Real().initialize(handle, callbacks);
  }
  const auto set = [&](const Json& result) {
    SetHandle(result.at("handle"), handle);
  };
  cpg_callbacks_t table{};
  const bool has_table = ReadMemory(callbacks, &table, sizeof(table));
  const Callbacks own{table.cpg_deliver_fn, table.cpg_confchg_fn, nullptr};
  const auto with = [&] {
    return Json{{"callbacks", has_table ? WhichValue(own) : Json()}};
  };
  if (Replaying()) {
    TakeInitialize(kName, with(), own, nullptr);
    return Apply(kName, set);
  }
  const auto add = [&](Json* result) {
    (*result)["handle"] = HandleValue(handle);
  };
  const int slot = has_table ? SlotOf(own) : -1;
  BeginInitialize(kName, slot, with);
  if (slot < 0) {
    return Returned(kName, Real().initialize(handle, callbacks), add);
  }
  const Callbacks stand_ins = StandIns(slot);
  const GuardedCopy<cpg_callbacks_t> copy(
      {stand_ins.deliver, stand_ins.configuration});
  return Returned(kName, Real().initialize(handle, copy.get()), add);
}

Json ModelWith(cpg_model_t model, const cpg_model_v1_data_t* data,
               const Callbacks& callbacks, void* context) {
  Json with{{"model", static_cast<int>(model)}, {"data", nullptr}};
  if (data != nullptr) {
    with["data"] = {{"model", static_cast<int>(data->model)},
                    {"flags", data->flags},
                    {"callbacks", WhichValue(callbacks)}};
  }
  with["context"] = PointerValue(context);
  return with;
}

// A model outside the enumeration is the point of some cases.
__attribute__((no_sanitize("enum"))) cs_error_t
ModelInitialize(cpg_handle_t* handle, cpg_model_t model, cpg_model_data_t* data,
                void* context) {
  constexpr const char* kName = "cpg_model_initialize";
  const auto set = [&](const Json& result) {
    SetHandle(result.at("handle"), handle);
  };
  const auto add = [&](Json* result) {
    (*result)["handle"] = HandleValue(handle);
  };
  if (CurrentMode() == Mode::kOff) {
    return Real().model_initialize(handle, model, data, context);
  }
  cpg_model_v1_data_t table{};
  const bool has_table = ReadMemory(data, &table, sizeof(table));
  const Callbacks own{table.cpg_deliver_fn, table.cpg_confchg_fn,
                      table.cpg_totem_confchg_fn};
  const auto with = [&] {
    return ModelWith(model, has_table ? &table : nullptr, own, context);
  };
  if (Replaying()) {
    TakeInitialize(kName, with(), own, context);
    return Apply(kName, set);
  }
  const int slot = has_table && model == CPG_MODEL_V1 ? SlotOf(own) : -1;
  BeginInitialize(kName, slot, with);
  if (slot < 0) {
    return Returned(kName,
                    Real().model_initialize(handle, model, data, context), add);
  }
  const Callbacks stand_ins = StandIns(slot);
  table.cpg_deliver_fn = stand_ins.deliver;
  table.cpg_confchg_fn = stand_ins.configuration;
  table.cpg_totem_confchg_fn = stand_ins.totem;
  const GuardedCopy<cpg_model_v1_data_t> copy(table);
  return Returned(kName,
                  Real().model_initialize(
                      handle, model,
                      reinterpret_cast<cpg_model_data_t*>(copy.get()), context),
                  add);
}

cs_error_t Finalize(cpg_handle_t handle) {
  return Traced(
      "cpg_finalize", [&] { return OfHandle(handle); },
      [&] { return Real().finalize(handle); }, AddNothing, SetNothing);
}

cs_error_t FdGet(cpg_handle_t handle, int* descriptor) {
  return TracedNumber(
      "cpg_fd_get", "descriptor", descriptor, [&] { return OfHandle(handle); },
      [&] { return Real().fd_get(handle, descriptor); });
}

cs_error_t MaxAtomicMsgsizeGet(cpg_handle_t handle, uint32_t* size) {
  return TracedNumber(
      "cpg_max_atomic_msgsize_get", "size", size,
      [&] { return OfHandle(handle); },
      [&] { return Real().max_atomic_msgsize_get(handle, size); });
}

cs_error_t ContextGet(cpg_handle_t handle, void** context) {
  return Traced(
      "cpg_context_get", [&] { return OfHandle(handle); },
      [&] { return Real().context_get(handle, context); },
      [&](Json* result) { (*result)["context"] = PointerBehind(context); },
      [&](const Json& result) { SetPointer(result.at("context"), context); });
}

cs_error_t ContextSet(cpg_handle_t handle, void* context) {
  constexpr const char* kName = "cpg_context_set";
  if (Replaying()) {
    Remember(TakeCall(kName, OfHandle(handle)).at("context"), context);
    return Apply(kName, SetNothing);
  }
  if (Recording()) {
    Begin(kName, [&] {
      Json with = OfHandle(handle);
      with["context"] = PointerValue(context);
      return with;
    });
  }
  return Returned(kName, Real().context_set(handle, context), AddNothing);
}

}  // namespace

void AddConnectionCalls(CpgApi* api) {
  api->initialize = Initialize;
  api->model_initialize = ModelInitialize;
  api->finalize = Finalize;
  api->fd_get = FdGet;
  api->max_atomic_msgsize_get = MaxAtomicMsgsizeGet;
  api->context_get = ContextGet;
  api->context_set = ContextSet;
}

}  // namespace cpgcert::harness::trace
