// The callbacks that the events of an honest service owe, and what a callback
// was given.

#ifndef CPGCERT_FUZZ_CALLS_OWED_CALLBACKS_H_
#define CPGCERT_FUZZ_CALLS_OWED_CALLBACKS_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "harness/wire/wire.h"

namespace cpgcert::fuzz {

// No page gives the order of a list: here they are sorted.
struct Callback {
  enum class Kind : uint8_t { kMessage, kChange, kTotem };
  using Addresses = std::vector<harness::wire::Address>;

  Kind kind = Kind::kMessage;
  std::string group{};
  uint32_t node = 0;  // of the sender, or of the ring
  uint32_t process = 0;
  std::string message{};
  Addresses members{};
  Addresses left{};
  Addresses joined{};
  uint64_t ring_sequence = 0;
  std::vector<uint32_t> nodes{};
  bool operator==(const Callback&) const = default;
};

Callback MessageCallback(std::string_view group, uint32_t node,
                         uint32_t process, std::string_view message);
Callback ChangeCallback(std::string_view group, Callback::Addresses members,
                        Callback::Addresses left, Callback::Addresses joined);
Callback TotemCallback(uint32_t node, uint64_t sequence,
                       std::vector<uint32_t> nodes);

// One line.
std::string Describe(const Callback& callback);
// The requirement that is broken where the one is owed and the other came:
// "MCAST-01", "CONF-02" and so on.
const char* WhatDiffers(const Callback& owed, const Callback& came);

// An event that waits.
struct Waiting {
  enum class Kind : uint8_t {
    kCallback,
    kUnregistered,  // it runs none, for none was registered
    kFragment,      // it runs none, for the message is not whole
  };
  Kind kind = Kind::kCallback;
  bool in_fragments = false;  // it is the last of several
  Callback callback{};        // of kCallback
  uint64_t number = 0;        // of the events of this connection
};

// What waits for one connection, in the order in which it was sent.
class OwedCallbacks {
 public:
  // `registered` are bits of program.h.
  explicit OwedCallbacks(uint8_t registered) : registered_(registered) {}

  // REQUIRES: an event as an honest service sends it.
  Waiting Take(std::string_view event);

 private:
  Waiting Of(uint8_t bit, Callback callback, bool in_fragments = false);
  Waiting OfFragment(const harness::wire::PartialDeliverEvent& event);

  uint8_t registered_;
  uint64_t taken_ = 0;
  // By node and process of the sender.
  std::map<std::pair<uint32_t, uint32_t>, std::string> under_way_;
};

}  // namespace cpgcert::fuzz

#endif  // CPGCERT_FUZZ_CALLS_OWED_CALLBACKS_H_
