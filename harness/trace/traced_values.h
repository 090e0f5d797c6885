// What libcpg is given and gives, as it stands in a trace.
//
// Memory that a library points to is read in such a way that a wrong pointer
// costs the value, which is null then, and not the process.

#ifndef CPGCERT_HARNESS_TRACE_TRACED_VALUES_H_
#define CPGCERT_HARNESS_TRACE_TRACED_VALUES_H_

#include <corosync/cpg.h>
#include <sys/uio.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "harness/trace/trace_event.h"

namespace cpgcert::harness::trace {

// Copies `size` bytes; false if they are not all there.
bool ReadMemory(const void* from, void* to, size_t size);

// A number of which the digits say nothing: "0x1a".
Json ToHex(uint64_t value);
uint64_t FromHex(const Json& value);

// Printable text as it is, other bytes as {"hex":"..."}; where most of them
// are a piece of a large message that the trace has named before, as
// {"hex":"..","name":"..","size":..,"from":..,"length":..,"rest":".."}.
Json BytesValue(std::string_view bytes);
std::string Bytes(const Json& value);

// A message that MakeMessage() made is {"name":..,"size":..}, see message.h;
// others are given as bytes.
Json MessageValue(const void* bytes, size_t size);
std::string Message(const Json& value);

// What a call is given, to tell it from others: a message as above, or for one
// of many bytes {"size":..,"hash":..}; {"size":..} beyond some MiB.
Json GivenMessageValue(const iovec* parts, unsigned int count);

// A text if the rest of the name is zero, else {"length":..,"value":..}.
Json NameValue(const cpg_name* name);
cpg_name Name(const Json& value);

// [[node, process, reason], ...]; at most kAddressesMax, and null for more.
inline constexpr size_t kAddressesMax = 65536;
Json AddressesValue(const cpg_address* list, size_t count);
std::vector<cpg_address> Addresses(const Json& value);

// The value behind a pointer, as a number; null if there is none.
template <typename Number>
Json NumberValue(const Number* number) {
  Number value{};
  if (!ReadMemory(number, &value, sizeof(value))) {
    return nullptr;
  }
  return static_cast<int64_t>(value);
}

// The other way round; what is null is left alone.
template <typename Number>
void SetNumber(const Json& value, Number* number) {
  if (!value.is_null() && number != nullptr) {
    *number = static_cast<Number>(value.get<int64_t>());
  }
}

}  // namespace cpgcert::harness::trace

#endif  // CPGCERT_HARNESS_TRACE_TRACED_VALUES_H_
