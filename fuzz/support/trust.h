// How far a peer may go astray, for every fuzz target and search.

#ifndef CPGCERT_FUZZ_SUPPORT_TRUST_H_
#define CPGCERT_FUZZ_SUPPORT_TRUST_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace cpgcert::fuzz {

// How far a service must have gone astray to send an event or a reply, or a
// client to send a request: three tiers, each of which has the ones before it.
enum class Trust : uint8_t {
  kConformant,  // corosync's service could send it
  kConsistent,  // lengths and counts lie within it, but no service sends it
  kHostile,     // any other bytes
};

// "conformant", "consistent", "hostile".
const char* NameOf(Trust tier);
// Null if there is no such tier.
std::optional<Trust> TrustNamed(std::string_view name);
// For a command line that takes one of the names.
std::map<std::string, Trust> TrustsByName();
inline constexpr char kTrustNames[] = "conformant, consistent, hostile";

}  // namespace cpgcert::fuzz

#endif  // CPGCERT_FUZZ_SUPPORT_TRUST_H_
