#include "fuzz/events/findings/sequence.h"

#include <algorithm>

#include "harness/wire/wire.h"

namespace cpgcert::fuzz {

namespace wire = harness::wire;

Sequence ParseSequence(std::string_view input) {
  Sequence sequence;
  for (const EventRecord& record : ParseEventInput(input)) {
    sequence.push_back({record.delivery, std::string(record.event)});
  }
  return sequence;
}

std::string BuildSequence(const Sequence& sequence) {
  return BuildEventInput(RecordsOf(sequence));
}

std::vector<EventRecord> RecordsOf(const Sequence& sequence) {
  std::vector<EventRecord> records;
  records.reserve(sequence.size());
  for (const SequenceEvent& event : sequence) {
    records.push_back({event.delivery, event.bytes});
  }
  return records;
}

bool Waits(const Sequence& sequence) {
  return std::ranges::any_of(sequence, [](const SequenceEvent& event) {
    return event.delivery == Delivery::kOne;
  });
}

Sequence WithoutWaits(Sequence sequence) {
  for (SequenceEvent& event : sequence) {
    if (event.delivery == Delivery::kOne) {
      event.delivery = Delivery::kOneNonblocking;
    }
  }
  return sequence;
}

std::string EventKind(std::string_view bytes) {
  // Fields() and the rest of harness/wire have no list of events alone.
  static constexpr wire::EventId kKnown[] = {
      wire::EventId::kConfiguration, wire::EventId::kDeliver,
      wire::EventId::kTotem, wire::EventId::kPartialDeliver};
  static constexpr const char* kNames[] = {"configuration", "deliver", "totem",
                                           "partial deliver"};
  const std::optional<int32_t> id = wire::IdOf(bytes);
  for (size_t i = 0; i < std::size(kKnown); ++i) {
    if (id == static_cast<int32_t>(kKnown[i])) {
      return kNames[i];
    }
  }
  return "unknown";
}

}  // namespace cpgcert::fuzz
