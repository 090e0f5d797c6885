#include "harness/trace/traced_api.h"

#include <sys/mman.h>

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

#include "harness/trace/traced_call.h"
#include "harness/trace/traced_connections.h"

namespace cpgcert::harness::trace {

namespace {

// --- Groups and messages ----------------------------------------------------

// A type outside the enumeration is the point of some cases.
__attribute__((no_sanitize("enum"))) cs_error_t
Dispatch(cpg_handle_t handle, cs_dispatch_flags_t type) {
  return Traced(
      "cpg_dispatch",
      [&] {
        Json with = OfHandle(handle);
        with["type"] = static_cast<int>(type);
        return with;
      },
      [&] { return Real().dispatch(handle, type); }, AddNothing, SetNothing);
}

Json OfGroup(cpg_handle_t handle, const cpg_name* group) {
  Json with = OfHandle(handle);
  with["group"] = NameValue(group);
  return with;
}

cs_error_t JoinGroup(cpg_handle_t handle, const cpg_name* group) {
  return Traced(
      "cpg_join", [&] { return OfGroup(handle, group); },
      [&] { return Real().join(handle, group); }, AddNothing, SetNothing);
}

cs_error_t LeaveGroup(cpg_handle_t handle, const cpg_name* group) {
  return Traced(
      "cpg_leave", [&] { return OfGroup(handle, group); },
      [&] { return Real().leave(handle, group); }, AddNothing, SetNothing);
}

__attribute__((no_sanitize("enum"))) cs_error_t
McastJoined(cpg_handle_t handle, cpg_guarantee_t guarantee, const iovec* parts,
            unsigned int count) {
  return Traced(
      "cpg_mcast_joined",
      [&] {
        Json with = OfHandle(handle);
        with["guarantee"] = static_cast<int>(guarantee);
        with["parts"] = count;
        with["message"] = GivenMessageValue(parts, count);
        return with;
      },
      [&] { return Real().mcast_joined(handle, guarantee, parts, count); },
      AddNothing, SetNothing);
}

// --- Queries ----------------------------------------------------------------

// As many entries as the library says that there are, room or not; where they
// are not all there, as many as there is room for.
Json MembersBehind(const cpg_address* members, int room, const int* count) {
  int entries = 0;
  if (!ReadMemory(count, &entries, sizeof(entries)) || entries < 0) {
    return nullptr;
  }
  const Json all = AddressesValue(members, static_cast<size_t>(entries));
  return all.is_null() && room > 0 && room < entries
             ? AddressesValue(members, static_cast<size_t>(room))
             : all;
}

// In a replay: as many entries as the caller has room for. One more than the
// room would be the library's doing, but a trace can say anything.
void SetMembers(const Json& value, int room, cpg_address* members) {
  if (members == nullptr || value.is_null()) {
    return;
  }
  const std::vector<cpg_address> list = Addresses(value);
  const size_t entries =
      std::max(static_cast<size_t>(std::max(room, 0)),
               SpareRoom::After(members) / sizeof(cpg_address));
  std::copy_n(list.begin(), std::min(list.size(), entries), members);
}

cs_error_t MembershipGet(cpg_handle_t handle, cpg_name* group,
                         cpg_address* members, int* count) {
  int room = 0;
  ReadMemory(count, &room, sizeof(room));
  return Traced(
      "cpg_membership_get",
      [&] {
        Json with = OfGroup(handle, group);
        with["room"] = NumberValue(count);
        with["list"] = members != nullptr;
        return with;
      },
      [&] { return Real().membership_get(handle, group, members, count); },
      [&](Json* result) {
        (*result)["count"] = NumberValue(count);
        (*result)["members"] = MembersBehind(members, room, count);
      },
      [&](const Json& result) {
        SetMembers(result.at("members"), room, members);
        SetNumber(result.at("count"), count);
      });
}

cs_error_t LocalGet(cpg_handle_t handle, unsigned int* node) {
  return TracedNumber(
      "cpg_local_get", "node", node, [&] { return OfHandle(handle); },
      [&] { return Real().local_get(handle, node); });
}

cs_error_t FlowControlStateGet(cpg_handle_t handle,
                               cpg_flow_control_state_t* state) {
  return TracedNumber(
      "cpg_flow_control_state_get", "state",
      reinterpret_cast<unsigned int*>(state), [&] { return OfHandle(handle); },
      [&] { return Real().flow_control_state_get(handle, state); });
}

// --- Zero copy --------------------------------------------------------------

// In a replay: memory that stands for the library's, whatever its size.
void* MemoryOf(size_t size) {
  void* memory =
      mmap(nullptr, std::max<size_t>(size, 1), PROT_READ | PROT_WRITE,
           MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  return memory == MAP_FAILED ? nullptr : memory;
}

cs_error_t ZcbAlloc(cpg_handle_t handle, size_t size, void** buffer) {
  return Traced(
      "cpg_zcb_alloc",
      [&] {
        Json with = OfHandle(handle);
        with["size"] = size;
        return with;
      },
      [&] { return Real().zcb_alloc(handle, size, buffer); },
      [&](Json* result) { (*result)["buffer"] = PointerBehind(buffer); },
      [&](const Json& result) {
        const Json& recorded = result.at("buffer");
        if (result.at("code") == CS_OK && !recorded.is_null()) {
          Remember(recorded, MemoryOf(size));
        }
        SetPointer(recorded, buffer);
      });
}

cs_error_t ZcbFree(cpg_handle_t handle, void* buffer) {
  return Traced(
      "cpg_zcb_free",
      [&] {
        Json with = OfHandle(handle);
        with["buffer"] = PointerValue(buffer);
        return with;
      },
      [&] { return Real().zcb_free(handle, buffer); }, AddNothing, SetNothing);
}

__attribute__((no_sanitize("enum"))) cs_error_t
ZcbMcastJoined(cpg_handle_t handle, cpg_guarantee_t guarantee, void* message,
               size_t size) {
  return Traced(
      "cpg_zcb_mcast_joined",
      [&] {
        Json with = OfHandle(handle);
        with["guarantee"] = static_cast<int>(guarantee);
        with["size"] = size;
        with["content"] = MessageValue(message, size);
        with["buffer"] = PointerValue(message);
        return with;
      },
      [&] { return Real().zcb_mcast_joined(handle, guarantee, message, size); },
      AddNothing, SetNothing);
}

// --- Iteration --------------------------------------------------------------

__attribute__((no_sanitize("enum"))) cs_error_t
IterationInitialize(cpg_handle_t handle, cpg_iteration_type_t type,
                    const cpg_name* group, cpg_iteration_handle_t* iteration) {
  return Traced(
      "cpg_iteration_initialize",
      [&] {
        Json with = OfGroup(handle, group);
        with["type"] = static_cast<int>(type);
        return with;
      },
      [&] {
        return Real().iteration_initialize(handle, type, group, iteration);
      },
      [&](Json* result) { (*result)["iteration"] = HandleValue(iteration); },
      [&](const Json& result) {
        SetHandle(result.at("iteration"), iteration);
      });
}

cs_error_t IterationNext(cpg_iteration_handle_t iteration,
                         cpg_iteration_description_t* item) {
  return Traced(
      "cpg_iteration_next", [&] { return OfHandle(iteration); },
      [&] { return Real().iteration_next(iteration, item); },
      [&](Json* result) {
        cpg_iteration_description_t copy{};
        if (ReadMemory(item, &copy, sizeof(copy))) {
          (*result)["group"] = NameValue(&copy.group);
          (*result)["node"] = copy.nodeid;
          (*result)["process"] = copy.pid;
        }
      },
      [&](const Json& result) {
        if (item != nullptr && result.contains("group")) {
          item->group = Name(result.at("group"));
          item->nodeid = result.at("node").get<uint32_t>();
          item->pid = result.at("process").get<uint32_t>();
        }
      });
}

cs_error_t IterationFinalize(cpg_iteration_handle_t iteration) {
  return Traced(
      "cpg_iteration_finalize", [&] { return OfHandle(iteration); },
      [&] { return Real().iteration_finalize(iteration); }, AddNothing,
      SetNothing);
}

void AddOtherCalls(CpgApi* api) {
  api->dispatch = Dispatch;
  api->join = JoinGroup;
  api->leave = LeaveGroup;
  api->mcast_joined = McastJoined;
  api->membership_get = MembershipGet;
  api->local_get = LocalGet;
  api->flow_control_state_get = FlowControlStateGet;
  api->zcb_alloc = ZcbAlloc;
  api->zcb_free = ZcbFree;
  api->zcb_mcast_joined = ZcbMcastJoined;
  api->iteration_initialize = IterationInitialize;
  api->iteration_next = IterationNext;
  api->iteration_finalize = IterationFinalize;
}

// What was found when the library was loaded: its error, or what it lacks.
struct Found {
  std::string error{};
  std::vector<std::string> missing{};
};

}  // namespace

std::unique_ptr<CpgApi> LoadTracedApi(const std::string& path,
                                      std::string* error) {
  if (CurrentMode() == Mode::kOff) {
    return LoadCpgApi(path, error);
  }
  const Found found = ObserveAs(
      "library",
      [&] {
        Found loaded;
        const auto api = LoadCpgApi(path, &loaded.error);
        if (api != nullptr) {
          loaded.missing = api->missing;
          Real() = *api;
        }
        return loaded;
      },
      [](const Found& loaded) {
        return Json{{"error", loaded.error}, {"missing", loaded.missing}};
      },
      [](const Json& value) {
        return Found{value.at("error").get<std::string>(),
                     value.at("missing").get<std::vector<std::string>>()};
      });
  *error = found.error;
  if (!found.error.empty()) {
    return nullptr;
  }
  auto api = std::make_unique<CpgApi>();
  AddConnectionCalls(api.get());
  AddOtherCalls(api.get());
  for (const std::string& symbol : found.missing) {
    api->Remove(symbol);
  }
  return api;
}

}  // namespace cpgcert::harness::trace
