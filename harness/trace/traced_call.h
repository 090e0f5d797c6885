// What every traced call has in common: its event, the library's own call, the
// event of its return; in a replay both are taken instead.

#ifndef CPGCERT_HARNESS_TRACE_TRACED_CALL_H_
#define CPGCERT_HARNESS_TRACE_TRACED_CALL_H_

#include <fmt/core.h>

#include <array>
#include <cstddef>
#include <cstdint>

#include "harness/cpg_api.h"
#include "harness/trace/trace_event.h"
#include "harness/trace/traced_values.h"

namespace cpgcert::harness::trace {

// The library's own functions; empty in a replay.
CpgApi& Real();

// In a replay: what the call was given, which must be what it is given now, but
// for pointers and for what stands in memory of the library's.
Json TakeCall(const char* name, const Json& with);
// In a replay: makes the callbacks of the call, and gives what it gave.
Json TakeReturn(const char* name);

// In a replay: gives the code of the call, after `set(result)`.
template <typename Set>
cs_error_t Apply(const char* name, const Set& set) {
  try {
    const Json result = TakeReturn(name);
    set(result);
    return static_cast<cs_error_t>(result.at("code").get<int>());
  } catch (const Json::exception& error) {
    Diverge(fmt::format("{}: {}", name, error.what()));
  }
}

// Notes the return; `add(&result)` says what the call gave besides its code.
template <typename Add>
cs_error_t Returned(const char* name, cs_error_t code, const Add& add) {
  if (Recording()) {
    const OwnWork work;
    Json result{{"code", static_cast<int>(code)}};
    add(&result);
    Put(Event::Kind::kReturn, name, result);
  }
  return code;
}

// Calls `act` with so many untouched bytes of the stack above it.
template <size_t bytes, typename Act>
__attribute__((noinline)) auto Below(const Act& act) {
  std::array<volatile char, bytes> untouched;
  const volatile char* const keep = untouched.data();
  asm volatile("" : : "r"(keep) : "memory");
  return act();
}

// What stands on the stack when the library is called must be what its caller
// has left there: a case may look at what a library does that reads memory
// which it has not written. So our own work is done far down, and the library
// is called below the few words that getting there has written.
inline constexpr size_t kFarDown = size_t{128} << 10;
inline constexpr size_t kAside = 1024;

// Notes the call; `with()` is what it is given.
template <typename With>
void Begin(const char* name, const With& with) {
  Below<kFarDown>([&] {
    const OwnWork work;
    Put(Event::Kind::kCall, name, with());
    return 0;
  });
}

inline void AddNothing(Json* /*result*/) {}
inline void SetNothing(const Json& /*result*/) {}

// `with()` is what the call is given, `call()` makes it, `add(&json)` says what
// it gave besides its code, `set(json)` gives that again.
template <typename With, typename Call, typename Add, typename Set>
cs_error_t Traced(const char* name, const With& with, const Call& call,
                  const Add& add, const Set& set) {
  switch (CurrentMode()) {
    case Mode::kOff:
      return call();
    case Mode::kRecord:
      Begin(name, with);
      return Returned(name, Below<kAside>(call), add);
    case Mode::kReplay:
      TakeCall(name, with());
      return Apply(name, set);
  }
  return CS_ERR_LIBRARY;
}

// A call that gives a number through a pointer.
template <typename Number, typename With, typename Call>
cs_error_t TracedNumber(const char* name, const char* key, Number* number,
                        const With& with, const Call& call) {
  return Traced(
      name, with, call,
      [&](Json* result) { (*result)[key] = NumberValue(number); },
      [&](const Json& result) { SetNumber(result.at(key), number); });
}

// {"handle":"0x.."}: handles and pointers are shown in hexadecimal.
Json OfHandle(uint64_t handle);

// A handle is a value, and so the same in a replay.
template <typename Handle>
Json HandleValue(const Handle* handle) {
  Handle value{};
  return ReadMemory(handle, &value, sizeof(value)) ? ToHex(value) : Json();
}

template <typename Handle>
void SetHandle(const Json& value, Handle* handle) {
  if (!value.is_null() && handle != nullptr) {
    *handle = FromHex(value);
  }
}

Json PointerValue(const void* pointer);
// Of the pointer that stands there; null if that cannot be read.
Json PointerBehind(void* const* pointer);
// In a replay: what stands for a pointer of the trace now, and that in its
// place. One that nobody has given is an address that nobody has.
void Remember(const Json& recorded, void* now);
void SetPointer(const Json& recorded, void** pointer);

}  // namespace cpgcert::harness::trace

#endif  // CPGCERT_HARNESS_TRACE_TRACED_CALL_H_
