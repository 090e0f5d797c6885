#include "harness/trace/traced_call.h"

#include <map>
#include <mutex>

#include "harness/trace/traced_callbacks.h"

namespace cpgcert::harness::trace {

namespace {

// What the call is given without what differs in a replay: pointers, and what
// stands in memory of the library's.
Json Comparable(Json with) {
  for (const char* key : {"slot", "context", "buffer", "content"}) {
    with.erase(key);
  }
  return with;
}

// In a replay: a pointer of the trace to what stands for it now.
std::mutex pointers_mutex;
std::map<uint64_t, void*> pointers;

}  // namespace

CpgApi& Real() {
  static CpgApi real;
  return real;
}

Json TakeCall(const char* name, const Json& with) {
  const Json given = Take(Event::Kind::kCall, name);
  if (Comparable(given) != Comparable(with)) {
    Diverge(fmt::format("{} was given {}; the case gives {}", name,
                        Comparable(given).dump(), Comparable(with).dump()));
  }
  return given;
}

Json TakeReturn(const char* name) {
  while (CallBackReplayed()) {
  }
  return Take(Event::Kind::kReturn, name);
}

Json OfHandle(uint64_t handle) { return {{"handle", ToHex(handle)}}; }

void Remember(const Json& recorded, void* now) {
  const std::scoped_lock lock(pointers_mutex);
  pointers.insert_or_assign(FromHex(recorded), now);
}

void SetPointer(const Json& recorded, void** pointer) {
  if (recorded.is_null() || pointer == nullptr) {
    return;
  }
  // What the case has not given is no memory of its; nobody has this address.
  constexpr uint64_t kNowhere = uint64_t{1} << 63;
  const uint64_t value = FromHex(recorded);
  const uint64_t unknown = value == 0 ? 0 : value | kNowhere;
  const std::scoped_lock lock(pointers_mutex);
  const auto known = pointers.find(value);
  *pointer = known != pointers.end()
                 ? known->second
                 : reinterpret_cast<void*>(unknown);  // NOLINT
}

Json PointerValue(const void* pointer) {
  return ToHex(reinterpret_cast<uintptr_t>(pointer));
}

Json PointerBehind(void* const* pointer) {
  void* value = nullptr;
  return ReadMemory(pointer, &value, sizeof(value)) ? PointerValue(value)
                                                    : Json();
}

}  // namespace cpgcert::harness::trace
