// How much a service is trusted that sends an event, or an input of events:
// three tiers, each of which has the ones before it (Trust, owed_events.h).
//
// consistent: harness/wire's ParseEvent accepts the bytes. The size is that of
// the frame, every length and count lies within it, nothing is left over.
//
// conformant: that, and what a correct service may send. Of one event:
//
//   size       at most 1 MiB: libqb carries no more
//   error      CS_OK in a change of the group or of totem (exec/cpg.c); that of
//              a message or fragment is not set by the service: anything
//   group      a name of 1 to 128 bytes (cpg_name; JOIN-05, JOIN-06)
//   change     at most 128 members, left and joined each (CPG_MEMBERS_MAX)
//              somebody left or joined: there is no other reason to send it
//              the reason of a member is UNDEFINED, of one that left LEAVE,
//              NODEDOWN or PROCDOWN, of one that joined JOIN or NODEUP
//              (CONF-01) nobody twice in a list; who joined is a member, who
//              left is not (CONF-02)
//   totem      1 to 128 nodes (the node itself is one; the header's room),
//              none twice
//   fragment   type first, continued or last (PART-01); no larger than the
//              message, the message at most 64 MiB (owed_events.h)
//
// Of the events of an input, for each sender of fragments:
//
//   order      first, continued any number of times, last (PART-01); a first
//              begins anew, since its sender may have been interrupted
//              (PART-02)
//   the same   group and size of the message from the first to the last
//   sum        of the fragments: never more than the message, all of it with
//              the last
//   leaving    a sender that left the group continues nothing (PART-04)
//   beginning  what the first fragment of a sender that is seen continues may
//              lie before the input: a receiver joins in the midst of messages
//
// What a change says is not held against the changes before it.

#ifndef CPGCERT_FUZZ_EVENTS_TIER_H_
#define CPGCERT_FUZZ_EVENTS_TIER_H_

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "fuzz/events/event_input.h"
#include "fuzz/support/trust.h"
#include "harness/wire/wire.h"

namespace cpgcert::fuzz {

using Tier = Trust;

// One event and, in one line, why it is not of a better tier; "" if there is
// none.
struct EventTier {
  Tier tier = Tier::kConformant;
  std::string_view why;  // a literal
};

// The events of an input, one after the other.
class InputTier {
 public:
  EventTier Take(std::string_view event);

 private:
  struct Assembly {
    std::string group{};
    uint64_t missing = 0;  // bytes
    uint32_t size = 0;
  };
  using Sender = std::pair<uint32_t, uint32_t>;

  std::string_view WhyOutOfPlace(
      const harness::wire::PartialDeliverEvent& event);

  // Of messages that have begun and not ended.
  std::map<Sender, Assembly> assemblies_;
  // Whose messages all begin within the input from here on.
  std::vector<Sender> seen_;
};

// The worst of its events'.
Tier TierOf(const std::vector<EventRecord>& records);
// Of one event by itself, wherever it stands.
Tier TierOf(std::string_view event);

}  // namespace cpgcert::fuzz

#endif  // CPGCERT_FUZZ_EVENTS_TIER_H_
