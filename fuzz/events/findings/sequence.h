// An input of event_decoder whose events can be changed one by one.

#ifndef CPGCERT_FUZZ_EVENTS_FINDINGS_SEQUENCE_H_
#define CPGCERT_FUZZ_EVENTS_FINDINGS_SEQUENCE_H_

#include <string>
#include <string_view>
#include <vector>

#include "fuzz/events/event_input.h"

namespace cpgcert::fuzz {

struct SequenceEvent {
  Delivery delivery = Delivery::kQueue;
  std::string bytes{};
  bool operator==(const SequenceEvent&) const = default;
};
using Sequence = std::vector<SequenceEvent>;

Sequence ParseSequence(std::string_view input);
std::string BuildSequence(const Sequence& sequence);
// Valid as long as `sequence` is, and unchanged.
std::vector<EventRecord> RecordsOf(const Sequence& sequence);

// A dispatch of it waits until there is something to do. The same without.
bool Waits(const Sequence& sequence);
Sequence WithoutWaits(Sequence sequence);

// "configuration", "deliver", "totem", "partial deliver", or "unknown".
std::string EventKind(std::string_view bytes);

}  // namespace cpgcert::fuzz

#endif  // CPGCERT_FUZZ_EVENTS_FINDINGS_SEQUENCE_H_
