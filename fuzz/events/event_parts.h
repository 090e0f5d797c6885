// What the operations have in common: finding an event that suits them, making
// one, changing bytes.

#ifndef CPGCERT_FUZZ_EVENTS_EVENT_PARTS_H_
#define CPGCERT_FUZZ_EVENTS_EVENT_PARTS_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "fuzz/events/operations.h"
#include "harness/wire/wire.h"

// libFuzzer's, where it is linked. Changes `size` bytes in the room of
// `size_max`, and returns how many there are then.
extern "C" __attribute__((weak)) size_t LLVMFuzzerMutate(uint8_t* data,
                                                         size_t size,
                                                         size_t size_max);

namespace cpgcert::fuzz {

// Bytes of a record before its event.
inline constexpr size_t kRecordHeaderSize = 5;

// A well-formed event of an input.
template <class Event>
struct Found {
  size_t at = 0;  // which entry
  Event event;
};

// An entry, one as likely as another; nothing if there is none.
std::optional<size_t> PickEntry(Scene* scene);

// A well-formed event, one as likely as another.
std::optional<Found<harness::wire::Event>> PickEvent(Scene* scene);

// The same, of one kind.
template <class Event>
std::optional<Found<Event>> Pick(Scene* scene) {
  static const auto id =
      harness::wire::IdOf(harness::wire::Build(harness::wire::Event(Event{})));
  std::vector<size_t> found;
  for (size_t i = 0; i < scene->entries.size(); ++i) {
    if (harness::wire::IdOf(scene->entries[i].event) == id) found.push_back(i);
  }
  if (found.empty()) return std::nullopt;
  const size_t at = scene->random.Of(found);
  auto parsed = harness::wire::ParseEvent(scene->entries[at].event);
  if (!parsed.message.has_value()) return std::nullopt;
  return Found<Event>{at, std::get<Event>(std::move(*parsed.message))};
}

// Puts the event in the place of an entry's, with the error that it had.
void Replace(Scene* scene, size_t at, const harness::wire::Event& event);

// Sometimes one that the input has already.
harness::wire::Address AnyProcess(Scene* scene);
std::string AnyGroup(Scene* scene);
std::string AnyMessage(Scene* scene);
uint32_t AnyNumber(Scene* scene);
Delivery AnyDelivery(Scene* scene);

// What a correct service could send, of any kind; but for a fragment, which
// has to have its place.
harness::wire::Event AnyEvent(Scene* scene);

// Adds an event, delivered in any way.
void Insert(Scene* scene, size_t at, const harness::wire::Event& event);

// Changes some bytes, and their number if it may: by libFuzzer's own means if
// it is there. False if there is nothing to change.
bool ChangeBytes(Scene* scene, std::string* bytes, size_t size_max);

// The least change that makes a well-formed frame of any bytes: an id that is
// known, counts and lengths that fit.
std::string MadeWhole(std::string bytes, RandomChoice* random);

}  // namespace cpgcert::fuzz

#endif  // CPGCERT_FUZZ_EVENTS_EVENT_PARTS_H_
