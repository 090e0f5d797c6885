// What can be done to an input of event_decoder, one change at a time.
//
//   record_operations.cc    the sequence of events, and two inputs in one
//   field_operations.cc     numbers, counts, names and contents of one event
//   list_operations.cc      members of a group, nodes of a ring
//   fragment_operations.cc  messages in fragments, of several senders
//   frame_operations.cc     broken frames, and broken frames made whole

#ifndef CPGCERT_FUZZ_EVENTS_OPERATIONS_H_
#define CPGCERT_FUZZ_EVENTS_OPERATIONS_H_

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "fuzz/events/event_input.h"
#include "fuzz/events/tier.h"
#include "fuzz/mutation/random_choice.h"

namespace cpgcert::fuzz {

// A record that can be changed.
struct Entry {
  Delivery delivery = Delivery::kQueue;
  std::string event;
  bool operator==(const Entry&) const = default;
};
using Entries = std::vector<Entry>;

Entries ParseEntries(std::string_view input);
std::string BuildEntries(const Entries& entries);
// Of the input that they make.
size_t InputSize(const Entries& entries);
Tier TierOf(const Entries& entries);

// What an operation works on.
struct Scene {
  Entries entries;
  const Entries* other = nullptr;  // another input, for those that need two
  size_t size_max = 0;             // of the input, in bytes
  Tier limit = Tier::kHostile;
  RandomChoice random{0};

  // Bytes that may be added.
  size_t Room() const {
    const size_t size = InputSize(entries);
    return size < size_max ? size_max - size : 0;
  }
};

struct Operation {
  const char* name;
  // Of an event of the best tier, the best that it can make.
  Tier makes;
  int weight;  // how often, beside the others
  // False if there is nothing that it could do; the entries are any then. What
  // it does may be too large, or of a worse tier than the scene's limit.
  bool (*apply)(Scene* scene);
};

// Of three or more events, some that follow each other, but not all.
bool DeleteRun(Scene* scene);

std::span<const Operation> RecordOperations();
std::span<const Operation> FieldOperations();
std::span<const Operation> ListOperations();
std::span<const Operation> FragmentOperations();
std::span<const Operation> FrameOperations();
// Those that need two inputs.
std::span<const Operation> CrossOperations();

}  // namespace cpgcert::fuzz

#endif  // CPGCERT_FUZZ_EVENTS_OPERATIONS_H_
