// What a library owes for a series of events, by the drawing of the wire alone
// (harness/wire).

#ifndef CPGCERT_FUZZ_EVENTS_OWED_EVENTS_H_
#define CPGCERT_FUZZ_EVENTS_OWED_EVENTS_H_

#include <cstddef>
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

struct OwedEvent {
  Trust trust = Trust::kConformant;
  std::string callback{};          // an entry of a trace; "": none
  bool callback_optional = false;  // instead, nothing or an allowed error
  bool error_owed = false;         // by the dispatch that comes to it
  bool error_allowed = false;

  // A dispatch that waits for something to do is not left waiting by it.
  bool EndsAWait() const {
    return error_owed || (!callback.empty() && !callback_optional);
  }
};

// The state that a receiver has: messages that come in fragments.
//
//   well-formed event        its callback; for a fragment, the whole message's
//                            with its last fragment
//   list of more than        its callback or an error: <corosync/cpg.h> has
//   CPG_MEMBERS_MAX          room for so many only
//   fragment that continues  nothing
//   nothing
//   fragments that do not    no callback: neither for these nor for the
//   fit together             message that they belong to
//   a message of more than   the same, or an error: there may be no memory
//   64 MiB
//   a message in whose       that message, or no callback: a receiver may have
//   midst something came     given it up. Such are fragments of its sender of
//   that is no fragment      no known type or larger than their message, and
//                            malformed bytes with the id of a fragment
//   any other bytes          an error, no callback
class OwedEvents {
 public:
  OwedEvent Take(std::string_view event);

 private:
  struct Assembly {
    uint32_t size = 0;
    std::string bytes{};
    bool doubtful = false;  // it may have been dropped
  };
  using Sender = std::pair<uint32_t, uint32_t>;

  OwedEvent On(const harness::wire::ConfigurationEvent& event);
  OwedEvent On(const harness::wire::DeliverEvent& event);
  OwedEvent On(const harness::wire::TotemEvent& event);
  OwedEvent On(const harness::wire::PartialDeliverEvent& event);

  std::map<Sender, Assembly> assemblies_;
};

// One for each record, in their order.
std::vector<OwedEvent> OwedFor(const std::vector<EventRecord>& records);

// "" if that is what came: `trace` has the callbacks owed, in their order, and
// `errors` dispatches failed, `unclear_errors` of them perhaps for another
// reason. Else what was owed and what came, some lines.
std::string Judge(const std::vector<OwedEvent>& owed, std::string_view trace,
                  size_t errors, size_t unclear_errors);

}  // namespace cpgcert::fuzz

#endif  // CPGCERT_FUZZ_EVENTS_OWED_EVENTS_H_
