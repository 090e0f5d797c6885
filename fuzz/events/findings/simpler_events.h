// Versions of an event that differ in one field, which has a simpler value: for
// making an input smaller, and for finding out on which field it depends.

#ifndef CPGCERT_FUZZ_EVENTS_FINDINGS_SIMPLER_EVENTS_H_
#define CPGCERT_FUZZ_EVENTS_FINDINGS_SIMPLER_EVENTS_H_

#include <string>
#include <string_view>
#include <vector>

namespace cpgcert::fuzz {

struct ChangedField {
  std::string field{};  // "left[].reason": without its place in a list
  std::string bytes{};  // the event then
};

// The shorter ones first. Lists, names and messages keep the counts true that
// were true. None of them is the event itself, and from each of them on there
// are fewer: it ends.
std::vector<ChangedField> SimplerVersions(std::string_view bytes);

// Of what depends on no field alone.
inline constexpr char kWholeEvent[] = "event";
// The event has the field, and not with its simplest value.
bool HasField(std::string_view bytes, std::string_view field);

}  // namespace cpgcert::fuzz

#endif  // CPGCERT_FUZZ_EVENTS_FINDINGS_SIMPLER_EVENTS_H_
