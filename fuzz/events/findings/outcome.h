// What a library made of one input, held against what it owes.
//
// The oracle is events/owed_events.h, where the freedoms are written down that
// a library has. Beyond the callbacks it is looked at whether the library
// crashes, hangs, keeps memory, or shows what lay in memory before.

#ifndef CPGCERT_FUZZ_EVENTS_FINDINGS_OUTCOME_H_
#define CPGCERT_FUZZ_EVENTS_FINDINGS_OUTCOME_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "fuzz/events/event_session.h"
#include "fuzz/events/owed_events.h"

namespace cpgcert::fuzz {

// From what is easily lived with to the worst.
enum class Damage : uint8_t {
  kNone,
  kUnowedError,      // a dispatch fails for events that are as they should be
  kErrorMissing,     // none fails for an event that is malformed
  kMissingCallback,  // one that is owed
  kWrongCallback,    // one that is owed, with other contents
  kLeak,             // memory that is never freed
  kUnowedCallback,   // for an event that owes none
  kStaleMemory,      // what is shown depends on what lay in memory before
  kSession,          // events stay behind, or the connection cannot be ended
  kHang,             // a call does not return
  kCrash,
};
inline constexpr size_t kDamages = 11;

const char* NameOf(Damage damage);
// One or two words: "unowed callback".
const char* ShortNameOf(Damage damage);

struct Outcome {
  Damage damage = Damage::kNone;
  // Of a wrong callback, what is wrong about it: "group", "sender", "message",
  // "lists", "reasons", "ring", "nodes" or "callback".
  std::string part{};
  int event = -1;  // that owed the callback, if that is known
  std::string owed{};
  std::string came{};
  std::string where{};  // of a crash or hang, "cpg_dispatch+0x3f1"
  // Seen only when the input was played once more, and again.
  bool later = false;

  bool ok() const { return damage == Damage::kNone; }
  // Two outcomes may have the same cause.
  bool IsLike(const Outcome& other) const {
    return damage == other.damage && part == other.part;
  }
};

// What was seen in a session, without crashes, hangs and leaks.
Outcome JudgePlayed(const std::vector<OwedEvent>& owed, const Played& played);
// What two sessions over different old contents of memory say together.
Outcome JudgeTwice(const std::vector<OwedEvent>& owed, const Played& first,
                   const Played& second);

// The part of a callback, an entry of a trace (events/callback_trace.h), that
// is not as owed; "" if it is the same.
std::string DifferentPart(std::string_view owed, std::string_view came);

}  // namespace cpgcert::fuzz

#endif  // CPGCERT_FUZZ_EVENTS_FINDINGS_OUTCOME_H_
