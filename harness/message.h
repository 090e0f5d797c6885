// Messages whose loss, change or cut a receiver can tell.
//
// A message carries its name and its size; the rest is a pattern that follows
// from both. So whatever a callback is given names itself, and one altered
// byte is found.

#ifndef CPGCERT_HARNESS_MESSAGE_H_
#define CPGCERT_HARNESS_MESSAGE_H_

#include <cstddef>
#include <string>
#include <string_view>

namespace cpgcert::harness {

// The size of a message that has no room for a pattern.
inline constexpr size_t kSmallMessageSize = 0;

// A message of `size` bytes, or of just the header "<name>/<size>/" if that is
// longer. REQUIRES: no '/' in `name`, which is not empty.
std::string MakeMessage(std::string_view name, size_t size = kSmallMessageSize);

// What the bytes are: "m1" for exactly what MakeMessage("m1", n) gave;
// "m1 altered at byte 17 of 3145728"; "m1 cut to 100 of 3145728 bytes"; "m1
// followed by 8 more bytes"; or "12 bytes that no case sent".
std::string DescribeMessage(std::string_view bytes);

}  // namespace cpgcert::harness

#endif  // CPGCERT_HARNESS_MESSAGE_H_
