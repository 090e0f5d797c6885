// Callbacks that are not there, not there any more, or one of several:
// INIT-04, INIT-06.

#include <fmt/core.h>
#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstring>
#include <functional>
#include <string>

#include "conformance/connections/raw_connection.h"
#include "conformance/connections/topics.h"
#include "conformance/support/support.h"
#include "harness/message.h"
#include "harness/thread_watch.h"

namespace cpgcert::conformance::connections {

namespace {

using harness::CpgApi;

// Ways to register no callback.
enum class Nothing { kNullPlain, kEmptyPlain, kNullModelData, kEmptyModelData };

struct NothingRow {
  const char* name;
  Nothing nothing;
};
constexpr auto kNothings = std::to_array<NothingRow>({
    {"NullCallbacks", Nothing::kNullPlain},
    {"EachCallbackNull", Nothing::kEmptyPlain},
    {"NullModelData", Nothing::kNullModelData},
    {"EachModelCallbackNull", Nothing::kEmptyModelData},
});

cs_error_t InitializeWithNothing(Nothing nothing, const CpgApi& api,
                                 cpg_handle_t* handle) {
  cpg_callbacks_t plain{};
  cpg_model_v1_data_t data{};
  data.model = CPG_MODEL_V1;
  data.flags = CPG_MODEL_V1_DELIVER_INITIAL_TOTEM_CONF;
  switch (nothing) {
    case Nothing::kNullPlain:
      return api.initialize(handle, nullptr);
    case Nothing::kEmptyPlain:
      return api.initialize(handle, &plain);
    case Nothing::kNullModelData:
      return api.model_initialize(handle, CPG_MODEL_V1, nullptr, nullptr);
    case Nothing::kEmptyModelData:
      return api.model_initialize(handle, CPG_MODEL_V1, AsModelData(&data),
                                  nullptr);
  }
  return CS_ERR_LIBRARY;
}

void ConsumesSilently(CaseContext& context, Nothing nothing) {
  const std::string group = UniqueGroup("silent");
  const auto peer = StartPeer(context);
  Need(peer->Join(group));
  const RawConnection connection(
      context, [nothing](const CpgApi& api, cpg_handle_t* handle) {
        return InitializeWithNothing(nothing, api, handle);
      });
  if (!ExpectOk(context, "INIT-04", "initialize without callbacks",
                connection.result())) {
    return;
  }
  // The own join, the peer's message and its leave: all have been sent to this
  // connection when the peer returns.
  connection.Join(group);
  Need(peer->Multicast("m1", harness::kSmallMessageSize));
  Need(peer->Leave(group));
  // Nobody is owed a descriptor that shows them.
  harness::WaitLibraryAtRest(std::chrono::milliseconds(300));
  context.Step("dispatches events for which there is no callback");
  const CpgApi& api = connection.api();
  const cpg_handle_t handle = connection.handle();
  ExpectOk(context, "INIT-04",
           "cpg_dispatch(CS_DISPATCH_ALL), events wait, no callbacks",
           api.dispatch(handle, CS_DISPATCH_ALL));
  ExpectOneOf(context, "INIT-04",
              "cpg_dispatch(CS_DISPATCH_ONE_NONBLOCKING) after that",
              api.dispatch(handle, CS_DISPATCH_ONE_NONBLOCKING),
              {CS_ERR_TRY_AGAIN});
}

// Memory that ends where no more may be touched, and can be taken away.
class GuardedPage {
 public:
  GuardedPage() : size_(static_cast<size_t>(sysconf(_SC_PAGESIZE))) {
    void* pages = mmap(nullptr, 2 * size_, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (pages == MAP_FAILED) {
      CaseContext::Untested("no page for the callbacks");
    }
    start_ = static_cast<std::byte*>(pages);
    mprotect(start_ + size_, size_, PROT_NONE);
  }
  ~GuardedPage() { munmap(start_, 2 * size_); }
  GuardedPage(const GuardedPage&) = delete;
  GuardedPage& operator=(const GuardedPage&) = delete;

  // A copy of `value` that ends with the page.
  template <typename Value>
  Value* Put(const Value& value) {
    void* place = start_ + size_ - sizeof(Value);
    std::memcpy(place, &value, sizeof(Value));
    return static_cast<Value*>(place);
  }
  // From now on every access is a SIGSEGV.
  void TakeAway() { mprotect(start_, size_, PROT_NONE); }

 private:
  size_t size_;
  std::byte* start_ = nullptr;
};

// What becomes of the caller's structure once it was given to the library.
enum class Afterwards { kOverwritten, kTakenAway };

void CopiesTheStructure(CaseContext& context, bool by_model,
                        Afterwards afterwards) {
  const auto group = UniqueGroup("copied");
  GuardedPage page;
  cpg_model_v1_data_t* data =
      by_model ? page.Put(ModelData(Table::kRegistered)) : nullptr;
  cpg_callbacks_t* plain =
      by_model ? nullptr : page.Put(PlainCallbacks(Table::kRegistered));
  const RawConnection connection(
      context, [&](const CpgApi& api, cpg_handle_t* handle) {
        return by_model ? api.model_initialize(handle, CPG_MODEL_V1,
                                               AsModelData(data), nullptr)
                        : api.initialize(handle, plain);
      });
  NeedOk("initialize", connection.result());
  if (by_model) {
    *data = ModelData(Table::kDecoy);
  } else {
    *plain = PlainCallbacks(Table::kDecoy);
  }
  if (afterwards == Afterwards::kTakenAway) {
    page.TakeAway();
  }
  context.Step("dispatches; the structure with the callbacks is no more");
  const CallbackLog& log = LogOf(Table::kRegistered);
  const CallbackLog& decoy = LogOf(Table::kDecoy);
  connection.Join(group);
  connection.Multicast(harness::MakeMessage("m1"));
  const bool came = connection.DispatchUntil([&] {
    return decoy.all() > 0 || (log.deliver > 0 && log.configuration > 0);
  });
  if (!came || decoy.all() > 0) {
    context.Fail(
        "INIT-04",
        Report(
            fmt::format("cpg_dispatch, after the structure that {} was "
                        "given had been overwritten",
                        by_model ? "cpg_model_initialize" : "cpg_initialize"),
            "the callbacks that were registered run",
            fmt::format("{} of them, {} of those that the caller wrote "
                        "there later",
                        log.all(), decoy.all())));
  }
}

enum class Kind { kDeliver, kConfiguration, kTotem };

struct KindRow {
  const char* name;
  Kind kind;
};
constexpr auto kKinds = std::to_array<KindRow>({
    {"Deliver", Kind::kDeliver},
    {"Configuration", Kind::kConfiguration},
    {"Totem", Kind::kTotem},
});

int CountOf(const CallbackLog& log, Kind kind) {
  switch (kind) {
    case Kind::kDeliver:
      return log.deliver;
    case Kind::kConfiguration:
      return log.configuration;
    case Kind::kTotem:
      return log.totem;
  }
  return 0;
}

void LeaveOnly(Kind kind, cpg_model_v1_data_t* data) {
  if (kind != Kind::kDeliver) {
    data->cpg_deliver_fn = nullptr;
  }
  if (kind != Kind::kConfiguration) {
    data->cpg_confchg_fn = nullptr;
  }
  if (kind != Kind::kTotem) {
    data->cpg_totem_confchg_fn = nullptr;
  }
}

// A join gives one configuration change and, by the flag, one totem change; a
// message gives one message.
void ReachesTheCallbackOfItsKind(CaseContext& context, Kind kind, bool alone) {
  int target = 0;
  const RawConnection connection(
      context, [&](const CpgApi& api, cpg_handle_t* handle) {
        cpg_model_v1_data_t data = ModelData(Table::kRegistered);
        data.flags = CPG_MODEL_V1_DELIVER_INITIAL_TOTEM_CONF;
        if (alone) {
          LeaveOnly(kind, &data);
        }
        return api.model_initialize(handle, CPG_MODEL_V1, AsModelData(&data),
                                    &target);
      });
  NeedOk("cpg_model_initialize", connection.result());
  connection.Join(UniqueGroup("kinds"));
  connection.Multicast(harness::MakeMessage("m1"));
  const CallbackLog& log = LogOf(Table::kRegistered);
  const int owed = alone ? 1 : 3;
  (void)connection.DispatchUntil([&] { return log.all() >= owed; });
  const std::string call =
      "cpg_dispatch after one join with the flag for the totem change, and one "
      "message";
  if (CountOf(log, kind) != 1 || log.all() != owed) {
    context.Fail(
        "INIT-06",
        Report(call, "one call of each callback that was registered",
               fmt::format("{} for messages, {} for configuration changes, {} "
                           "for totem changes",
                           log.deliver, log.configuration, log.totem)));
  }
  if (log.all() > 0 && log.handle != connection.handle()) {
    context.Fail("INIT-06",
                 Report(call, "callbacks with the handle",
                        fmt::format("handle {:#x} instead of {:#x}", log.handle,
                                    connection.handle())));
  }
  if (log.all() > 0 && log.context != &target) {
    context.Fail("INIT-06", Report("cpg_context_get in a callback",
                                   "the context of cpg_model_initialize",
                                   "another pointer"));
  }
}

}  // namespace

void RegisterCallbackTables() {
  for (const NothingRow& row : kNothings) {
    RegisterCase({.name = fmt::format("INIT-04/{}", row.name),
                  .requirements = {"INIT-04"},
                  .profile = "api"},
                 [nothing = row.nothing](CaseContext& context) {
                   ConsumesSilently(context, nothing);
                 });
  }
  for (const bool by_model : {false, true}) {
    for (const auto afterwards :
         {Afterwards::kOverwritten, Afterwards::kTakenAway}) {
      RegisterCase({.name = fmt::format(
                        "INIT-04/{}/{}", by_model ? "ModelData" : "Callbacks",
                        afterwards == Afterwards::kOverwritten ? "Overwritten"
                                                               : "TakenAway"),
                    .requirements = {"INIT-04"},
                    .profile = "api"},
                   [=](CaseContext& context) {
                     CopiesTheStructure(context, by_model, afterwards);
                   });
    }
  }
  for (const KindRow& row : kKinds) {
    for (const bool alone : {true, false}) {
      RegisterCase({.name = fmt::format("INIT-06/{}/{}", row.name,
                                        alone ? "Alone" : "WithTheOthers"),
                    .requirements = {"INIT-06"},
                    .profile = "api"},
                   [kind = row.kind, alone](CaseContext& context) {
                     ReachesTheCallbackOfItsKind(context, kind, alone);
                   });
    }
  }
}

}  // namespace cpgcert::conformance::connections
