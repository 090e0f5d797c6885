// What a library owes for a reply, by the drawing of the wire alone
// (harness/wire), and what it is free to do.
//
//   well-formed reply to this   its code, and with CS_OK its values
//   call, a code of the header
//   refusal: the header of a    CS_ERR_TRY_AGAIN
//   join's reply, with
//   CS_ERR_TRY_AGAIN
//   anything else: another id   an error
//   or size, a code that is
//   none, an errno, no reply
//
// Free:
//   - which error, where only "an error" is owed
//   - to ask again after CS_ERR_TRY_AGAIN, CS_ERR_BUSY, CS_ERR_INTERRUPT, a
//     passing errno, or where there is no reply: then what is owed for the
//     reply that comes at last, or an error
//   - requests of another kind than the call's, which are answered honestly
//   - not to ask where the answer is known: cpg_join after a cpg_join that
//     succeeded or is unclear, cpg_leave without a membership,
//     cpg_iteration_next behind the end: an error; cpg_local_get: a node that
//     the service has told; cpg_finalize: anything
//   - more members than the array has room for, or than CPG_MEMBERS_MAX: an
//     error, or CS_OK with as many as there is room for, and the number of
//     these or of all; an array without room may be refused
//   - cpg_finalize closes the connection whatever comes, and may answer CS_OK
//     for that; an error is allowed unless the service's answer was CS_OK
//   - after a failure that is not an error code of the service, a connection
//     may be given up: every later call may fail, but a success is still held
//     against what its own reply says
//   - what the caller's memory holds after an error, within what it gave

#ifndef CPGCERT_FUZZ_REPLIES_REPLY_OWED_H_
#define CPGCERT_FUZZ_REPLIES_REPLY_OWED_H_

#include <corosync/cpg.h>

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "fuzz/replies/reply_input.h"
#include "fuzz/support/trust.h"
#include "harness/wire/wire.h"

namespace cpgcert::fuzz {

// The values that a call gives with CS_OK, as bytes that can be compared:
// equal if the values are.
std::string MembershipValue(int count, std::span<const cpg_address> members);
std::string NodeValue(uint32_t node);
std::string DescriptionValue(std::string_view group, uint32_t node,
                             uint32_t process);

struct OwedReply {
  Trust trust = Trust::kConformant;
  // Either of them is allowed, with CS_OK one of the values.
  cs_error_t code = CS_OK;
  bool code_allowed = false;
  bool error_allowed = false;  // any
  std::vector<std::string> values{};
  bool ask_again_allowed = false;
  bool leaves_doubt = false;  // a connection may be given up for it
  uint64_t iteration = 0;     // at the service, with CS_OK
};

// An error that <corosync/corotypes.h> has.
bool IsErrorCode(int32_t code);

OwedReply OwedFor(const ReplyRecord& record);

// One for each record, in their order.
std::vector<OwedReply> OwedForAll(const std::vector<ReplyRecord>& records);

// An honest service's reply to this request, always the same; "" for one that
// has none, or is not known.
const std::string& HonestReply(harness::wire::RequestId id);

// The request that a call is about; none for Call::kConnect.
bool IsOwnRequest(Call call, int32_t request_id);
const std::string& HonestReply(Call call);
// For that reply.
const OwedReply& OwedForHonest(Call call);

// What a call came to.
struct CallOutcome {
  cs_error_t code = CS_OK;
  std::string value{};           // with CS_OK
  int asked = 0;                 // own requests that the record answered
  bool asked_again = false;      // and an honest reply came to one after it
  bool unasked_allowed = false;  // the answer was known
  bool in_doubt = false;         // the connection was, before
  bool operator==(const CallOutcome&) const = default;
};

// One line: code, values, how it came to them.
std::string Describe(const CallOutcome& outcome);

// "" if that is allowed; else what was owed and what came, some lines.
std::string Judge(const ReplyRecord& record, const OwedReply& owed,
                  const CallOutcome& outcome);

}  // namespace cpgcert::fuzz

#endif  // CPGCERT_FUZZ_REPLIES_REPLY_OWED_H_
