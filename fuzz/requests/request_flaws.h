// What is wrong with requests, before any service has seen them: one list, from
// which an input gets its tier, and a finding its name and its shadow.
//
// Without any but the last group, libcpg could have sent it, for an application
// that keeps to its pages. What harness/wire accepts has none of the first.

#ifndef CPGCERT_FUZZ_REQUESTS_REQUEST_FLAWS_H_
#define CPGCERT_FUZZ_REQUESTS_REQUEST_FLAWS_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "fuzz/requests/request_input.h"
#include "fuzz/support/trust.h"

namespace cpgcert::fuzz {

enum class RequestFlaw : uint8_t {
  // Lengths and counts that do not fit the frame.
  kHeader,         // the frame ends before the header does
  kId,             // no request has it
  kSize,           // is not that of the frame
  kFixedPart,      // the frame ends before the fields that all of its kind have
  kTrailing,       // bytes behind the fields, that nothing counts
  kName,           // is longer than 128 bytes
  kPathEnd,        // the path does not end within its field
  kMessageBeyond,  // message_size: more than the bytes that follow
  kMessageShort,   // less
  kFragmentBeyond,  // fragment_size: more than the bytes that follow
  kFragmentShort,   // less
  // Contents that libcpg does not send.
  kProcess,        // of a join: is not that of the client
  kOtherProcess,   // of a leave: is not that of the join
  kFlags,          // unknown ones
  kIterationType,  // none of the three
  kIteration,      // not one that the service gave to this connection
  kMapSize,        // has no room for the headers of an area
  kPath,           // not of a file that the client has made for this
  kAddress,        // not one that the service gave to this connection
  kArea,           // holds no message that fits into it
  kFragmentOrder,  // fragments that make no message
  kAfterFinalize,  // a request on a connection that is finalized
  // No flaws: what applications do that a service may not be ready for.
  kEmptyName,   // of a group
  kOtherGroup,  // a leave of another group than that of the join
};
inline constexpr int kRequestFlaws = 24;

struct FoundFlaw {
  RequestFlaw flaw = RequestFlaw::kHeader;
  size_t record = 0;
  bool operator==(const FoundFlaw&) const = default;
};

struct FlawText {
  const char* field;   // as in wire::Fields(), or "frame"
  const char* broken;  // "message_size > bytes that follow"
};
FlawText TextOf(RequestFlaw flaw);

Trust TierOf(RequestFlaw flaw);

// It is looked at in one place for all kinds of requests.
bool IsOfEveryKind(RequestFlaw flaw);

// All, by the order of records and then of the list above.
std::vector<FoundFlaw> FlawsOf(const RequestRecords& records);

// The worst of its flaws'.
Trust TierOf(const RequestRecords& records);

// The record without that flaw, the rest as far as it can be the same. Nothing
// changes where there is no honest value.
RequestRecord WithoutFlaw(const RequestRecord& record, RequestFlaw flaw);

}  // namespace cpgcert::fuzz

#endif  // CPGCERT_FUZZ_REQUESTS_REQUEST_FLAWS_H_
