// What the service tells a client, taken apart. An event is believed only as
// far as its bytes reach: every length and count is held against what is
// there before anything is read, and an event that is not well-formed as a
// whole is none at all.

#ifndef CPGCERT_HARNESS_REFERENCE_EVENT_DECODER_H_
#define CPGCERT_HARNESS_REFERENCE_EVENT_DECODER_H_

#include <corosync/cpg.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <variant>
#include <vector>

#include "harness/reference/wire_format.h"

namespace cpgcert::reference {

// Who sent a message.
struct Sender {
  uint32_t nodeid = 0;
  uint32_t pid = 0;
  auto operator<=>(const Sender&) const = default;
};

// The bytes of messages and fragments stay where they were decoded. They may be
// written: the deliver callback is allowed to.
struct Message {
  cpg_name group;
  Sender sender;
  std::span<std::byte> bytes;
};

struct Fragment {
  cpg_name group;
  Sender sender;
  uint32_t message_size;  // of the whole message
  wire::Position position;
  std::span<std::byte> bytes;
};

struct ConfigurationChange {
  cpg_name group;
  std::vector<cpg_address> members;
  std::vector<cpg_address> left;
  std::vector<cpg_address> joined;
};

struct TotemChange {
  cpg_ring_id ring;
  std::vector<uint32_t> nodes;
};

using Event = std::variant<Message, Fragment, ConfigurationChange, TotemChange>;

// Decodes one event, which is all of `bytes`. Answers CS_ERR_LIBRARY for an
// event of an unknown kind, CS_ERR_MESSAGE_ERROR for one that is malformed:
//   its size is not that of `bytes`; a name is longer than
//   CPG_MAX_NAME_LENGTH; lists, message or fragment do not fill the rest of it
//   exactly; a fragment has no position, or is longer than its message.
// Padding is not looked at. `bytes` begins at a multiple of 8.
// Throws std::bad_alloc when there is no memory for a list; nothing is changed
// then.
cs_error_t DecodeEvent(std::span<std::byte> bytes, Event* event);

// False if its length is more than CPG_MAX_NAME_LENGTH.
bool DecodeName(const wire::Name& name, cpg_name* out);

}  // namespace cpgcert::reference

#endif  // CPGCERT_HARNESS_REFERENCE_EVENT_DECODER_H_
